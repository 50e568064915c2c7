import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { runLater, runNow, type Steps } from "../../base/steps.js";
import { requireSameSignatures } from "../../client/compare-signatures.js";
import { observeLoad } from "../../client/diagnostics.js";
import type { DenseSignature, Device, Engine, Execution, Pool, Traced, VariableStore } from "../../engine.js";
import { readAuthorSignatures, readNamedSignatures } from "../../saved-model/arguments/author-arguments.js";
import { readingUnchanged } from "../../saved-model/files/folder-identity.js";
import { locateModel, placesOf, toPath } from "../../saved-model/files/locate-model.js";
import { isOpPack } from "../../saved-model/graph/op-packages.js";
import type { ModelSpec } from "../../saved-model/model-spec.js";
import type { SignatureInfo } from "../../saved-model/signature-info.js";
import type { NumericDType, TypedArrays } from "../../tensor/dtype.js";
import { restoreVariables } from "../graph/restore.js";
import { requireSaver } from "../graph/save-call.js";
import { locateVariables } from "../graph/variable-nodes.js";
import { readVariables } from "../graph/variables.js";
import { listDevices } from "./devices.js";
import { checkLoadOptions, type LoadOptions } from "./load-options.js";
import { allocateAligned } from "./native-memory.js";
import { LocalExecution } from "./run/local-execution.js";
import { threadPool } from "./run/thread-pool.js";
import { holdFolder } from "./save/lock-folder.js";
import { requirePlace, saveModel } from "./save/save-model.js";
import { saveWeights } from "./save/save-weights.js";
import { putBackLeftOver } from "./save/scratch-folder.js";
import { Session } from "./session.js";
import { trace } from "./trace/trace.js";

/** Runs a model in this process, by TensorFlow's C API. */
class LocalEngine implements Engine {
  readonly pool: Pool = threadPool;
  readonly packsStrings = true;
  readonly variables: VariableStore;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
    this.variables = {
      read: () => runNow(readVariables(session.graph)),
      save: (directory, add) => saveModel(session, directory, add),
      saveWeights: (prefix) => saveWeights(session, prefix),
      restore: (path, options) => runNow(restoreVariables(session.graph, path, options)),
      requireSaveable: (directory) => {
        requireSaver(session.graph);
        requirePlace(directory, session.directory);
      },
      putBack: putBackLeftOver,
      hasGraphOf: (directory) => session.file.isCopy(join(directory, basename(session.file.path))),
      graphDef: () => session.graphDef(),
      nodes: () => locateVariables(session.graph),
    };
  }

  get source(): string {
    return this.#session.directory;
  }

  get signatures(): readonly SignatureInfo[] {
    return this.#session.signatures;
  }

  prepare(signature: DenseSignature): Execution {
    return new LocalExecution(this.#session, signature);
  }

  devices(): readonly Device[] {
    return listDevices(this.#session.api, this.#session.handle);
  }

  trace<T>(run: () => T): Traced<T> {
    return trace(this.#session, run);
  }

  allocate<D extends NumericDType>(dtype: D, shape: readonly number[]): TypedArrays[D] {
    return allocateAligned(dtype, shape);
  }

  dispose(): void {
    this.#session.dispose();
  }
}

/**
 * Loads a model, and compares its signatures with those of the client, if there is one. A model that is replaced
 * meanwhile is loaded again.
 *
 * @param clientFile file of the client
 * @throws SavedModelError `INVALID_OPTION`, `SIGNATURE_MISMATCH`, and the codes of {@link Session}
 */
export function loadLocalEngine(...parameters: Parameters<typeof loading>): Engine {
  return runNow(loading(...parameters));
}

/** Does the same without blocking the calling thread while TensorFlow loads the model. */
export function loadLocalEngineAsync(...parameters: Parameters<typeof loading>): Promise<Engine> {
  return runLater(loading(...parameters));
}

function* loading(
  call: "load" | "loadAsync",
  descriptor: ModelSpec | undefined,
  directory: string | URL,
  options: LoadOptions,
  clientFile: () => string | undefined,
): Steps<Engine> {
  checkLoadOptions(`${descriptor?.name ?? "Model"}.${call}()`, options);
  const isOwn = descriptor !== undefined && directory === descriptor.directory;
  const folder = locateModel(toPath(directory), isOwn ? clientFile() : undefined);
  const opLibraries = options.opLibraries ?? ownOpLibraries(descriptor, clientFile);
  const read = function* (): Steps<Session> {
    const tags = options.tags ?? descriptor?.tags;
    // The client has the author's names, and is compared with the signatures of the file.
    const readIn = descriptor === undefined ? readAuthorSignatures : readNamedSignatures;
    const session = yield* Session.loading(folder, tags, { ...options, opLibraries }, readIn);
    try {
      if (descriptor !== undefined)
        requireSameSignatures(descriptor, { source: folder, signatures: session.signatures });
    } catch (error) {
      session.dispose();
      throw error;
    }
    return session;
  };
  const discard = (session: Session): void => session.dispose();
  const hold = (): (() => void) => holdFolder(folder);
  const loadUnchanged = (): Steps<Session> => readingUnchanged({ folder, what: "loaded", read, discard, hold });
  return new LocalEngine(yield* observeLoad(folder, loadUnchanged, ({ tags }) => tags));
}

/** Returns the libraries of operations that a client was generated with, each file where it is now. */
function ownOpLibraries(descriptor: ModelSpec | undefined, clientFile: () => string | undefined): readonly string[] {
  const { opLibraries = [] } = descriptor ?? {};
  if (opLibraries.every(isOpPack)) return opLibraries;
  const client = clientFile();
  return opLibraries.map((path) =>
    isOpPack(path) ? path : (placesOf(path, client).find((place) => existsSync(place)) ?? path),
  );
}
