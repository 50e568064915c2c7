import { SavedModelError } from "../../base/errors.js";
import { printable, quote } from "../../base/text.js";
import { Lane, type LaneOptions } from "../../queue/read-write-queue.js";
import type { SignatureDescription } from "../../saved-model/description.js";
import { type Effects, readEffects } from "../../saved-model/effects/write-effects.js";
import { ModelFile } from "../../saved-model/files/model-file.js";
import { requireModelFile, requireModelFiles } from "../../saved-model/files/saved-model-file.js";
import { findVariableHandles, type VariableHandles } from "../../saved-model/graph/duplicated-variables.js";
import { type GraphIndex, openGraph } from "../../saved-model/graph/graph.js";
import type { Message } from "../../saved-model/proto/decode.js";
import { readSignatures } from "../../saved-model/signatures.js";
import { prepareCopies } from "../graph/copy-variables.js";
import { type AbsentValues, adviseOn, giveValues } from "../graph/initial-values/give-values.js";
import { encodeRunOptions } from "./config-proto.js";
import { diagnoseLoadFailure, requireVariables } from "./load-errors.js";
import { bufferContents } from "./native/buffer.js";
import { type NativeApi, nativeApi, nonNull } from "./native/c-api.js";
import type { Pointer } from "./native/c-functions.js";
import { withStatus } from "./native/status.js";
import { openSession, type Resource } from "./open-session.js";
import { forgetAtThreadEnd, releaseAtThreadEnd } from "./run/thread-end.js";
import { hasLargeStacks, inOwnThreads } from "./run/thread-stacks.js";
import type { SessionOptions } from "./session-options.js";
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

/** A model in TensorFlow's memory: the graph, its session, and the variables that live in it. */
export class Session {
  readonly api: NativeApi;
  readonly directory: string;
  readonly tags: readonly string[];
  /** As they were read, sorted by key, with the tensors that they mean in the graph that was loaded. */
  readonly signatures: readonly SignatureDescription[];
  /** How the model saves its variables, if it can. */
  readonly saver: Message<"SaverDef"> | null;
  /** The `saved_model.pb` that was loaded. */
  readonly file: ModelFile;
  readonly handle: Pointer;
  readonly runOptions: Pointer;
  /** Where synchronous runs are recorded, while a trace is taken. */
  recording: Recording | undefined;
  /** The runs on worker threads. */
  readonly lane: Lane;
  readonly #graph: Pointer;
  /** What `runOptions` points to. */
  readonly #runOptions: Uint8Array;
  readonly variableHandles: VariableHandles;
  /** What the model says of its objects, a SavedObjectGraph; empty for models of TensorFlow 1. */
  readonly objectGraph: Uint8Array;
  readonly collections: Message<"MetaGraphDef">["collectionDef"];
  readonly #resources: Resources;
  #workerRunOptions: Pointer | undefined;
  #copyToSaved: (() => void) | undefined;
  readonly #copyFromSaved: { all?: () => void; unsaved?: () => void } = {};
  #effects: Effects | undefined;
  #absent: AbsentValues = new Map();
  #disposed = false;
  /** Set where a `using` declaration disposes it. */
  isScopeEnded = false;

