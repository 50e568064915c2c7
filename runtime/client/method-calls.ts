import { checkOptions } from "../base/check-options.js";
import { SavedModelError, type SavedModelErrorOptions } from "../base/errors.js";
import { printable, quote, suggest } from "../base/text.js";
import type { Call, Staged } from "../call/call.js";
import { CompositeCall, isComposite } from "../call/composite-call.js";
import { namedTakesOne } from "../call/named-inputs.js";
import { hasTargets } from "../call/result-targets.js";
import { ownStaged, SignatureCall, tooManyInputs } from "../call/signature-call.js";
import type { AsyncVariableStore, Form, Results, Targets, VariableStore } from "../engine.js";
import { Batcher, type BatchingOptions } from "../queue/batcher.js";
import { type CallLimits, limitsOf } from "../queue/deadline.js";
import { enqueue } from "../queue/queued-call.js";
import type { TensorInfo } from "../saved-model/signature-info.js";
import { signatureNotFound } from "../saved-model/signature-not-found.js";
import { nameInput } from "../tensor/check-value.js";
import { type AnyCallOptions, CALL_OPTIONS, checkCallOptions, RESULT_OPTIONS } from "./call-options.js";
import type { ClientOptions } from "./client-options.js";
import type { Connection } from "./connection.js";
import { isObserved, observeCall, observeStart } from "./diagnostics.js";
import type { Method } from "./methods.js";

/** Checked options of a call on a worker thread. */
interface StartOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly into?: Targets | undefined;
}

/** Calls of a model, by the keys of its signatures. Each is prepared when it is first needed. */
export class MethodCalls {
  readonly connection: Connection;
  readonly methods: ReadonlyMap<string, Method>;
  readonly #readOnly: ReadonlySet<string>;
  readonly #batchers: Map<string, Batcher> = new Map();

  /**
   * @throws SavedModelError `SIGNATURE_NOT_FOUND` or `SIGNATURE_UNSUPPORTED` for a key in the options, `INVALID_OPTION` for a
   * signature that cannot be batched
   */
  constructor(
    connection: Connection,
    methods: ReadonlyMap<string, Method>,
    { batching = {}, readOnly = [] }: Pick<ClientOptions, "batching" | "readOnly"> = {},
  ) {
    this.connection = connection;
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

  /**
   * Returns the signature with this key.
   *
   * @throws SavedModelError `DISPOSED`, `SIGNATURE_UNSUPPORTED` or `SIGNATURE_NOT_FOUND`
   */
  method(key: string): Method {
    // The name is made for the message only: every call comes by here.
    if (this.connection.disposed) this.connection.requireOpen(`${printable(key)}()`);
    const method = this.methods.get(key);
    if (method !== undefined) return method;
    const reason = this.connection.engine.signatures.find((signature) => signature.key === key)?.unsupported;
    if (reason !== undefined) {
      throw new SavedModelError("SIGNATURE_UNSUPPORTED", `${printable(key)}() cannot be run: ${reason}`);
    }
    throw signatureNotFound(key, [...this.methods.keys()]);
  }

  /** Runs a signature on the calling thread. */
  run<F extends Form>(key: string, method: Method, values: readonly unknown[], form: F, into?: Targets): Results<F> {
    const call = this.prepare(key, method);
    if (!isObserved()) return this.#run(call, values, form, into);
    return observeCall(this.connection.engine.source, key, () => this.#run(call, values, form, into));
  }

  /**
   * Runs a signature off the calling thread, together with others where it is batched.
   *
   * @throws SavedModelError the codes of a call's inputs, and `QUEUE_FULL`, synchronously: while the caller is on the
   * stack
   */
  start<F extends Form>(
    key: string,
    method: Method,
    values: readonly unknown[],
    form: F,
    { signal, timeoutMs = this.connection.engine.timeoutMs, into }: StartOptions = {},
  ): Promise<Results<F>> {
    const call = this.prepare(key, method);
    const batcher = this.#batchers.get(key);
    const start = (): Promise<Results<F>> => {
      const staged = this.#stage(call, values, false);
      const limits = limitsOf(timeoutMs, signal);
      const alone = (): Promise<Results<F>> => this.#enqueue(call, staged, form, limits, into);
      return batcher === undefined ? alone() : batcher.start(staged, alone, limits, into);
    };
    return isObserved() ? observeStart(this.connection.engine.source, key, start) : start();
  }

  /**
   * Prepares a signature for its first call.
   *
   * @throws SavedModelError `BUSY` while an asynchronous call changes what it reads
   */
  warmUp(key: string): void {
    const call = this.prepare(key, this.method(key));
    this.connection.queue.requireFree(call.name, () => call.writes);
    call.warmUp();
  }

  /**
   * Runs an action on the calling thread in its turn among the asynchronous calls, with exclusive use of the model.
   *
   * @param name for messages: `restore()`
   */
  inTurn<T>(name: string, action: () => T): Promise<T> {
    const { queue } = this.connection;
    return enqueue(queue, { name, writes: true, own: () => {}, run: async () => queue.doInTurn(action) });
  }

  /**
   * Runs an action on the variables of an asynchronous engine in its turn among the calls.
   *
   * @param name for messages: `restore()`
   * @throws SavedModelError `UNSUPPORTED_BY_ENGINE`, `DISPOSED`, `QUEUE_FULL`
   */
  async variablesInTurn<T>(
    name: string,
    writes: boolean,
    run: (variables: AsyncVariableStore) => Promise<T>,
  ): Promise<T> {
    const store = this.connection.capability(name, ({ asyncVariables, variables }) => {
      return asyncVariables ?? (variables && asAsync(variables));
    });
    return await enqueue(this.connection.queue, { name, writes, own: () => {}, run: () => run(store) });
  }

  /**
   * Splits the arguments of a call into inputs in argument order, and the options after them.
   *
   * @param isAsync true for the options of a call on a worker thread. Without, a method has options if it has a result
   * that can be written into given memory
   * @throws SavedModelError `TOO_MANY_INPUTS` or `INVALID_OPTION`; `UNKNOWN_INPUT` or `MISSING_INPUT` for inputs by name
   */
  splitOptions(
    key: string,
    { inputs, named, outputs }: Method,
    values: readonly unknown[],
    isAsync: boolean,
  ): { readonly inputs: readonly unknown[]; readonly options: AnyCallOptions } {
    const [object] = values;
    const isNamed = named?.is(object) === true;
    const count = isNamed ? 1 : inputs.length;
    // Most calls have no options: no name is made for messages then.
    if (!isNamed && values.length === count) return { inputs: values, options: {} };
    const call = `${printable(key)}()`;
    const takesOptions = isAsync || hasTargets(outputs);
    const options = values[count];
    const isOptions =
      typeof options === "object" && options !== null && Object.getPrototypeOf(options) === Object.prototype;
    if (values.length > count + (takesOptions ? 1 : 0) || (options !== undefined && !isOptions)) {
      const also = takesOptions ? "and options" : "";
      throw isNamed ? namedTakesOne(call, values.length, also) : tooManyInputs(call, inputs, values);
    }
    return {
      inputs: isNamed ? named.valuesOf(object, call) : values.slice(0, count),
      options: checkCallOptions(call, options ?? {}, isAsync ? CALL_OPTIONS : RESULT_OPTIONS),
    };
  }

  /** Returns the signatures with these keys, or all. */
  keys(chosen: readonly string[]): readonly string[] {
    return chosen.length === 0 ? [...this.methods.keys()] : chosen;
  }

  prepare(key: string, method: Method): Call {
    method.call ??= this.#prepare(key, method);
    return method.call;
  }

  #prepare(key: string, { inputs, outputs }: Method): Call {
    const Prepared = [...inputs, ...outputs].some(isComposite) ? CompositeCall : SignatureCall;
    return new Prepared(this.connection.engine, key, inputs, outputs, this.#readOnly.has(key));
  }

  #run<F extends Form>(call: Call, values: readonly unknown[], form: F, into: Targets | undefined): Results<F> {
    const staged = this.#stage(call, values, true);
    const { queue } = this.connection;
    if (queue.isBusy) queue.requireFree(call.name, () => call.writes);
    return call.run(staged, form, into);
  }

  #stage(call: Call, values: readonly unknown[], mayReuse: boolean): Staged {
    this.connection.requireOpen(call.name);
    const staged = call.stage(values, mayReuse);
    // Reading the values may have run the caller's code.
    this.connection.requireOpen(call.name);
    return staged;
  }

