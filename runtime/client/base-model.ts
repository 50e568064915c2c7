/// <reference lib="esnext.disposable" preserve="true" />
import { type InspectOptions, inspect } from "node:util";
import { atCaller, CallerStack, type Entry, withCallerStack } from "../base/caller-stack.js";
import { checkFlag, checkOptions } from "../base/check-options.js";
import { SavedModelError } from "../base/errors.js";
import { printable } from "../base/text.js";
import { isIntact, targetsOf } from "../call/result-targets.js";
import type {
  AsyncVariableStore,
  Device,
  Engine,
  ModelVariable,
  RestoreOptions,
  RestoreReport,
  Targets,
  Traced,
  VariableStore,
} from "../engine.js";
import { toPath } from "../saved-model/files/locate-model.js";
import type { ModelSpec } from "../saved-model/model-spec.js";
import type { SignatureInfo } from "../saved-model/signature-info.js";
import { allocateZeros } from "../tensor/allocate-zeros.js";
import type { NumericDType } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import type { AnyTensor, Shape } from "../tensor/types.js";
import { bindMethod, bindMethods, generatedMethod } from "./bound-methods.js";
import {
  CALL_OPTIONS,
  type CallOptions,
  checkCallOptions,
  RESULT_OPTIONS,
  type ResultOptions,
} from "./call-options.js";
import type { ClientOptions } from "./client-options.js";
import { Connection } from "./connection.js";
import { inArgumentOrder, MethodCalls } from "./method-calls.js";
import { asResult, describeMethods, describeSignatures, type Method, methodFor, toObject } from "./methods.js";

/** Members of a client that is connected to an asynchronous engine, beside its methods. */
export interface Connected extends AsyncDisposable {
  /** Location of the model: a folder or a URL. */
  readonly source: string;
  /** Accepts no more calls, waits for those that were accepted, and closes the connection. Never rejects. */
  close(): Promise<void>;
  /**
   * Reads the variables of the model with their current values, as {@link BaseModel.variables}, after the calls that
   * change them.
   *
   * @throws SavedModelError `UNSUPPORTED_BY_ENGINE` where servers do not show their variables, `DISPOSED`, `TF_<STATUS>`
   */
  variables(): Promise<readonly ModelVariable[]>;
  /**
   * Saves the model as {@link BaseModel.save}, where the engine writes to the files of this machine; servers do not.
   *
   * @throws SavedModelError `UNSUPPORTED_BY_ENGINE`, and the codes of {@link BaseModel.save}
   */
  save(directory: string | URL): Promise<void>;
  /**
   * Saves the current values of the variables as a checkpoint, as {@link BaseModel.saveWeights}.
   *
   * @param prefix the prefix of its file names; in the file system of the servers, where the folder must exist
   * @throws SavedModelError `UNSUPPORTED_BY_ENGINE`, and the codes of {@link BaseModel.saveWeights}
   */
  saveWeights(prefix: string | URL): Promise<void>;
  /**
   * Restores the variables, those of all clients that share them, as {@link BaseModel.restore}.
   *
   * @param path the prefix of a checkpoint, or a folder; in the file system of the servers
   * @throws SavedModelError `UNSUPPORTED_BY_ENGINE`, and the codes of {@link BaseModel.restore}
   */
  restore(path: string | URL, options?: RestoreOptions): Promise<RestoreReport>;
}

/** Client of a model on any engine; {@link Model} is the one that loads models itself. */
export class BaseModel implements Disposable, AsyncDisposable {
  readonly #connection: Connection;
  readonly #calls: MethodCalls;
  readonly #descriptor: ModelSpec | undefined;
  #signatures: readonly SignatureInfo[] | undefined;
  #async: unknown;

