import { checkOptions } from "../base/check-options.js";
import { SavedModelError, type SavedModelErrorOptions } from "../base/errors.js";
import { printable, quote, suggest } from "../base/text.js";
import type { Call, CallOptions, Form, Results } from "../call/call.js";
import { CompositeCall, isComposite } from "../call/composite-call.js";
import { namedTakesOne } from "../call/named-inputs.js";
import { PreparedCall, tooManyInputs } from "../call/prepared-call.js";
import { FakeSession } from "../engines/fake/fake-session.js";
import type { Session } from "../engines/local/session.js";
import { Batcher, type BatchingOptions } from "../queue/batcher.js";
import { enqueue } from "../queue/queued-call.js";
import type { TensorDescription } from "../saved-model/description.js";
import { signatureNotFound } from "../saved-model/signatures.js";
import { nameInput } from "../tensor/check-value.js";
import { isObserved, observeCall, observeStart } from "./diagnostics.js";
import { disposedError } from "./disposed.js";
import type { LoadOptions } from "./load-options.js";
import type { Method } from "./methods.js";

/** The calls of a loaded model, by the keys of its signatures. Each is made ready when it is first needed. */
export class MethodCalls {
  readonly #session: Session | FakeSession;
  readonly methods: ReadonlyMap<string, Method>;
  readonly #readOnly: ReadonlySet<string>;
  readonly #batchers: Map<string, Batcher> = new Map();

  /**
   * @throws SavedModelError `SIGNATURE_NOT_FOUND` or `SIGNATURE_UNSUPPORTED` for a key in the options, `INVALID_OPTION` for a
   * signature that cannot be batched
   */
  constructor(
    session: Session | FakeSession,
    methods: ReadonlyMap<string, Method>,
    { batching = {}, readOnly = [] }: Pick<LoadOptions, "batching" | "readOnly"> = {},
  ) {
    this.#session = session;
    this.methods = methods;
    this.#readOnly = new Set(readOnly);
    for (const key of readOnly) this.method(key);
    if (typeof batching !== "object" || batching === null || Array.isArray(batching)) {
      throw new SavedModelError("INVALID_OPTION", "batching must be an object of options by the key of a signature");
    }
    for (const [key, options] of Object.entries(batching)) {
      if (options !== undefined) this.#batchers.set(key, this.#batcher(key, options));
    }
  }

  /** The session of TensorFlow; a fake client has none. */
  get native(): Session | undefined {
    return this.#session instanceof FakeSession ? undefined : this.#session;
  }