  /** Starts a call when it is its turn. Its values are copied where they have to wait. */
  #enqueue<F extends Form>(
    call: Call,
    values: Staged,
    form: F,
    limits: CallLimits,
    into: Targets | undefined,
  ): Promise<Results<F>> {
    let staged = values;
    const { name, writes } = call;
    const work = {
      name,
      writes,
      own: () => {
        staged = ownStaged(staged, name);
      },
      run: (isWanted: () => boolean) => call.start(staged, form, isWanted, into, limits),
    };
    return enqueue(this.connection.queue, work, limits);
  }

  #batcher(key: string, options: BatchingOptions): Batcher {
    const method = this.method(key);
    const call = this.prepare(key, method);
    checkBatching(key, options);
    const refuse = (why: string, options: SavedModelErrorOptions = {}): SavedModelError =>
      new SavedModelError("INVALID_OPTION", `batching: ${quote(key)} cannot be batched: ${why}`, options);
    if (!(call instanceof SignatureCall)) throw refuse("it has ragged or sparse arguments or results");
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
    return new Batcher(call, this.connection.queue, options);
  }
}

/** Returns the variables of an engine that has them in this process. */
function asAsync(variables: VariableStore): AsyncVariableStore {
  return {
    read: async () => variables.read(),
    save: async (directory) => variables.save(directory),
    saveWeights: async (prefix) => variables.saveWeights(prefix),
    restore: async (path, options) => variables.restore(path, options),
  };
}

/** Returns true if the leading dimension may have any size. */
function hasRows({ shape }: TensorInfo): boolean {
  return shape === null || shape[0] === null;
}

function checkBatching(key: string, options: BatchingOptions): void {
  const call = `batching of ${quote(key)}`;
  checkOptions(call, options, ["maxBatch", "maxDelayMs", "maxDelay"]);
  const { maxBatch, maxDelayMs, maxDelay } = options;
  if (!Number.isSafeInteger(maxBatch) || maxBatch < 1) {
    throw new SavedModelError("INVALID_OPTION", `${call}: maxBatch must be a positive integer`);
  }
  if (maxDelayMs !== undefined && maxDelay !== undefined) {
    throw new SavedModelError("INVALID_OPTION", `${call}: maxDelay is the former name of maxDelayMs`, {
      fix: "Pass maxDelayMs only.",
    });
  }
  for (const [name, delayMs = 0] of Object.entries({ maxDelayMs, maxDelay })) {
    if (typeof delayMs === "number" && delayMs >= 0 && delayMs < 2 ** 31) continue;
    throw new SavedModelError(
      "INVALID_OPTION",
      `${call}: ${name} must be a non-negative number of milliseconds, below 2^31`,
    );
  }
}

/** Returns the inputs by key, in the order of the method's. */
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
