/// <reference lib="esnext.disposable" preserve="true" />
import { type InspectOptions, inspect } from "node:util";
import { atCaller, CallerStack, type Entry, withCallerStack } from "../base/caller-stack.js";
import { fileCalling } from "../base/calling-file.js";
import { SavedModelError } from "../base/errors.js";
import { printable } from "../base/text.js";
import type { CallOptions } from "../call/call.js";
import { FakeSession } from "../engines/fake/fake-session.js";
import type { FakeSource } from "../engines/fake/fake-source.js";
import type { RestoreReport } from "../engines/graph/partial-restore.js";
import { checkRestoreOptions, type RestoreOptions, restoreVariables } from "../engines/graph/restore.js";
import { type ModelVariable, readVariables } from "../engines/graph/variables.js";
import { type Device, listDevices } from "../engines/local/devices.js";
import { loadSession } from "../engines/local/load-session.js";
import { saveModel } from "../engines/local/save/save-model.js";
import { saveWeights } from "../engines/local/save/save-weights.js";
import { Session } from "../engines/local/session.js";
import { type Traced, trace } from "../engines/local/trace/trace.js";
import type { SignatureDescription } from "../saved-model/description.js";
import type { ModelDescriptor } from "../saved-model/descriptor.js";
import { toPath } from "../saved-model/files/locate-model.js";
import type { AnyTensor } from "../tensor/types.js";
import { bindMethods, generatedMethod } from "./bound-methods.js";
import { disposedError } from "./disposed.js";
import type { LoadOptions } from "./load-options.js";
import { checkCallOptions, inArgumentOrder, MethodCalls } from "./method-calls.js";
import { asResult, describeMethods, describeSignatures, type Method, methodFor, toObject } from "./methods.js";

/**
 * A loaded SavedModel. Generated clients extend this class with one method per signature.
 *
 * All signatures share one TensorFlow session, and with it the variables: what `train` changes, `pred` sees. Two loads of
 * one folder share nothing. Native memory is given back by {@link Model.dispose}, by `using`, or when the model is
 * garbage collected.
 */
export class Model implements Disposable, AsyncDisposable {
  readonly #session: Session | FakeSession;
  readonly #calls: MethodCalls;
  readonly #descriptor: ModelDescriptor | undefined;
  #signatures: readonly SignatureDescription[] | undefined;
  #async: unknown;