  /**
   * Loads a SavedModel and restores its variables.
   *
   * @param read how its signatures are read: as they are in the file, or as their authors wrote them
   * @throws SavedModelError `MODEL_NOT_FOUND`, `NOT_A_SAVED_MODEL`, `MODEL_FORMAT_UNSUPPORTED`, `MODEL_CORRUPT`,
   * `TAGS_NOT_FOUND`, `VARIABLES_NOT_FOUND`, `OP_LIBRARY_INVALID`, `OP_NOT_REGISTERED`, `LOAD_FAILED`, `INVALID_OPTION`, or
   * an error of the library
   */
  constructor(
    directory: string,
    tags: readonly string[],
    options: LaneOptions & SessionOptions = {},
    read: (metaGraph: Message<"MetaGraphDef">) => readonly SignatureDescription[] = readSignatures,
  ) {
    this.directory = directory;
    this.tags = tags;
    this.lane = new Lane(options);
    this.file = new ModelFile(requireModelFile(directory));
    requireModelFiles(directory);
    this.api = nativeApi();
    this.#resources = new Resources();
    try {
      const native = openSession(this.api, this.#resources, directory, tags, options);
      this.handle = native.session;
      this.runOptions = native.runOptions;
      this.#runOptions = encodeRunOptions(options);
      this.#graph = native.graph;
      requireVariables(directory, native.metaGraph);
      this.signatures = read(native.metaGraph);
      this.saver = native.metaGraph.saverDef;
      const graph = openGraph(native.metaGraph.graphDef);
      this.variableHandles = findVariableHandles(native.metaGraph, graph);
      // Copies: the decoder's views would keep the whole graph in memory.
      this.objectGraph = new Uint8Array(native.metaGraph.objectGraphDef);
      this.collections = native.metaGraph.collectionDef.map(({ key, value }) => ({
        key,
        value: new Uint8Array(value),
      }));
      this.#absent = this.#giveValues(native.metaGraph, graph);
    } catch (error) {
      this.#resources.releaseAll();
      throw error;
    }
    collected.register(this, this.#resources, this);
    releaseAtThreadEnd(this.#resources, this);
  }

  get disposed(): boolean {
    return this.#disposed;
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
   * Whether running these operations may change variables, or anything else that outlives a run. The loaded graph is read for
   * it at the first question.
   */
  writes(operations: readonly string[]): boolean {
    this.#effects ??= readEffects(this.api, this.graphDef());
    return this.#effects.writes(operations);
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

  /** Gives variables that checkpoints hold the values of the ones that signatures work on, where these are not the same. */
  copyToSaved(): void {
    const { split } = this.variableHandles;
    this.#copyToSaved ??= prepareCopies(
      this,
      "to_saved",
      split.filter(({ isSavedUsed }) => !isSavedUsed).map(({ used, saved }) => ({ from: used, to: saved })),
    );
    this.#copyToSaved();
  }

  /**
   * Gives variables that signatures work on the values of those that checkpoints hold in their place.
   *
   * @param which `all`, or those that no checkpoint holds under another key, which have no other way to a value
   */
  copyFromSaved(which: "all" | "unsaved"): void {
    const { split } = this.variableHandles;
    this.#copyFromSaved[which] ??= prepareCopies(
      this,
      `from_saved_${which}`,
      split
        .filter(({ isUsedSaved }) => which === "all" || !isUsedSaved)
        .map(({ used, saved }) => ({ from: saved, to: used })),
    );
    this.#copyFromSaved[which]?.();
  }

  #giveValues(metaGraph: Message<"MetaGraphDef">, graph: GraphIndex): AbsentValues {
    try {
      this.copyFromSaved("unsaved");
      return giveValues(this, metaGraph, graph);
    } catch (cause) {
      if (cause instanceof SavedModelError && cause.code === "VARIABLES_NOT_FOUND") throw cause;
      throw diagnoseLoadFailure(this.directory, this.tags, cause);
    }
  }

  /** What to do about a failed call, where the model has no value for something that the call reads. */
  adviceFor(call: string): string | undefined {
    const found = [...this.#absent].find(([key]) => `${printable(key)}()` === call);
    return found && adviseOn(found[1]);
  }

  /** The loaded graph, a GraphDef: what is in the file now may be another. */
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
   * Has native memory released after the session, whose variables may still hold it. What the resource can reach must not
   * include the session, or it is never collected: mind that a closure keeps alive whatever the other closures of its
   * scope use.
   */
  own(resource: Resource): void {
    this.#resources.addFirst(resource);
  }

  /**
   * Closes the session and releases its memory, as soon as no worker uses it any more. Calls that wait for a worker are
   * refused. Idempotent; never throws.
   */
  dispose(): void {
    this.#disposed = true;
    this.lane.close(new SavedModelError("DISPOSED", "the model was disposed before the call started"));
    this.lane.whenIdle(() => this.#release());
  }

  /** Takes no more calls, and releases the session when those that were accepted have ended. Never rejects. */
  close(): Promise<void> {
    this.#disposed = true;
    return new Promise((resolve) => {
      this.lane.whenIdle(() => {
        this.#release();
        resolve();
      });
    });
  }

  #release(): void {
    this.lane.close(new SavedModelError("DISPOSED", "the model was disposed"));
    collected.unregister(this);
    this.#resources.releaseAll();
  }
}
