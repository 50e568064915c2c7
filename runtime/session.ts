import { prepareCopies } from "./copy-variables.js";
import type { SignatureDescription } from "./description.js";
import { SavedModelError } from "./errors.js";
import { diagnoseLoadFailure, requireVariables } from "./load-errors.js";
import { ModelFile } from "./model-file.js";
import { type NativeApi, nativeApi, nonNull } from "./native/api.js";
import type { Pointer } from "./native/ffi.js";
import { withStatus } from "./native/status.js";
import { decode, type Message } from "./proto/decode.js";
import { requireModelFile } from "./saved-model-file.js";
import { readSignatures } from "./signatures.js";
import { findSplitVariables, type SplitVariable } from "./split-variables.js";

/** ConfigProto { allow_soft_placement: true }: models exported for a GPU then load where there is none. */
const CONFIG: Uint8Array = Uint8Array.of(0x38, 0x01);

/**
 * RunOptions { inter_op_thread_pool: -1 }: operations run in the calling thread. It more than halves the latency of small
 * graphs, and kernels still split large operations over the intra-op threads.
 */
const RUN_OPTIONS: Uint8Array = Uint8Array.of(0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);

/** Something that holds native memory. */
interface Resource {
  release(): void;
}

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
  readonly #graph: Pointer;
  readonly #splitVariables: readonly SplitVariable[];
  readonly #resources: Resources;
  #copyToSaved: (() => void) | undefined;
  #disposed = false;

  /**
   * Loads a SavedModel and restores its variables.
   *
   * @throws SavedModelError `MODEL_NOT_FOUND`, `NOT_A_SAVED_MODEL`, `MODEL_FORMAT_UNSUPPORTED`, `MODEL_CORRUPT`,
   * `TAGS_NOT_FOUND`, `VARIABLES_NOT_FOUND`, `OP_NOT_REGISTERED`, `LOAD_FAILED`, or an error of the library
   */
  constructor(directory: string, tags: readonly string[]) {
    this.directory = directory;
    this.tags = tags;
    this.file = new ModelFile(requireModelFile(directory));
    this.api = nativeApi();
    this.#resources = new Resources();
    try {
      const native = load(this.api, this.#resources, directory, tags);
      this.handle = native.session;
      this.runOptions = native.runOptions;
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

  /** Closes the session and releases its memory. Idempotent; never throws. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    collected.unregister(this);
    this.#resources.releaseAll();
  }
}

interface Loaded {
  readonly graph: Pointer;
  readonly session: Pointer;
  readonly runOptions: Pointer;
  readonly metaGraph: Message<"MetaGraphDef">;
}

function load(api: NativeApi, resources: Resources, directory: string, tags: readonly string[]): Loaded {
  const graph = nonNull(api.TF_NewGraph(), "graph");
  resources.add({ release: () => api.TF_DeleteGraph(graph) });
  const runOptions = nonNull(api.TF_NewBufferFromString(RUN_OPTIONS, RUN_OPTIONS.length), "buffer");
  resources.add({ release: () => api.TF_DeleteBuffer(runOptions) });
  const options = nonNull(api.TF_NewSessionOptions(), "session options");
  const buffer = nonNull(api.TF_NewBuffer(), "buffer");
  try {
    withStatus(api, (status) => api.TF_SetConfig(options, CONFIG, CONFIG.length, status));
    const handle = withStatus(api, (status) =>
      api.TF_LoadSessionFromSavedModel(options, runOptions, directory, tags, tags.length, graph, buffer, status),
    );
    const session = nonNull(handle, "session");
    resources.add({ release: () => close(api, session) });
    return { graph, session, runOptions, metaGraph: decode("MetaGraphDef", contents(api, buffer)) };
  } catch (cause) {
    throw diagnoseLoadFailure(directory, tags, cause);
  } finally {
    api.TF_DeleteBuffer(buffer);
    api.TF_DeleteSessionOptions(options);
  }
}

/** A copy of what a TF_Buffer holds: `struct { const void *data; size_t length; … }` (tensorflow/c/tf_buffer.h). */
function contents(api: NativeApi, buffer: Pointer): Uint8Array {
  const header = new BigUint64Array(2);
  api.memcpy(header, buffer, header.byteLength);
  const [data = 0n, length = 0n] = header;
  const bytes = new Uint8Array(Number(length));
  if (length > 0n) api.memcpy(bytes, data, bytes.length);
  return bytes;
}

function close(api: NativeApi, handle: Pointer): void {
  const status = nonNull(api.TF_NewStatus(), "status");
  api.TF_CloseSession(handle, status);
  api.TF_DeleteSession(handle, status);
  api.TF_DeleteStatus(status);
}