  /**
   * The signature with this key.
   *
   * @throws SavedModelError `DISPOSED`, `SIGNATURE_UNSUPPORTED` or `SIGNATURE_NOT_FOUND`
   */
  method(key: string): Method {
    if (this.#session.disposed) throw disposedError(`${printable(key)}()`, this.#session);
    const method = this.methods.get(key);
    if (method !== undefined) return method;
    const reason = this.#session.signatures.find((signature) => signature.key === key)?.unsupported;
    if (reason !== undefined) {
      throw new SavedModelError("SIGNATURE_UNSUPPORTED", `${printable(key)}() cannot be run: ${reason}`);
    }
    throw signatureNotFound(key, [...this.methods.keys()]);
  }

  /** Runs a signature on the calling thread. */
  run<F extends Form>(key: string, method: Method, values: readonly unknown[], form: F): Results<F> {
    const call = this.prepare(key, method);
    if (!isObserved()) return call.run(values, form);
    return observeCall(this.#session.directory, key, () => call.run(values, form));
  }

  /**
   * Runs a signature on a worker thread, together with others where it is batched.
   *
   * @throws SavedModelError what is wrong with the values, and `QUEUE_FULL`, before there is a promise: while the caller is
   * on the stack
   */
  start<F extends Form>(
    key: string,
    method: Method,
    values: readonly unknown[],
    form: F,
    options: CallOptions = {},
  ): Promise<Results<F>> {
    const call = this.prepare(key, method);
    const batcher = this.#batchers.get(key);
    const start = (): Promise<Results<F>> =>
      batcher === undefined ? call.start(values, form, options) : batcher.start(values, form, options.signal);
    return isObserved() ? observeStart(this.#session.directory, key, start) : start();
  }

  /**
   * Does something on the calling thread when it is its turn among the asynchronous calls; it has the model to itself.
   *
   * @param name for messages: `restore()`
   */
  inTurn<T>(name: string, action: () => T): Promise<T> {
    const { lane } = this.#session;
    return enqueue(lane, { name, writes: true, own: () => {}, run: async () => lane.doInTurn(action) });
  }

  /**
   * The inputs of an asynchronous call in argument order, and its options, which come after them.
   *
   * @throws SavedModelError `TOO_MANY_INPUTS` or `INVALID_OPTION`; `UNKNOWN_INPUT` or `MISSING_INPUT` for inputs by name
   */
  splitOptions(
    key: string,
    { inputs, named }: Method,
    values: readonly unknown[],
  ): { readonly inputs: readonly unknown[]; readonly options: CallOptions } {
    const call = `${printable(key)}()`;
    const [object] = values;
    const isNamed = named?.is(object) === true;
    const count = isNamed ? 1 : inputs.length;
    const options = values[count];
    const isOptions =
      typeof options === "object" && options !== null && Object.getPrototypeOf(options) === Object.prototype;
    if (values.length > count + 1 || (options !== undefined && !isOptions)) {
      throw isNamed ? namedTakesOne(call, values.length, "and options") : tooManyInputs(call, inputs, values);
    }
    return {
      inputs: isNamed ? named.valuesOf(object, call) : values.slice(0, count),
      options: checkCallOptions(call, options ?? {}),
    };
  }

  /** The signatures with these keys, or all. */
  keys(chosen: readonly string[]): readonly string[] {
    return chosen.length === 0 ? [...this.methods.keys()] : chosen;
  }

  prepare(key: string, method: Method): Call {
    method.call ??= this.#prepare(key, method);
    return method.call;
  }

  #prepare(key: string, method: Method): Call {
    if (this.#session instanceof FakeSession) return this.#session.prepare(key, method);
    const { inputs, outputs } = method;
    const Prepared = [...inputs, ...outputs].some(isComposite) ? CompositeCall : PreparedCall;
    return new Prepared(this.#session, key, inputs, outputs, this.#readOnly.has(key));
  }

  #batcher(key: string, options: BatchingOptions): Batcher {
    const method = this.method(key);
    const call = this.prepare(key, method);
    checkBatching(key, options);
    const refuse = (why: string, options: SavedModelErrorOptions = {}): SavedModelError =>
      new SavedModelError("INVALID_OPTION", `batching: ${quote(key)} cannot be batched: ${why}`, options);
    if (!(call instanceof PreparedCall)) throw refuse("it has ragged or sparse arguments or results");
    if (call.writes) {
      throw refuse("it changes variables, and then one call with all rows is not the same as many", {
        fix: "If you know that it does not, name it in the option `readOnly`.",
      });
    }
    for (const [role, tensors] of [
      ["input", method.inputs],
      ["output", method.outputs],
    ] as const) {
      const bad = tensors.find((tensor) => !hasRows(tensor));
      if (bad !== undefined) throw refuse(`${role} ${quote(bad.key)} has no unknown leading dimension`);
    }
    return new Batcher(call, this.#session.lane, options);
  }
}

/** Whether the leading dimension may be of any size. */
function hasRows({ shape }: TensorDescription): boolean {
  return shape === null || shape[0] === null;
}

function checkBatching(key: string, options: BatchingOptions): void {
  const call = `batching of ${quote(key)}`;
  checkOptions(call, options, ["maxBatch", "maxDelay"]);
  const { maxBatch, maxDelay = 0 } = options;
  if (!Number.isSafeInteger(maxBatch) || maxBatch < 1) {
    throw new SavedModelError("INVALID_OPTION", `${call}: maxBatch must be a positive integer`);
  }
  if (typeof maxDelay !== "number" || !(maxDelay >= 0 && maxDelay < 2 ** 31)) {
    throw new SavedModelError(
      "INVALID_OPTION",
      `${call}: maxDelay must be a non-negative number of milliseconds, below 2^31`,
    );
  }
}

/** @throws SavedModelError `INVALID_OPTION` */
export function checkCallOptions(call: string, options: object): CallOptions {
  checkOptions(call, options, ["signal"]);
  const { signal } = options as CallOptions;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new SavedModelError("INVALID_OPTION", `${call}: signal must be an AbortSignal`);
  }
  return { signal };
}

/** The inputs by key, in the order of the method's. */
export function inArgumentOrder(
  call: string,
  { inputs }: Method,
  values: Readonly<Record<string, unknown>>,
): readonly unknown[] {
  const keys = inputs.map(({ key }) => key);
  for (const key of Object.keys(values)) {
    if (keys.includes(key)) continue;
    const meant = inputs.find(({ argument, name }) => argument === key || name === key);
    throw new SavedModelError("UNKNOWN_INPUT", `${call} has no input ${quote(key)}`, {
      fix: meant === undefined ? suggest(key, keys, "Its inputs") : `Its key is ${nameInput(meant)}.`,
    });
  }
  return keys.map((key) => (Object.hasOwn(values, key) ? values[key] : undefined));
}
