import { SavedModelError } from "../../base/errors.js";
import { printable, quote, suggest } from "../../base/text.js";
import type { Call, CallOptions, Form, Results } from "../../call/call.js";
import { tooManyInputs } from "../../call/prepared-call.js";
import type { Method } from "../../client/methods.js";
import { enqueue } from "../../queue/queued-call.js";
import { missingInputs, specOf } from "../../tensor/check-value.js";
import type { FakeSession } from "./fake-session.js";
import { fakeInput, fakeOutput } from "./fake-values.js";

/** What a test gives in place of a method. */
export type FakeFunction = (...inputs: readonly unknown[]) => unknown;

/** A signature that a function stands for. Inputs are checked as those of the model are, and so is what comes back. */
export class FakeCall implements Call {
  readonly name: string;
  readonly writes: boolean = false;
  readonly #session: FakeSession;
  readonly #method: Method;
  readonly #function: FakeFunction | undefined;

  constructor(session: FakeSession, key: string, method: Method, fake: FakeFunction | undefined) {
    this.name = `${printable(key)}()`;
    this.#session = session;
    this.#method = method;
    this.#function = fake;
  }

  run<F extends Form>(values: readonly unknown[], form: F): Results<F> {
    return this.#bind(values, form)();
  }

  start<F extends Form>(values: readonly unknown[], form: F, { signal }: CallOptions = {}): Promise<Results<F>> {
    const run = this.#bind(values, form);
    // What was bound is the call's own already.
    const work = { name: this.name, writes: this.writes, own: () => {}, run: async () => run() };
    return enqueue(this.#session.lane, work, signal);
  }

  warmUp(): void {
    // There is nothing to make ready.
  }

  /** The call of the function with inputs that were checked. */
  #bind<F extends Form>(values: readonly unknown[], form: F): () => Results<F> {
    const { inputs } = this.#method;
    const fake = this.#function;
    if (fake === undefined) {
      throw new SavedModelError("NOT_FAKED", `${this.name}: no function was passed for it`, {
        fix: "Pass one to `fake()`.",
      });
    }
    if (values.length > inputs.length) throw tooManyInputs(this.name, inputs, values);
    const missing = inputs.filter((input, index) => values[index] === undefined && input.optional !== true);
    if (missing.length > 0) throw missingInputs(missing.flatMap(specOf), this.name);
    const given = inputs.map((input, index) => fakeInput(values[index], input, this.name));
    // The form says which of the two results are.
    const { named } = this.#method;
    return () =>
      this.#results(
        named === undefined ? fake(...given) : fake(named.toObject(given)),
        form,
      ) as Results<Form> as Results<F>;
  }

  #results(result: unknown, form: Form): readonly unknown[] {
    const { outputs, properties } = this.#method;
    const call = `the fake of ${this.name}`;
    const values = properties === undefined ? [result] : valuesOf(result, properties, call);
    return outputs.map((output, index) => fakeOutput(values[index], output, call, form));
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
