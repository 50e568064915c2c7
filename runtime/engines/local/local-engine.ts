import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { requireSameSignatures } from "../../client/compare-signatures.js";
import { observeLoad } from "../../client/diagnostics.js";
import type { DenseSignature, Device, Engine, Execution, Pool, Traced, VariableStore } from "../../engine.js";
import { readAuthorSignatures, readNamedSignatures } from "../../saved-model/arguments/author-arguments.js";
import { readUnchanged } from "../../saved-model/files/folder-identity.js";
import { locateModel, placesOf, toPath } from "../../saved-model/files/locate-model.js";
import { chooseMetaGraph, readMetaGraphs, tagsOf } from "../../saved-model/files/saved-model-file.js";
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
  readonly variables: VariableStore;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
    this.variables = {
      read: () => readVariables(session.graph),
      save: (directory, add) => saveModel(session, directory, add),
      saveWeights: (prefix) => saveWeights(session, prefix),
      restore: (path, options) => restoreVariables(session.graph, path, options),
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
 * @param clientFile returns the file of the client
 * @throws SavedModelError `INVALID_OPTION`, `SIGNATURE_MISMATCH`, and the codes of {@link Session}
 */
export function loadLocalEngine(
  descriptor: ModelSpec | undefined,
  directory: string | URL,
  options: LoadOptions,
  clientFile: () => string | undefined,
): Engine {
  checkLoadOptions(`${descriptor?.name ?? "Model"}.load()`, options);
  const isOwn = descriptor !== undefined && directory === descriptor.directory;
  const folder = locateModel(toPath(directory), isOwn ? clientFile() : undefined);
  const opLibraries = options.opLibraries ?? ownOpLibraries(descriptor, clientFile);
  const load = (): Session => {
    const tags = options.tags ?? descriptor?.tags ?? tagsOf(chooseMetaGraph(folder, readMetaGraphs(folder)));
    // The client has the author's names, and is compared with the signatures of the file.
    const read = descriptor === undefined ? readAuthorSignatures : readNamedSignatures;
    const session = new Session(folder, tags, { ...options, opLibraries }, read);
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
  const loadUnchanged = (): Session => readUnchanged({ folder, what: "loaded", read: load, discard, hold });
  return new LocalEngine(observeLoad(folder, loadUnchanged, ({ tags }) => tags));
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
