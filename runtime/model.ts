import { awaitAtCaller, type Entry } from "./base/caller-stack.js";
import { fileCalling } from "./base/calling-file.js";
import { checkOptions } from "./base/check-options.js";
import { BaseModel } from "./client/base-model.js";
import { CLIENT_OPTIONS, checkClientOptions } from "./client/client-options.js";
import { requireSameSignatures } from "./client/compare-signatures.js";
import type { Engine } from "./engine.js";
import { FakeEngine, type FakeSource } from "./engines/fake/fake-engine.js";
import type { LoadOptions } from "./engines/local/load-options.js";
import { loadLocalEngine, loadLocalEngineAsync } from "./engines/local/local-engine.js";
import type { ModelSpec } from "./saved-model/model-spec.js";

/**
 * A loaded SavedModel. Generated clients extend this class with one method per signature.
 *
 * All signatures share one TensorFlow session, and with it the variables: what `train` changes, `pred` sees. Two loads of
 * one folder share nothing. Native memory is released by {@link Model.dispose}, by `using`, or when the model is
 * garbage collected.
 */
export class Model extends BaseModel {
  /**
   * Loads a model for a generated client, or makes a client of another engine; called by generated code.
   *
   * @param source the model's folder, the functions of a fake client, or an engine
   * @throws SavedModelError the codes of {@link Model.load}, and `SIGNATURE_MISMATCH` when the model's signatures are not
   * those that the client was generated from
   */
  protected constructor(
    descriptor: ModelSpec | undefined,
    source: string | URL | FakeSource | Engine,
    options: LoadOptions = {},
  ) {
    const open = (): Engine => {
      if (isFolder(source)) return loadLocalEngine("load", descriptor, source, options, () => fileCalling(Model));
      if ("prepare" in source) {
        // Its options and signatures were checked.
        if (loaded.has(source)) return source;
        // An engine that rejects this client may be another's: it is not disposed.
        if (descriptor !== undefined) source.adopt?.(descriptor, () => fileCalling(Model));
        try {
          const call = `${descriptor?.name ?? "Model"}.connect()`;
          checkOptions(call, options, CLIENT_OPTIONS);
          checkClientOptions(call, options);
          if (descriptor !== undefined && source.adopt === undefined) requireSameSignatures(descriptor, source);
        } catch (error) {
          source.dispose();
          throw error;
        }
        return source;
      }
      if (descriptor === undefined) throw new Error("a fake client without a descriptor");
      return new FakeEngine(descriptor, source);
    };
    super(descriptor, open, options, publicMethod(new.target, source));
  }

  /**
   * Loads a model without blocking the event loop, for a generated client; called by generated code.
   *
   * @param type the client, whose method `loadAsync` was called
   */
  protected static loading<Client extends Model>(
    type: { readonly prototype: Client; readonly loadAsync: Entry },
    descriptor: ModelSpec | undefined,
    directory: string | URL,
    options: LoadOptions = {},
  ): Promise<Client> {
    const file = fileCalling(Model.loading);
    return awaitAtCaller(type.loadAsync, async () => {
      const engine = await loadLocalEngineAsync("loadAsync", descriptor, directory, options, () => file);
      loaded.add(engine);
      // The constructors of generated clients are those of this class.
      return Reflect.construct(type as unknown as typeof Model, [descriptor, engine, options]) as Client;
    });
  }

  /**
   * Loads any SavedModel, to be used through {@link Model.run}. A generated client's own `load` gives typed methods.
   *
   * @param directory the folder that holds `saved_model.pb`; a relative one is searched below the working directory,
   * then below the package of the running program
   * @throws SavedModelError `MODEL_NOT_FOUND`, `NOT_A_SAVED_MODEL`, `MODEL_FORMAT_UNSUPPORTED`, `MODEL_CORRUPT`,
   * `TAGS_NOT_FOUND`, `VARIABLES_NOT_FOUND`, `OP_NOT_REGISTERED`, `LOAD_FAILED`; `LIBRARY_NOT_FOUND` and the other codes of
   * the library
   */
  static load(directory: string | URL, options?: LoadOptions): Model {
    return new Model(undefined, directory, options);
  }

  /**
   * Loads any SavedModel like {@link Model.load}, on a worker thread: the event loop goes on meanwhile, and another model can
   * be called. The first load of a process also loads TensorFlow, which blocks for a quarter of a second.
   *
   * @throws SavedModelError the codes of {@link Model.load}
   */
  static loadAsync(directory: string | URL, options?: LoadOptions): Promise<Model> {
    return Model.loading(Model, undefined, directory, options);
  }
}

/** Engines that `loadAsync` has made. */
const loaded: WeakSet<object> = new WeakSet();

/** Returns true if a model is to be loaded: a source that is not an engine is checked as a folder. */
function isFolder(source: string | URL | FakeSource | Engine): source is string | URL {
  return typeof source !== "object" || source === null || !("fake" in source || "prepare" in source);
}

/**
 * Returns the static method by which callers make an instance of a class; undefined where it has returned a promise before.
 */
function publicMethod(type: object, source: string | URL | FakeSource | Engine): Entry | undefined {
  if (!isFolder(source) && loaded.has(source)) return undefined;
  const name = isFolder(source) ? "load" : "fake" in source ? "fake" : "connect";
  const method: unknown = Reflect.get(type, name);
  // The class may be any class, so its members are unknown.
  return typeof method === "function" ? (method as Entry) : undefined;
}