  /**
   * @param open makes the engine, whose signatures were compared with those of the client
   * @param entry the static method of the class that makes clients, at whose caller stacks begin; undefined where it is not
   * on the stack any more
   * @throws SavedModelError what `open` throws, and `INVALID_OPTION`
   */
  protected constructor(
    descriptor: ModelSpec | undefined,
    open: () => Engine,
    options: ClientOptions,
    entry: Entry | undefined,
  ) {
    this.#descriptor = descriptor;
    try {
      const engine = open();
      try {
        this.#connection = new Connection(engine, options);
        const methods = describeMethods(engine.signatures, descriptor);
        this.#calls = new MethodCalls(this.#connection, methods, options);
        if (descriptor !== undefined) bindMethods(this, descriptor, this.#calls);
      } catch (error) {
        engine.dispose();
        throw error;
      }
    } catch (error) {
      throw entry === undefined ? error : atCaller(error, entry);
    }
  }

  /**
   * Signatures, sorted by key; of a generated client, those that it has methods for. Inputs are as in methods and in
   * `savedmodel inspect`: in the author's order, ragged and sparse ones as one input.
   */
  get signatures(): readonly SignatureInfo[] {
    const { signatures } = this.#connection.engine;
    if (this.#descriptor === undefined) return signatures;
    this.#signatures ??= describeSignatures(signatures, this.#calls.methods);
    return this.#signatures;
  }

  /**
   * Lists the devices that TensorFlow found for this model, in its order; check here if a GPU is not used.
   *
   * @throws SavedModelError `DISPOSED`
   */
  devices(): readonly Device[] {
    return withCallerStack(BaseModel.prototype.devices, () =>
      this.#connection.capability("devices()", (engine) => engine.devices?.()),
    );
  }

  /** Location that the model was loaded from: a folder, or the URL of a serving system. */
  get source(): string {
    return this.#connection.engine.source;
  }

  /** Same as {@link BaseModel.source}. */
  get directory(): string {
    return this.source;
  }

  /** True once the model was disposed. */
  get disposed(): boolean {
    return this.#connection.disposed;
  }

  /**
   * Runs a signature with inputs by raw key, for programs that do not know the model beforehand.
   *
   * A ragged or sparse input is one value under the key that {@link BaseModel.signatures} has for it. Without a
   * generated client its components may be passed instead, where the SignatureDef has a key for each.
   *
   * @param options `into`: tensors or typed arrays by raw key, which these outputs are written into
   * @returns the outputs by raw key, scalars as tensors too
   * @throws SavedModelError `SIGNATURE_NOT_FOUND`, `UNKNOWN_INPUT`, and the codes of a call
   */
  run(
    signature: string,
    inputs: Readonly<Record<string, unknown>> = {},
    options?: ResultOptions<Record<string, AnyTensor>>,
  ): Record<string, AnyTensor> {
    try {
      const checked = options === undefined ? undefined : checkCallOptions("run()", options, RESULT_OPTIONS);
      const { method, values } = this.#resolve("run()", signature, inputs);
      const into = targetsByKey(checked?.into, signature, method);
      return byKey(method, this.#calls.run(signature, method, values, "tensors", into));
    } catch (error) {
      throw atCaller(error, BaseModel.prototype.run);
    }
  }

  /**
   * Runs a signature on a worker thread, off the event loop, with inputs by raw key.
   *
   * @param options an AbortSignal, to abort the call; and `into`, as in {@link BaseModel.run}
   * @returns the outputs by raw key, scalars as tensors too
   * @throws SavedModelError the codes of {@link BaseModel.run}; `ABORTED`, `QUEUE_FULL`, `DISPOSED`
   */
  async runAsync(
    signature: string,
    inputs: Readonly<Record<string, unknown>> = {},
    options: CallOptions<Record<string, AnyTensor>> = {},
  ): Promise<Record<string, AnyTensor>> {
    const caller = this.#caller(BaseModel.prototype.runAsync);
    const { method, results } = withCallerStack(BaseModel.prototype.runAsync, () => {
      const { into, signal, timeoutMs } = checkCallOptions("runAsync()", options, CALL_OPTIONS);
      const { method, values } = this.#resolve("runAsync()", signature, inputs);
      const checked = { into: targetsByKey(into, signature, method), signal, timeoutMs };
      return { method, results: this.#calls.start(signature, method, values, "tensors", checked) };
    });
    try {
      return byKey(method, await results);
    } catch (error) {
      throw caller?.giveTo(error) ?? error;
    }
  }

  /** Number of asynchronous calls that run or wait; those in a batch are counted one by one. */
  get pending(): number {
    return this.#connection.queue.pending;
  }

  /**
   * Warms up signatures that were not called yet, so that their first call does not wait. Signatures that change
   * nothing are run with zeros; of the others only what precedes their operations is prepared.
   *
   * @param signatures the raw keys; by default all signatures
   * @throws SavedModelError `SIGNATURE_NOT_FOUND`, `DISPOSED`, `BUSY`
   */
  warmUp(...signatures: readonly string[]): void {
    withCallerStack(BaseModel.prototype.warmUp, () => {
      for (const key of this.#calls.keys(signatures)) this.#calls.warmUp(key);
    });
  }

  /**
   * Runs a function, and records which operations its calls of this model run, when and where. Results are the same as
   * without a trace; calls take longer. Calls of other models are not recorded, nor are asynchronous ones.
   *
   * @example
   * ```ts
   * const model = Model.load("model", { scheduling: "caller" });
   * const { result, trace } = model.trace(() => model.run("pred", { inputs: [[1, 1]] }));
   * writeFileSync("trace.json", JSON.stringify(trace)); // for chrome://tracing or ui.perfetto.dev
   * ```
   * @throws SavedModelError `UNSUPPORTED_BY_ENGINE` where the model's `scheduling` is `"single-threaded"`, the default;
   * `INVALID_ARGUMENT` for an asynchronous function and for a trace within a trace, `DISPOSED`; and any error of the
   * function
   */
  trace<T>(run: () => T): Traced<T> {
    return this.#connection.capability("trace()", (engine) => engine.trace?.bind(engine))(run);
  }

  /**
   * Saves the model with the current values of its variables: a complete SavedModel, for this package and for Python.
   *
   * @param directory the folder to write; an existing SavedModel is replaced as a whole, and keeps its permissions
   * @throws SavedModelError `NOT_SAVEABLE` when the model has no variables to save, `OUTPUT_CONFLICT` when the folder
   * holds something else, `INVALID_ARGUMENT` when TensorFlow reads its path as a pattern, `SAVE_FAILED`, `DISPOSED`,
   * `BUSY` while an asynchronous call changes variables
   */
  save(directory: string | URL): void {
    withCallerStack(BaseModel.prototype.save, () => {
      this.#variables("save()", false).save(toPath(directory));
    });
  }

  /**
   * Saves only the current values of the variables: a TensorFlow checkpoint, for {@link BaseModel.restore} and Python's
   * `tf.train.load_checkpoint`.
   *
   * @param prefix the prefix of its file names: `checkpoints/step-100` is written to `checkpoints/step-100.index` and
   * `checkpoints/step-100.data-00000-of-00001`
   * @throws SavedModelError `NOT_SAVEABLE` when the model has no variables to save, `SAVE_FAILED`, `INVALID_ARGUMENT`,
   * `DISPOSED`, `BUSY` while an asynchronous call changes variables
   */
  saveWeights(prefix: string | URL): void {
    withCallerStack(BaseModel.prototype.saveWeights, () => {
      this.#variables("saveWeights()", false).saveWeights(toPath(prefix));
    });
  }

  /**
   * Restores the variables from a checkpoint or another SavedModel, written by this package or by Python. A checkpoint
   * that does not fit is rejected before any variable is changed.
   *
   * @param path the prefix of a checkpoint's file names, or the folder of a SavedModel; of a folder with several
   * checkpoints, as `tf.train.CheckpointManager` writes it, the latest one is taken
   * @param options `partial: true` restores what the model and the checkpoint have in common
   * @returns what was restored, and what was not, by key
   * @throws SavedModelError `VARIABLES_NOT_FOUND` without a checkpoint, `INVALID_ARGUMENT` when TensorFlow reads its
   * path as a pattern, `RESTORE_FAILED` when it is damaged, lacks a variable or has one of another dtype or shape; when
   * a partial restore finds nothing to restore; `INVALID_OPTION`, `DISPOSED`, `BUSY` while an asynchronous call runs
   */
  restore(path: string | URL, options: RestoreOptions = {}): RestoreReport {
    return withCallerStack(BaseModel.prototype.restore, () => {
      checkOptions("restore()", options, ["partial"]);
      checkFlag("restore()", "partial", options.partial);
      return this.#variables("restore()", true).restore(toPath(path), options);
    });
  }

  /**
   * Reads the variables of the model with their current values: weights, optimizer slots, counters. They are in the
   * order of `savedmodel inspect`: by name, then by path. `value` is undefined for a variable without a value.
   *
   * @throws SavedModelError `DISPOSED`, `BUSY` while an asynchronous call changes variables, `TF_<STATUS>`
   */
  variables(): readonly ModelVariable[] {
    return withCallerStack(BaseModel.prototype.variables, () => {
      return this.#variables("variables()", false).read();
    });
  }

  /**
   * Makes a tensor of zeros in memory that the engine reads in place, to be filled through {@link Tensor.data}. Fed to a
   * synchronous call that changes no variables, it is not copied: worth it for 100 KB and more, such as images.
   *
   * The buffer is up to 64 bytes larger than the elements: use `data`, not `data.buffer` from its start.
   *
   * @param dtype a name of `tf.dtypes`, not `string`
   * @throws SavedModelError `INVALID_DTYPE`, `INVALID_SHAPE`, `TF_RESOURCE_EXHAUSTED`, `DISPOSED`
   */
  allocate<D extends NumericDType, const S extends Shape>(
    dtype: D,
    shape: S,
  ): Tensor<D, { -readonly [Axis in keyof S]: S[Axis] }> {
    return withCallerStack(BaseModel.prototype.allocate, () => {
      this.#connection.requireOpen("allocate()");
      return Tensor.zeros("allocate()", dtype, shape, (dtype, shape) => {
        const { engine } = this.#connection;
        return engine.allocate?.(dtype, shape) ?? allocateZeros(dtype, shape);
      });
    });
  }

  static {
    // Printed with what tells one model from another.
    Object.defineProperty(BaseModel.prototype, inspect.custom, {
      value(this: BaseModel, _depth: number, options: InspectOptions): string {
        const { directory, disposed, signatures } = this;
        const shown = { directory, disposed, signatures: signatures.map(({ key }) => key) };
        return `${this.constructor.name} ${inspect(shown, options)}`;
      },
    });
  }

  /**
   * Closes the session and frees its memory once no asynchronous call runs; waiting calls are rejected with `DISPOSED`.
   * Idempotent; never throws.
   */
  dispose(): void {
    this.#connection.dispose();
  }

  /** Calls `dispose()` at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.#connection.isScopeEnded = true;
    this.dispose();
  }

  /**
   * Accepts no more calls, waits for the asynchronous ones that were accepted, and closes the session. Never rejects.
   */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** Calls `close()` at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.isScopeEnded = true;
    await this.close();
  }

  /**
   * Runs a signature with inputs in argument order, or with one object of them where the client offers that, and options
   * after them; called by generated code, whose methods add the types.
   */
  protected call(signature: string, inputs: readonly unknown[]): unknown {
    // As of a method that was taken from the class.
    if (!(#calls in this)) {
      throw new SavedModelError(
        "INVALID_ARGUMENT",
        `${printable(signature)}() was called on an object that is not a loaded model`,
      );
    }
    try {
      const method = this.#calls.method(signature);
      const { named } = method;
      const object = inputs[0];
      const isNamed = named?.is(object) === true;
      if (inputs.length > (isNamed ? 1 : method.inputs.length)) return this.#callWithOptions(signature, method, inputs);
      // The name is made for messages only.
      const values = isNamed ? named.valuesOf(object, `${printable(signature)}()`) : inputs;
      return asResult(method, this.#calls.run(signature, method, values, "plain"));
    } catch (error) {
      throw atCaller(error, this.#entryOf(signature));
    }
  }

  #callWithOptions(signature: string, method: Method, values: readonly unknown[]): unknown {
    const count = method.inputs.length;
    const known = values.length === count + 1 ? knownTargets(method, values[count]) : undefined;
    if (known !== undefined) {
      return asResult(method, this.#calls.run(signature, method, values.slice(0, count), "plain", known));
    }
    const { inputs, options } = this.#calls.splitOptions(signature, method, values, false);
    const into = plainTargets(options.into, signature, method);
    return asResult(method, this.#calls.run(signature, method, inputs, "plain", into));
  }

  /**
   * Methods of the client that run on worker threads: they return promises, and take options after their inputs. Called
   * by generated code, which adds the type.
   */
  protected asyncMethods<Methods>(): Methods {
    this.#async ??= Object.fromEntries(
      (this.#descriptor?.signatures ?? []).map(({ key, method = key }) => {
        const start = (...values: readonly unknown[]): Promise<unknown> => this.#start(start, key, values);
        bindMethod(start, { model: this, calls: this.#calls, key, isAsync: true });
        return [method, start];
      }),
    );
    // The generator makes the type of the same names and signatures.
    return this.#async as Methods;
  }

  /**
   * Methods of the client as promises, with `close()` for the connection, once the engine has connected to its server.
   * Called by generated code, which adds the type.
   *
   * @throws SavedModelError the codes of {@link Engine.open}
   */
  protected async connected<Methods extends object>(): Promise<Methods & Connected> {
    try {
      await this.#connection.engine.open?.();
    } catch (error) {
      this.dispose();
      throw error;
    }
    const variables = <T>(name: string, writes: boolean, run: (variables: AsyncVariableStore) => Promise<T>) =>
      this.#calls.variablesInTurn(`${name}()`, writes, run);
    return Object.assign(this.asyncMethods<Methods>(), {
      source: this.source,
      close: () => this.close(),
      variables: () => variables("variables", false, (store) => store.read()),
      save: async (directory: string | URL) => {
        const path = toPath(directory);
        await variables("save", true, (store) => store.save(path));
      },
      saveWeights: async (prefix: string | URL) => {
        const path = toPath(prefix);
        await variables("saveWeights", true, (store) => store.saveWeights(path));
      },
      restore: async (path: string | URL, options: RestoreOptions = {}) => {
        checkOptions("restore()", options, ["partial"]);
        checkFlag("restore()", "partial", options.partial);
        const place = toPath(path);
        return await variables("restore", true, (store) => store.restore(place, options));
      },
      [Symbol.asyncDispose]: () => this[Symbol.asyncDispose](),
    });
  }

  async #start(entry: Entry, signature: string, values: readonly unknown[]): Promise<unknown> {
    const caller = this.#caller(entry);
    const { method, results } = withCallerStack(entry, () => {
      const method = this.#calls.method(signature);
      const { inputs, options } = this.#calls.splitOptions(signature, method, values, true);
      const checked = {
        into: plainTargets(options.into, signature, method),
        signal: options.signal,
        timeoutMs: options.timeoutMs,
      };
      return { method, results: this.#calls.start(signature, method, inputs, "plain", checked) };
    });
    try {
      return asResult(method, await results);
    } catch (error) {
      throw caller?.giveTo(error) ?? error;
    }
  }

  /** Remembers the caller of an asynchronous call, for errors after it has returned. */
  #caller(entry: Entry): CallerStack | undefined {
    return this.#connection.engine.remembersCallers === true ? new CallerStack(entry) : undefined;
  }

  /** Returns the method of the generated class that calls a signature; of another class, the method that it calls. */
  #entryOf(signature: string): Entry {
    const method = this.#descriptor?.signatures.find(({ key }) => key === signature)?.method ?? signature;
    return generatedMethod(this, BaseModel.prototype, method) ?? this.call;
  }

  /** Returns the variables of the model, unless an asynchronous call changes them or reads what is to be changed. */
  #variables(call: string, writes: boolean): VariableStore {
    const variables = this.#connection.capability(call, (engine) => engine.variables);
    this.#connection.queue.requireFree(call, () => writes);
    return variables;
  }

  /** Checks the arguments of {@link BaseModel.run} and puts them in argument order. */
  #resolve(call: string, signature: string, inputs: unknown): { method: Method; values: readonly unknown[] } {
    if (typeof signature !== "string" || typeof inputs !== "object" || inputs === null) {
      throw new SavedModelError("INVALID_ARGUMENT", `${call} takes a signature key and an object of inputs by key`);
    }
    const method = methodFor(this.#calls.method(signature), Object.keys(inputs));
    const values = inArgumentOrder(`${printable(signature)}()`, method, inputs as Readonly<Record<string, unknown>>);
    return { method, values };
  }
}

/** Returns the results by the raw keys of the outputs. */
function byKey<T>({ outputs }: Method, results: readonly T[]): Record<string, T> {
  return toObject(
    outputs.map(({ key }) => key),
    results,
  );
}

/** Checks the option `into` of a method of the client. */
function plainTargets(into: unknown, signature: string, method: Method): Targets | undefined {
  if (into === undefined) return undefined;
  const { outputs, properties } = method;
  const targets = targetsOf(into, outputs, properties, "plain", `${printable(signature)}()`);
  if (properties === undefined) {
    method.targets ??= new WeakMap();
    // Every target is an object.
    method.targets.set(into as object, targets);
  }
  return targets;
}

/** Returns the targets of options that are nothing but a target which was checked before, and has its memory still. */
function knownTargets({ targets }: Method, options: unknown): Targets | undefined {
  if (targets === undefined) return undefined;
  if (typeof options !== "object" || options === null || Object.getPrototypeOf(options) !== Object.prototype) {
    return undefined;
  }
  for (const name in options) if (name !== "into") return undefined;
  const { into } = options as { readonly into?: unknown };
  const known = typeof into === "object" && into !== null ? targets.get(into) : undefined;
  return known?.every((target) => target === undefined || isIntact(target)) === true ? known : undefined;
}

/** Checks the option `into` of a call by raw keys. */
function targetsByKey(into: unknown, signature: string, { outputs }: Method): Targets | undefined {
  if (into === undefined) return undefined;
  const keys = outputs.map(({ key }) => key);
  return targetsOf(into, outputs, keys, "tensors", `${printable(signature)}()`);
}