  /**
   * Loads a model for a generated client, or makes a fake one; called by generated code.
   *
   * @param source the model's folder, or the functions of a fake client
   * @throws SavedModelError the codes of {@link Model.load}, and `SIGNATURE_MISMATCH` when the model's signatures are not
   * those that the client was generated from
   */
  protected constructor(
    descriptor: ModelDescriptor | undefined,
    source: string | URL | FakeSource,
    options: LoadOptions = {},
  ) {
    this.#descriptor = descriptor;
    try {
      const isFaked = descriptor !== undefined && isFake(source);
      this.#session = isFaked
        ? new FakeSession(descriptor, source)
        : loadSession(descriptor, source as string | URL, options, () => fileCalling(Model));
      try {
        const methods = describeMethods(this.#session.signatures, descriptor);
        this.#calls = new MethodCalls(this.#session, methods, isFaked ? {} : options);
        if (descriptor !== undefined) bindMethods(this, descriptor, this.#calls);
      } catch (error) {
        this.#session.dispose();
        throw error;
      }
    } catch (error) {
      throw atCaller(error, publicMethod(new.target, isFake(source) ? "fake" : "load"));
    }
  }

  /**
   * Loads any SavedModel, to be used through {@link Model.run}. A generated client's own `load` gives typed methods.
   *
   * @param directory the folder that holds `saved_model.pb`; a relative one is looked for below the working directory,
   * then below the package of the running program
   * @throws SavedModelError `MODEL_NOT_FOUND`, `NOT_A_SAVED_MODEL`, `MODEL_FORMAT_UNSUPPORTED`, `MODEL_CORRUPT`,
   * `TAGS_NOT_FOUND`, `VARIABLES_NOT_FOUND`, `OP_NOT_REGISTERED`, `LOAD_FAILED`; `LIBRARY_NOT_FOUND` and the other codes of
   * the library
   */
  static load(directory: string | URL, options?: LoadOptions): Model {
    return new Model(undefined, directory, options);
  }

  /**
   * The signatures, sorted by key; of a generated client, those that it has methods for. Inputs are as methods have them
   * and `savedmodel inspect` shows them: in the author's order, ragged and sparse ones in one piece.
   */
  get signatures(): readonly SignatureDescription[] {
    const { signatures } = this.#session;
    if (this.#descriptor === undefined) return signatures;
    this.#signatures ??= describeSignatures(signatures, this.#calls.methods);
    return this.#signatures;
  }

  /**
   * The devices that TensorFlow found for this model, in its order: where a GPU is missing that should be there, look here.
   *
   * @throws SavedModelError `DISPOSED`
   */
  devices(): readonly Device[] {
    return withCallerStack(Model.prototype.devices, () => listDevices(this.#native("devices()")));
  }

  /** The folder that the model was loaded from. */
  get directory(): string {
    return this.#session.directory;
  }

  /** Whether the model was disposed. */
  get disposed(): boolean {
    return this.#session.disposed;
  }

  /**
   * Runs a signature with inputs by raw key, for programs that do not know the model beforehand.
   *
   * A ragged or sparse input is one value under the key that {@link Model.signatures} has for it. Without a generated
   * client it may be given as its components too, where the SignatureDef has a key for each.
   *
   * @returns the outputs by raw key, scalars as tensors too
   * @throws SavedModelError `SIGNATURE_NOT_FOUND`, `UNKNOWN_INPUT`, and the codes of a call
   */
  run(signature: string, inputs: Readonly<Record<string, unknown>> = {}): Record<string, AnyTensor> {
    try {
      const { method, values } = this.#resolve("run()", signature, inputs);
      return byKey(method, this.#calls.run(signature, method, values, "tensors"));
    } catch (error) {
      throw atCaller(error, Model.prototype.run);
    }
  }

  /**
   * Runs a signature on a worker thread, off the event loop, with inputs by raw key.
   *
   * @param options an AbortSignal, where the call may be given up
   * @returns the outputs by raw key, scalars as tensors too
   * @throws SavedModelError the codes of {@link Model.run}; `ABORTED`, `QUEUE_FULL`, `DISPOSED`
   */
  async runAsync(
    signature: string,
    inputs: Readonly<Record<string, unknown>> = {},
    options: CallOptions = {},
  ): Promise<Record<string, AnyTensor>> {
    const caller = this.#fakeCaller(Model.prototype.runAsync);
    const { method, results } = withCallerStack(Model.prototype.runAsync, () => {
      const checked = checkCallOptions("runAsync()", options);
      const { method, values } = this.#resolve("runAsync()", signature, inputs);
      return { method, results: this.#calls.start(signature, method, values, "tensors", checked) };
    });
    try {
      return byKey(method, await results);
    } catch (error) {
      throw caller?.giveTo(error) ?? error;
    }
  }

  /** How many asynchronous calls run or wait, those in a batch one by one. */
  get pending(): number {
    return this.#session.lane.pending;
  }

  /**
   * Has TensorFlow make signatures ready that were not called yet, which the first call would else wait for. Signatures
   * that change nothing are run with zeros; of the others only what comes before their operations is done.
   *
   * @param signatures the raw keys; by default all signatures
   * @throws SavedModelError `SIGNATURE_NOT_FOUND`, `DISPOSED`, `BUSY`
   */
  warmUp(...signatures: readonly string[]): void {
    withCallerStack(Model.prototype.warmUp, () => {
      for (const key of this.#calls.keys(signatures)) this.#calls.prepare(key, this.#calls.method(key)).warmUp();
    });
  }

  /**
   * Runs a function, and records which operations its calls of this model run, when and where. Results are what they are
   * without; calls take longer. Calls of other models are not recorded, nor are asynchronous ones.
   *
   * @example
   * ```ts
   * const { result, trace } = model.trace(() => model.run("pred", { inputs: [[1, 1]] }));
   * writeFileSync("trace.json", JSON.stringify(trace)); // for chrome://tracing or ui.perfetto.dev
   * ```
   * @throws SavedModelError `INVALID_ARGUMENT` for an asynchronous function and for a trace within a trace, `DISPOSED`;
   * and whatever the function throws
   */
  trace<T>(run: () => T): Traced<T> {
    return trace(this.#native("trace()"), run);
  }

  /**
   * Saves the model with the present values of its variables: a complete SavedModel, for this package and for Python.
   *
   * @param directory the folder to write; a SavedModel that is there is replaced, as a whole, and keeps its permissions
   * @throws SavedModelError `NOT_SAVEABLE` when the model has no variables to save, `OUTPUT_CONFLICT` when the folder holds
   * something else, `INVALID_ARGUMENT` when TensorFlow takes its path for a pattern, `SAVE_FAILED`, `DISPOSED`, `BUSY`
   * while an asynchronous call changes variables
   */
  save(directory: string | URL): void {
    withCallerStack(Model.prototype.save, () => {
      const session = this.#native("save()");
      session.lane.requireFree("save()", () => false);
      saveModel(session, toPath(directory));
    });
  }

  /**
   * Saves the present values of the variables alone: a checkpoint of TensorFlow, which {@link Model.restore} reads, and
   * Python's `tf.train.load_checkpoint`.
   *
   * @param prefix what the names of its files begin with: `checkpoints/step-100` is written to
   * `checkpoints/step-100.index` and `checkpoints/step-100.data-00000-of-00001`
   * @throws SavedModelError `NOT_SAVEABLE` when the model has no variables to save, `SAVE_FAILED`, `INVALID_ARGUMENT`,
   * `DISPOSED`, `BUSY` while an asynchronous call changes variables
   */
  saveWeights(prefix: string | URL): void {
    withCallerStack(Model.prototype.saveWeights, () => {
      const session = this.#native("saveWeights()");
      session.lane.requireFree("saveWeights()", () => false);
      saveWeights(session, toPath(prefix));
    });
  }

  /**
   * Gives the variables the values of a checkpoint, or of another SavedModel: by this package or by Python. A checkpoint
   * that does not fit is rejected before any variable is changed.
   *
   * @param path what the names of a checkpoint's files begin with, or the folder of a SavedModel; of a folder with several
   * checkpoints, as `tf.train.CheckpointManager` writes it, the latest one is taken
   * @param options `partial: true` takes what the model and the checkpoint have in common
   * @returns what was restored, and what was not, by key
   * @throws SavedModelError `VARIABLES_NOT_FOUND` when there is no checkpoint, `INVALID_ARGUMENT` when TensorFlow takes
   * its path for a pattern, `RESTORE_FAILED` when it is damaged, lacks a variable or has one of another dtype or shape;
   * when a partial restore finds nothing to restore; `INVALID_OPTION`, `DISPOSED`, `BUSY` while an asynchronous call runs
   */
  restore(path: string | URL, options: RestoreOptions = {}): RestoreReport {
    return withCallerStack(Model.prototype.restore, () => {
      checkRestoreOptions(options);
      const session = this.#native("restore()");
      session.lane.requireFree("restore()", () => true);
      return restoreVariables(session, toPath(path), options);
    });
  }

  /**
   * Reads the variables of the model with their present values: weights, optimizer slots, counters. They are in the order
   * of `savedmodel inspect`: by name, then by path. The `value` of one that has none is undefined.
   *
   * @throws SavedModelError `DISPOSED`, `BUSY` while an asynchronous call changes variables, `TF_<STATUS>`
   */
  variables(): readonly ModelVariable[] {
    return withCallerStack(Model.prototype.variables, () => {
      const session = this.#native("variables()");
      session.lane.requireFree("variables()", () => false);
      return readVariables(session);
    });
  }

  static {
    // Printed with what tells one model from another.
    Object.defineProperty(Model.prototype, inspect.custom, {
      value(this: Model, _depth: number, options: InspectOptions): string {
        const { directory, disposed, signatures } = this;
        const shown = { directory, disposed, signatures: signatures.map(({ key }) => key) };
        return `${this.constructor.name} ${inspect(shown, options)}`;
      },
    });
  }

  /**
   * Closes the session and gives its memory back, as soon as no asynchronous call runs any more; calls that wait are
   * refused with `DISPOSED`. Idempotent; never throws.
   */
  dispose(): void {
    this.#session.dispose();
  }

  /** What `using` calls at the end of a block: `dispose()`. */
  [Symbol.dispose](): void {
    this.#session.isScopeEnded = true;
    this.dispose();
  }

  /** Takes no more calls, waits for the asynchronous ones that were accepted, and closes the session. Never rejects. */
  async close(): Promise<void> {
    await this.#session.close();
  }

  /** What `await using` calls at the end of a block: `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#session.isScopeEnded = true;
    await this.close();
  }

  /**
   * Runs a signature with inputs in argument order, or with one object of them where the client offers that; called by
   * generated code, whose methods give it its types.
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
      const values = method.named === undefined ? inputs : method.named.inOrder(inputs, `${printable(signature)}()`);
      return asResult(method, this.#calls.run(signature, method, values, "plain"));
    } catch (error) {
      throw atCaller(error, this.#entryOf(signature));
    }
  }

  /**
   * The client's methods, to be run on worker threads: their results are promises, and options may follow their inputs.
   * Called by generated code, which gives it its type.
   */
  protected asyncMethods<Methods>(): Methods {
    this.#async ??= Object.fromEntries(
      (this.#descriptor?.signatures ?? []).map(({ key, method = key }) => {
        const start = (...values: readonly unknown[]): Promise<unknown> => this.#start(start, key, values);
        return [method, start];
      }),
    );
    // The generator makes the type of the same names and signatures.
    return this.#async as Methods;
  }

  async #start(entry: Entry, signature: string, values: readonly unknown[]): Promise<unknown> {
    const caller = this.#fakeCaller(entry);
    const { method, results } = withCallerStack(entry, () => {
      const method = this.#calls.method(signature);
      const { inputs, options } = this.#calls.splitOptions(signature, method, values);
      return { method, results: this.#calls.start(signature, method, inputs, "plain", options) };
    });
    try {
      return asResult(method, await results);
    } catch (error) {
      throw caller?.giveTo(error) ?? error;
    }
  }

  /**
   * Remembers who makes an asynchronous call, for errors in the result of a fake. Of calls that run in TensorFlow nobody is
   * remembered: that would take a tenth of the time of the call.
   */
  #fakeCaller(entry: Entry): CallerStack | undefined {
    return this.#session instanceof Session ? undefined : new CallerStack(entry);
  }

  /** The method of the generated class that calls a signature; of another class, the method that it calls. */
  #entryOf(signature: string): Entry {
    const method = this.#descriptor?.signatures.find(({ key }) => key === signature)?.method ?? signature;
    return generatedMethod(this, Model.prototype, method) ?? this.call;
  }

  /** The session of TensorFlow, for what a fake client cannot do. */
  #native(call: string): Session {
    if (this.disposed) throw disposedError(call, this.#session);
    if (this.#session instanceof Session) return this.#session;
    throw new SavedModelError("NOT_FAKED", `${call}: a fake client has no TensorFlow`, {
      fix: "Replace this method with a function in the test.",
    });
  }

  /** What {@link Model.run} was given, checked and in argument order. */
  #resolve(call: string, signature: string, inputs: unknown): { method: Method; values: readonly unknown[] } {
    if (typeof signature !== "string" || typeof inputs !== "object" || inputs === null) {
      throw new SavedModelError("INVALID_ARGUMENT", `${call} takes a signature key and an object of inputs by key`);
    }
    const method = methodFor(this.#calls.method(signature), Object.keys(inputs));
    const values = inArgumentOrder(`${printable(signature)}()`, method, inputs as Readonly<Record<string, unknown>>);
    return { method, values };
  }
}

/** The static method by which callers make an instance of a class. */
function publicMethod(type: object, name: "load" | "fake"): Entry | undefined {
  const method: unknown = Reflect.get(type, name);
  // The class is a generated one, or any other: what it has may be anything.
  return typeof method === "function" ? (method as Entry) : undefined;
}

function isFake(source: unknown): source is FakeSource {
  return typeof source === "object" && source !== null && "fake" in source;
}

/** The results by the raw keys of the outputs. */
function byKey<T>({ outputs }: Method, results: readonly T[]): Record<string, T> {
  return toObject(
    outputs.map(({ key }) => key),
    results,
  );
}
