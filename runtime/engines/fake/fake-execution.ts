import { SavedModelError } from "../../base/errors.js";
import { quote, suggest } from "../../base/text.js";
import { isComposite } from "../../call/composite-call.js";
import type { Method } from "../../client/methods.js";
import type { DenseValue, Execution, Form, Results } from "../../engine.js";
import { fakeInput, fakeOutput } from "./fake-values.js";

/** Function that a test passes in place of a method. */
export type FakeFunction = (...inputs: readonly unknown[]) => unknown;

/** A signature that a function stands for. Its results are checked like the outputs of the model. */
export class FakeExecution implements Execution {
  readonly writes: boolean = false;
  readonly #name: string;
  readonly #method: Method;
  readonly #function: FakeFunction | undefined;

  /** @param name for messages: `train()` */
  constructor(name: string, method: Method, fake: FakeFunction | undefined) {
    this.#name = name;
    this.#method = method;
    this.#function = fake;
  }

  run<F extends Form>(values: readonly (DenseValue | undefined)[], form: F): Results<F> {
    const fake = this.#function;
    if (fake === undefined) {
      throw new SavedModelError("NOT_FAKED", `${this.#name}: no function was passed for it`, {
        fix: "Pass one to `fake()`.",
      });
    }
    const { inputs, named } = this.#method;
    let next = 0;
    const given = inputs.map((input) => {
      const parts = values.slice(next, next + (isComposite(input) ? input.components.length : 1));
      next += parts.length;
      return fakeInput(parts, input);
    });
    // The form determines which of the two the results are.
    return this.#results(named === undefined ? fake(...given) : fake(named.toObject(given)), form) as Results<F>;
  }

  async start<F extends Form>(values: readonly (DenseValue | undefined)[], form: F): Promise<Results<F>> {
    return this.run(values, form);
  }

  #results(result: unknown, form: Form): readonly unknown[] {
    const { outputs, properties } = this.#method;
    const call = `the fake of ${this.#name}`;
    if (result instanceof Promise) {
      // The author is told of the promise here; its rejection is not a second error.
      result.catch(() => {});
      throw new SavedModelError("INVALID_RESULT", `${call} returned a promise`, {
        fix: "Return the result itself: the function is synchronous, and methods of `async` make a promise of what it returns.",
      });
    }
    const values = properties === undefined ? [result] : valuesOf(result, properties, call);
    return outputs.flatMap((output, index) => fakeOutput(values[index], output, call, form));
  }
}

/** The values of the outputs in order. */
function valuesOf(result: unknown, properties: readonly string[], call: string): readonly unknown[] {
  if (typeof result !== "object" || result === null) {
    const names = properties.map((name) => quote(name)).join(", ");
    throw new SavedModelError("INVALID_RESULT", `${call} must return an object with ${names}`);
  }
  const unknown = Object.keys(result).find((name) => !properties.includes(name));
  if (unknown !== undefined) {
    const fix = suggest(unknown, properties, "Its outputs");
    throw new SavedModelError("INVALID_RESULT", `${call} returned ${quote(unknown)}, which is not an output`, { fix });
  }
  return properties.map((name): unknown => (Object.hasOwn(result, name) ? Reflect.get(result, name) : undefined));
}
