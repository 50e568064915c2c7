import { Lane, type LaneOptions } from "./async/lane.js";
import { encodeRunOptions } from "./config.js";
import { prepareCopies } from "./copy-variables.js";
import type { SignatureDescription } from "./description.js";
import { type Effects, readEffects } from "./effects.js";
import { SavedModelError } from "./errors.js";
import { diagnoseLoadFailure, requireVariables } from "./load-errors.js";
import { ModelFile } from "./model-file.js";
import { type NativeApi, nativeApi, nonNull } from "./native/api.js";
import type { Pointer } from "./native/ffi.js";
import { openSession, type Resource } from "./open-session.js";
import type { Message } from "./proto/decode.js";
import { Recording } from "./recording.js";
import { chooseMetaGraph, readMetaGraphs, requireModelFile } from "./saved-model-file.js";
import type { SessionOptions } from "./session-options.js";
import { readSignatures } from "./signatures.js";
import { findSplitVariables, type SplitVariable } from "./split-variables.js";

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
  /** Sorted by key, with the tensors that they mean in the graph that was loaded. */
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
  readonly #splitVariables: readonly SplitVariable[];
  readonly #resources: Resources;
  #copyToSaved: (() => void) | undefined;
  #effects: Effects | undefined;
  #disposed = false;

  /**
   * Loads a SavedModel and restores its variables.
   *
   * @throws SavedModelError `MODEL_NOT_FOUND`, `NOT_A_SAVED_MODEL`, `MODEL_FORMAT_UNSUPPORTED`, `MODEL_CORRUPT`,
   * `TAGS_NOT_FOUND`, `VARIABLES_NOT_FOUND`, `OP_LIBRARY_INVALID`, `OP_NOT_REGISTERED`, `LOAD_FAILED`, `INVALID_OPTION`, or
   * an error of the library
   */
  constructor(directory: string, tags: readonly string[], options: LaneOptions & SessionOptions = {}) {
    this.directory = directory;
    this.tags = tags;
    this.lane = new Lane(options);
    this.file = new ModelFile(requireModelFile(directory));
    this.api = nativeApi();
    this.#resources = new Resources();
    try {
      const native = openSession(this.api, this.#resources, directory, tags, options);
      this.handle = native.session;
      this.runOptions = native.runOptions;
      this.#runOptions = encodeRunOptions(options);
      this.#graph = native.graph;
      requireVariables(directory, native.metaGraph);
      this.signatures = readSignatures(native.metaGraph);
      this.saver = native.metaGraph.saverDef;
      this.#splitVariables = findSplitVariables(native.metaGraph);
      this.#copyFromSaved();
    } catch (error) {
      this.#resources.releaseAll();
      throw error;
    }
    collected.register(this, this.#resources, this);
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

  /** Begins an operation that is to be added to the loaded graph. */
  newOperation(type: string, name: string): Pointer {
    return nonNull(this.api.TF_NewOperation(this.#graph, type, name), "operation");
  }

  /**
   * Whether running these operations may change variables, or anything else that outlives a run. The graph is read for it
   * at the first question; a file that has changed since it was loaded cannot tell, and then everything may.
   */
  writes(operations: readonly string[]): boolean {
    this.#effects ??= this.#readEffects();
    return this.#effects.writes(operations);
  }

  #readEffects(): Effects {
    if (!this.file.isUnchanged) return { writes: () => true };
    const metaGraph = chooseMetaGraph(this.directory, readMetaGraphs(this.directory), this.tags);
    return readEffects(this.api, metaGraph.graphDef);
  }

  /** A recording of runs with the options of this session. */
  newRecording(): Recording {
    return new Recording(this.api, this.#runOptions);
  }

  /** Gives variables that checkpoints hold the values of the ones that signatures work on, where these are not the same. */
  copyToSaved(): void {
    this.#copyToSaved ??= prepareCopies(
      this,
      this.#splitVariables.map(({ used, saved }) => ({ from: used, to: saved })),
    );
    this.#copyToSaved();
  }

  /** The loader has restored what checkpoints hold; a variable that only signatures work on has no value yet. */
  #copyFromSaved(): void {
    const empty = this.#splitVariables.filter(({ isUsedSaved }) => !isUsedSaved);
    const copies = empty.map(({ used, saved }) => ({ from: saved, to: used }));
    try {
      prepareCopies(this, copies)();
    } catch (cause) {
      throw diagnoseLoadFailure(this.directory, this.tags, cause);
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
    this.lane.close(new SavedModelError("DISPOSED", "the model was disposed before the call had begun"));
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
