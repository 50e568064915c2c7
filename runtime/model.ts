/// <reference lib="esnext.disposable" preserve="true" />
import { type InspectOptions, inspect } from "node:util";
import { CompositeCall, isComposite } from "./call/composite-call.js";
import { type Call, PreparedCall } from "./call/prepared-call.js";
import { findDifferences } from "./compare.js";
import type { SignatureDescription } from "./description.js";
import type { ModelDescriptor } from "./descriptor.js";
import { SavedModelError } from "./errors.js";
import { locateModel, toPath } from "./locate.js";
import { describeMethods, type Method } from "./methods.js";
import { checkOptions, checkTags } from "./options.js";
import { saveModel } from "./save.js";
import { chooseMetaGraph, readMetaGraphs, tagsOf } from "./saved-model-file.js";
import { Session } from "./session.js";
import { signatureNotFound } from "./signatures.js";
import { printable, quote, suggest } from "./text.js";
import type { AnyTensor } from "./types.js";

/** How a model is loaded. */
export interface LoadOptions {
  /**
   * The tags of the meta graph to load. By default those that the client was generated for; for {@link Model.load}
   * `["serve"]`, or those of the only meta graph.
   */
  readonly tags?: readonly string[];
}

/**
 * A loaded SavedModel. Generated clients extend this class with one method per signature.
 *
 * All signatures share one TensorFlow session, and with it the variables: what `train` changes, `pred` sees. Two loads of
 * one folder share nothing. Native memory is given back by {@link Model.dispose}, by `using`, or when the model is
 * garbage collected.
 */
export class Model implements Disposable {
  readonly #session: Session;
  readonly #methods: ReadonlyMap<string, Method>;

  /**
   * Loads a model for a generated client; called by generated code.
   *
   * @throws SavedModelError the codes of {@link Model.load}, and `SIGNATURE_MISMATCH` when the model's signatures are not
   * those that the client was generated from
   */
  protected constructor(descriptor: ModelDescriptor | undefined, directory: string | URL, options: LoadOptions = {}) {
    const name = descriptor?.name ?? "Model";
    checkOptions(`${name}.load()`, options, ["tags"]);
    checkTags(`${name}.load()`, options.tags);
    const folder = locateModel(toPath(directory));
    const tags = options.tags ?? descriptor?.tags ?? tagsOf(chooseMetaGraph(folder, readMetaGraphs(folder)));
    this.#session = new Session(folder, tags);
    try {
      if (descriptor !== undefined) this.#refuseOther(descriptor);
      this.#methods = describeMethods(this.#session.signatures, descriptor);
    } catch (error) {
      this.#session.dispose();
      throw error;
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

  /** The signatures of the loaded model, sorted by key. */
  get signatures(): readonly SignatureDescription[] {
    return this.#session.signatures;
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
   * Ragged and sparse inputs are given as their components, where these are what the SignatureDef has keys for.
   *
   * @returns the outputs by raw key, scalars as tensors too
   * @throws SavedModelError `SIGNATURE_NOT_FOUND`, `UNKNOWN_INPUT`, and the codes of a call
   */
  run(signature: string, inputs: Readonly<Record<string, unknown>> = {}): Record<string, AnyTensor> {
    if (typeof signature !== "string" || typeof inputs !== "object" || inputs === null) {
      throw new SavedModelError(
        "INVALID_ARGUMENT",
        "run() takes the key of a signature and an object of inputs by key",
      );
    }
    const method = this.#method(signature);
    const call = this.#prepare(signature, method);
    const keys = method.inputs.map(({ key }) => key);
    for (const key of Object.keys(inputs)) {
      if (keys.includes(key)) continue;
      throw new SavedModelError("UNKNOWN_INPUT", `${call.name} has no input ${quote(key)}`, {
        fix: suggest(key, keys, "Its inputs"),
      });
    }
    const values = call.runForTensors(keys.map((key) => (Object.hasOwn(inputs, key) ? inputs[key] : undefined)));
    return toObject(
      method.outputs.map(({ key }) => key),
      values,
    );
  }

  /**
   * Saves the model with the present values of its variables: a complete SavedModel, for this package and for Python.
   *
   * @param directory the folder to write; a SavedModel that is there is replaced, as a whole
   * @throws SavedModelError `NOT_SAVEABLE` when the model has no variables to save, `OUTPUT_CONFLICT` when the folder holds
   * something else, `SAVE_FAILED`, `DISPOSED`
   */
  save(directory: string | URL): void {
    if (this.disposed) throw new SavedModelError("DISPOSED", "save(): the model was disposed");
    saveModel(this.#session, toPath(directory));
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

  /** Closes the session and gives its memory back. Idempotent; never throws. */
  dispose(): void {
    this.#session.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * Runs a signature with inputs in argument order; called by generated code, whose methods give it its types.
   */
  protected call(signature: string, inputs: readonly unknown[]): unknown {
    const method = this.#method(signature);
    const { properties } = method;
    const values = this.#prepare(signature, method).run(inputs);
    return properties === undefined ? values[0] : toObject(properties, values);
  }

  #method(signature: string): Method {
    if (this.disposed) throw new SavedModelError("DISPOSED", `${printable(signature)}(): the model was disposed`);
    const method = this.#methods.get(signature);
    if (method !== undefined) return method;
    const reason = this.#session.signatures.find(({ key }) => key === signature)?.unsupported;
    if (reason !== undefined) {
      throw new SavedModelError("SIGNATURE_UNSUPPORTED", `${printable(signature)}() cannot be run: ${reason}`);
    }
    throw signatureNotFound(signature, [...this.#methods.keys()]);
  }

  #refuseOther(descriptor: ModelDescriptor): void {
    const differences = findDifferences(descriptor, this.#session.signatures);
    if (differences.length === 0) return;
    throw new SavedModelError(
      "SIGNATURE_MISMATCH",
      `${printable(this.directory, 500)} does not match the generated ${descriptor.name}: ${differences.join("; ")}`,
      { fix: "Generate the client again from this model: `npx savedmodel generate`." },
    );
  }

  #prepare(signature: string, method: Method): Call {
    if (method.call === undefined) {
      const { inputs, outputs } = method;
      const Prepared = [...inputs, ...outputs].some(isComposite) ? CompositeCall : PreparedCall;
      method.call = new Prepared(this.#session, signature, inputs, outputs);
    }
    return method.call;
  }
}

/** An own property for each name, hostile ones such as `__proto__` included. */
function toObject<T>(names: readonly string[], values: readonly T[]): Record<string, T> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] as T]));
}
