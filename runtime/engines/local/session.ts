import { SavedModelError } from "../../base/errors.js";
import { breathe, runNow, type Steps } from "../../base/steps.js";
import { TensorFlowError } from "../../base/tensorflow-error.js";
import { printable, quote } from "../../base/text.js";
import { type Effects, readEffects } from "../../saved-model/effects/write-effects.js";
import { ModelFile } from "../../saved-model/files/model-file.js";
import {
  chooseMetaGraph,
  readingMetaGraphs,
  requireModelFile,
  requireModelFiles,
  tagsOf,
} from "../../saved-model/files/saved-model-file.js";
import { findVariableHandles, type VariableHandles } from "../../saved-model/graph/duplicated-variables.js";
import { type GraphIndex, openGraph } from "../../saved-model/graph/graph.js";
import { withoutConstants } from "../../saved-model/graph/without-constants.js";
import type { Message } from "../../saved-model/proto/decode.js";
import type { SignatureInfo } from "../../saved-model/signature-info.js";
import { readSignatures } from "../../saved-model/signatures.js";
import { copyFromSaved } from "../graph/copy-variables.js";
import type { GraphSession } from "../graph/graph-session.js";
import { type AbsentValues, adviseOn, giveValues } from "../graph/initial-values/give-values.js";
import { encodeRunOptions } from "./config-proto.js";
import { suitsFusion } from "./fusion.js";
import { diagnoseLoadFailure, requireVariables } from "./load-errors.js";
import { LocalGraph } from "./local-graph.js";
import { bufferContents } from "./native/buffer.js";
import { type NativeApi, nativeApi, nonNull } from "./native/c-api.js";
import type { Pointer } from "./native/c-functions.js";
import { withStatus } from "./native/status.js";
import { listOperations } from "./op-library.js";
import { type OpenedSession, openingSession, type Resource } from "./open-session.js";
import { forgetAtThreadEnd, releaseAtThreadEnd } from "./run/thread-end.js";
import { hasLargeStacks, inOwnThreads } from "./run/thread-stacks.js";
import type { Scheduling, SessionOptions } from "./session-options.js";
import { Recording } from "./trace/recording.js";

/** Releases native memory, in the reverse order of its acquisition. Never throws. */
class Resources {
  readonly #resources: Resource[] = [];

  add(resource: Resource): void {
    this.#resources.push(resource);
  }

  /** To be released last. */
  addFirst(resource: Resource): void {
    this.#resources.unshift(resource);
  }

  releaseAll(): void {
    forgetAtThreadEnd(this);
    for (let resource = this.#resources.pop(); resource !== undefined; resource = this.#resources.pop()) {
      resource.release();
    }
  }
}

// Releases what a collected session held; it must not be reachable from its own resources.
const collected = new FinalizationRegistry<Resources>((resources) => resources.releaseAll());

/** Returns the signatures of a meta graph. */
type ReadMetaGraph = (metaGraph: Message<"MetaGraphDef">) => readonly SignatureInfo[];

/** Parts of a session that are read before it. */
interface Parts {
  readonly api: NativeApi;
  readonly file: ModelFile;
  readonly native: OpenedSession;
  readonly resources: Resources;
  readonly metaGraph: Message<"MetaGraphDef">;
  readonly graph: GraphIndex;
  readonly variableHandles: VariableHandles;
}

/** A model in TensorFlow's memory: the graph, its session, and the variables that live in it. */
export class Session {
  readonly api: NativeApi;
  readonly directory: string;
  readonly tags: readonly string[];
  /** As they were read, sorted by key, with the tensors that they mean in the graph that was loaded. */
  readonly signatures: readonly SignatureInfo[];
  /** Operations that save the model's variables, if it has any. */
  readonly saver: Message<"SaverDef"> | null;
  /** The `saved_model.pb` that was loaded. */
  readonly file: ModelFile;
  readonly handle: Pointer;
  readonly runOptions: Pointer;
  readonly scheduling: Scheduling;
  /** True if the time of a run is known to depend on the sizes of its inputs only. */
  readonly isSteady: boolean;
  /** Recording of synchronous runs, while a trace is taken. */
  recording: Recording | undefined;
  readonly #graph: Pointer;
  /** Memory that `runOptions` points to. */
  readonly #runOptions: Uint8Array;
  readonly variableHandles: VariableHandles;
  /** SavedObjectGraph of the model; empty for models of TensorFlow 1. */
  readonly objectGraph: Uint8Array;
  readonly collections: Message<"MetaGraphDef">["collectionDef"];
  /** The loaded graph, for reading and writing its variables by the names of operations. */
  readonly graph: GraphSession = new LocalGraph(this);
  readonly #resources: Resources;
  #workerRunOptions: Pointer | undefined;
  #effects: Effects | undefined;
  #absent: AbsentValues = new Map();
  #disposed = false;
  /** Number of active runs on worker threads. */
  #runs = 0;

