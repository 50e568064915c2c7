import type { Entry } from "../base/caller-stack.js";
import { mark } from "../base/package-copies.js";
import type { ModelDescriptor } from "../saved-model/descriptor.js";
import type { MethodCalls } from "./method-calls.js";
import type { Model } from "./model.js";

/** What is known of a method of a generated client. */
export interface BoundMethod {
  readonly model: Model;
  readonly calls: MethodCalls;
  /** The raw key of its signature. */
  readonly key: string;
}

const bound = new WeakMap<object, BoundMethod>();

/**
 * Binds the methods of a generated client to it, so that `fit(model.train, …)` and `const { train } = model` mean this
 * model's.
 */
export function bindMethods(model: Model, descriptor: ModelDescriptor, calls: MethodCalls): void {
  for (const { key, method = key } of descriptor.signatures) {
    const own: unknown = Reflect.get(model, method);
    if (typeof own !== "function") continue;
    const value = own.bind(model) as object;
    bound.set(value, { model, calls, key });
    mark(value, "method");
    Object.defineProperty(model, method, { value, configurable: true, writable: true });
  }
}

/** The model and signature of a method, if it is one of a generated client. */
export function boundMethod(method: unknown): BoundMethod | undefined {
  return typeof method === "function" ? bound.get(method) : undefined;
}

/**
 * The method of a generated class, which is the one that extends the base: an override of it in a class that extends that
 * one is the program's own.
 */
export function generatedMethod(model: object, base: object, name: string): Entry | undefined {
  let generated: object | null = Object.getPrototypeOf(model) as object | null;
  while (generated !== null && Object.getPrototypeOf(generated) !== base) {
    generated = Object.getPrototypeOf(generated) as object | null;
  }
  const method: unknown = generated === null ? undefined : Reflect.get(generated, name);
  // It is only compared with what is on the stack.
  return typeof method === "function" ? (method as Entry) : undefined;
}
