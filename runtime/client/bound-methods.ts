import type { Entry } from "../base/caller-stack.js";
import { mark } from "../base/package-copies.js";
import type { ModelSpec } from "../saved-model/model-spec.js";
import type { BaseModel } from "./base-model.js";
import type { MethodCalls } from "./method-calls.js";

/** Description of a method of a generated client. */
export interface BoundMethod {
  readonly model: BaseModel;
  readonly calls: MethodCalls;
  /** Raw key of its signature. */
  readonly key: string;
  /** True for a method of `async` or of a connected client, which returns a promise. */
  readonly isAsync: boolean;
}

const bound = new WeakMap<object, BoundMethod>();

/**
 * Binds the methods of a generated client to it, so that `fit(model.train, …)` and `const { train } = model` mean this
 * model's.
 */
export function bindMethods(model: BaseModel, descriptor: ModelSpec, calls: MethodCalls): void {
  for (const { key, method = key } of descriptor.signatures) {
    const own: unknown = Reflect.get(model, method);
    if (typeof own !== "function") continue;
    const value = own.bind(model) as object;
    bindMethod(value, { model, calls, key, isAsync: false });
    Object.defineProperty(model, method, { value, configurable: true, writable: true });
  }
}

/** Notes which signature of which model a function calls. */
export function bindMethod(method: object, description: BoundMethod): void {
  bound.set(method, description);
  mark(method, "method");
}

/** Returns the model and signature of a method, if it belongs to a generated client. */
export function boundMethod(method: unknown): BoundMethod | undefined {
  return typeof method === "function" ? bound.get(method) : undefined;
}

/**
 * Returns the method of a generated class: of the class nearest to the base that has one of this name. An override in a
 * subclass is the program's own.
 */
export function generatedMethod(model: object, base: object, name: string): Entry | undefined {
  let method: unknown;
  for (let type = Object.getPrototypeOf(model) as object | null; type !== null && type !== base; ) {
    if (Object.hasOwn(type, name)) method = Reflect.get(type, name);
    type = Object.getPrototypeOf(type) as object | null;
  }
  // It is only compared with what is on the stack.
  return typeof method === "function" ? (method as Entry) : undefined;
}