  private constructor(
    directory: string,
    tags: readonly string[],
    options: SessionOptions,
    read: ReadMetaGraph,
    { api, file, native, resources, metaGraph, graph, variableHandles }: Parts,
  ) {
    this.directory = directory;
    this.tags = tags;
    this.file = file;
    this.api = api;
    this.#resources = resources;
    this.handle = native.session;
    this.runOptions = native.runOptions;
    this.scheduling = native.scheduling;
    this.isSteady = native.isSteady;
    this.#runOptions = encodeRunOptions({ ...options, scheduling: native.scheduling });
    this.#graph = native.graph;
    requireVariables(directory, metaGraph);
    this.signatures = read(metaGraph);
    this.saver = metaGraph.saverDef;
    this.variableHandles = variableHandles;
    // Copies: the decoder's views would keep the whole graph in memory.
    this.objectGraph = new Uint8Array(metaGraph.objectGraphDef);
    this.collections = metaGraph.collectionDef.map(({ key, value }) => ({
      key,
      value: new Uint8Array(value),
    }));
    this.#absent = this.#giveValues(metaGraph, graph);
  }

  /**
   * Loads a SavedModel and restores its variables.
   *
   * @param read how its signatures are read: as they are in the file, or as their authors wrote them
   * @throws SavedModelError `MODEL_NOT_FOUND`, `NOT_A_SAVED_MODEL`, `MODEL_FORMAT_UNSUPPORTED`, `MODEL_CORRUPT`,
   * `TAGS_NOT_FOUND`, `VARIABLES_NOT_FOUND`, `OP_LIBRARY_INVALID`, `OP_NOT_REGISTERED`, `LOAD_FAILED`, `INVALID_OPTION`, or
   * an error of the library
   */
  static *loading(
    directory: string,
    tags: readonly string[] | undefined,
    options: SessionOptions = {},
    read: ReadMetaGraph = readSignatures,
  ): Steps<Session> {
    const file = yield* ModelFile.reading(requireModelFile(directory));
    requireModelFiles(directory);
    const metaGraph = chooseMetaGraph(directory, yield* readingMetaGraphs(directory), tags);
    const chosen = tags ?? tagsOf(metaGraph);
    const api = nativeApi();
    const resources = new Resources();
    try {
      const native = yield* openingSession(api, resources, directory, chosen, metaGraph.graphDef, {
        ...options,
        fuse: options.fuse ?? suitsFusion(api, metaGraph),
      });
      yield* breathe();
      const graph = openGraph(metaGraph.graphDef);
      const variableHandles = findVariableHandles(metaGraph, graph);
      yield* breathe();
      const parts = { api, file, native, resources, metaGraph, graph, variableHandles };
      const session = new Session(directory, chosen, options, read, parts);
      collected.register(session, resources, session);
      releaseAtThreadEnd(resources, session);
      return session;
    } catch (error) {
      resources.releaseAll();
      throw error;
    }
  }

  /**
   * The operation of this name in the loaded graph, if there is one.
   *
   * @throws SavedModelError `DISPOSED`
   */
  operation(name: string): Pointer | null {
    if (this.#disposed) throw new SavedModelError("DISPOSED", "the model was disposed");
    return this.api.TF_GraphOperationByName(this.#graph, name);
  }

  /**
   * The operation of this name in the loaded graph, which another part of the model names.
   *
   * @throws SavedModelError `DISPOSED`; `MODEL_CORRUPT` when there is none
   */
  requireOperation(name: string): Pointer {
    const operation = this.operation(name);
    if (operation !== null) return operation;
    throw new SavedModelError("MODEL_CORRUPT", `the operation ${quote(name)} is not in the graph`);
  }

  /** Begins an operation that is to be added to the loaded graph. */
  newOperation(type: string, name: string): Pointer {
    return nonNull(this.api.TF_NewOperation(this.#graph, type, name), "operation");
  }

  /**
   * Returns true if running these operations may change variables, or anything else that outlives a run. The first call
   * reads the loaded graph.
   */
  writes(operations: readonly string[]): boolean {
    return this.#readEffects().writes(operations);
  }

  /** Returns true if these operations keep no input, and read no string: see `Effects`. */
  mayViewStrings(operations: readonly string[]): boolean {
    const effects = this.#readEffects();
    return effects.onlyMoves(operations) && effects.leavesNothing(operations);
  }

  #readEffects(): Effects {
    // Kept as long as the session: without the weights that a frozen graph has in its constants.
    this.#effects ??= readEffects(withoutConstants(this.graphDef()), listOperations(this.api));
    return this.#effects;
  }

  /** The RunOptions of runs on worker threads. */
  get workerRunOptions(): Pointer {
    this.#workerRunOptions ??= hasLargeStacks() ? this.runOptions : this.#newRunOptions(inOwnThreads(this.#runOptions));
    return this.#workerRunOptions;
  }

  #newRunOptions(bytes: Uint8Array): Pointer {
    const { api } = this;
    const buffer = nonNull(api.TF_NewBufferFromString(bytes, bytes.length), "buffer");
    this.own({ release: () => api.TF_DeleteBuffer(buffer) });
    return buffer;
  }

  /** A recording of runs with the options of this session. */
  newRecording(): Recording {
    return new Recording(this.api, this.#runOptions);
  }

  #giveValues(metaGraph: Message<"MetaGraphDef">, graph: GraphIndex): AbsentValues {
    try {
      runNow(copyFromSaved(this.graph, "load()", "unsaved"));
      return runNow(giveValues(this.graph, metaGraph, graph));
    } catch (cause) {
      if (cause instanceof SavedModelError && cause.code === "VARIABLES_NOT_FOUND") throw cause;
      const isRun = cause instanceof SavedModelError && cause.cause instanceof TensorFlowError;
      throw diagnoseLoadFailure(this.directory, this.tags, isRun && cause.code.startsWith("TF_") ? cause.cause : cause);
    }
  }

  /** Returns advice for a failed call that reads something which the model has no value for. */
  adviceFor(call: string): string | undefined {
    const found = [...this.#absent].find(([key]) => `${printable(key)}()` === call);
    return found && adviseOn(found[1]);
  }

  /** Returns the loaded graph, a GraphDef: the file may have changed since. */
  graphDef(): Uint8Array {
    const { api } = this;
    const buffer = nonNull(api.TF_NewBuffer(), "buffer");
    try {
      withStatus(api, (status) => api.TF_GraphToGraphDef(this.#graph, buffer, status));
      return bufferContents(api, buffer);
    } finally {
      api.TF_DeleteBuffer(buffer);
    }
  }

  /**
   * Releases native memory after the session, whose variables may still hold it. What the resource can reach must not
   * include the session, or it is never collected: mind that a closure keeps alive whatever the other closures of its
   * scope use.
   */
  own(resource: Resource): void {
    this.#resources.addFirst(resource);
  }

  /** A run on a worker thread begins: nothing is released until it has ended. */
  beginRun(): void {
    this.#runs++;
  }

  endRun(): void {
    this.#runs--;
    if (this.#disposed) this.#releaseUnused();
  }

  /**
   * Closes the session and releases its memory, as soon as no run on a worker thread uses it: the end of a `worker_threads`
   * thread disposes it in the middle of runs. Idempotent; never throws.
   */
  dispose(): void {
    this.#disposed = true;
    this.#releaseUnused();
  }

  #releaseUnused(): void {
    if (this.#runs > 0) return;
    collected.unregister(this);
    this.#resources.releaseAll();
  }
}
