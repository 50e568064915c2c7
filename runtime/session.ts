import { statSync } from "node:fs";
import { SavedModelError } from "./errors.js";
import { diagnoseLoadFailure, requireVariables } from "./load-errors.js";
import { type NativeApi, nativeApi, nonNull } from "./native/api.js";
import type { Pointer } from "./native/ffi.js";
import { withStatus } from "./native/status.js";
import { decode, type Message } from "./proto/decode.js";
import { requireModelFile } from "./saved-model-file.js";
import { printable } from "./text.js";

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
  /** The meta graph that was loaded: the authority on which tensors a signature means. */
  readonly metaGraph: Message<"MetaGraphDef">;
  readonly handle: Pointer;
  readonly runOptions: Pointer;
  readonly #graph: Pointer;
  readonly #file: { readonly path: string; stamp: string };
  readonly #resources: Resources;
  #disposed = false;

  /**
   * Loads a SavedModel and restores its variables.
   *
   * @throws SavedModelError `MODEL_NOT_FOUND`, `NOT_A_SAVED_MODEL`, `MODEL_FORMAT_UNSUPPORTED`, `MODEL_CORRUPT`,
   * `TAGS_NOT_FOUND`, `VARIABLES_NOT_FOUND`, `OP_NOT_REGISTERED`, `LOAD_FAILED`, or an error of the library
   */
  constructor(directory: string, tags: readonly string[]) {
    const file = requireModelFile(directory);
    const stamp = stampOf(file);
    const api = nativeApi();
    const resources = new Resources();
    try {
      const graph = nonNull(api.TF_NewGraph(), "graph");
      resources.add({ release: () => api.TF_DeleteGraph(graph) });
      const runOptions = nonNull(api.TF_NewBufferFromString(RUN_OPTIONS, RUN_OPTIONS.length), "buffer");
      resources.add({ release: () => api.TF_DeleteBuffer(runOptions) });
      const buffer = nonNull(api.TF_NewBuffer(), "buffer");
      resources.add({ release: () => api.TF_DeleteBuffer(buffer) });
      const handle = load(api, { graph, runOptions, buffer }, directory, tags);
      resources.add({ release: () => close(api, handle) });
      this.handle = handle;
      this.metaGraph = decode("MetaGraphDef", contents(api, buffer));
      requireVariables(directory, this.metaGraph);
      this.runOptions = runOptions;
      this.#graph = graph;
    } catch (error) {
      resources.releaseAll();
      throw error;
    }
    this.api = api;
    this.directory = directory;
    this.tags = tags;
    this.#file = { path: file, stamp };
    this.#resources = resources;
    collected.register(this, resources, this);
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** The operation of this name in the loaded graph, if there is one. */
  operation(name: string): Pointer | null {
    return this.api.TF_GraphOperationByName(this.#graph, name);
  }

  /**
   * Refuses to go on when `saved_model.pb` is no longer the file that was loaded.
   *
   * @throws SavedModelError `SAVE_FAILED`
   */
  requireUnchangedFile(): void {
    const { path, stamp } = this.#file;
    if (stampOf(path) === stamp) return;
    throw new SavedModelError("SAVE_FAILED", `${printable(path, 500)} has changed or gone since it was loaded`, {
      fix: "Saving copies the graph from there: put the loaded model back, or load the new one.",
    });
  }

  /** Takes the file that is there now for the one that was loaded: this session has saved itself over it. */
  acceptFile(): void {
    this.#file.stamp = stampOf(this.#file.path);
  }

  /**
   * Has native memory released together with the session. What the resource can reach must not include the session, or it
   * is never collected: mind that a closure keeps alive whatever the other closures of its scope use.
   */
  own(resource: Resource): void {
    this.#resources.add(resource);
  }

  /** Closes the session and releases its memory. Idempotent; never throws. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    collected.unregister(this);
    this.#resources.releaseAll();
  }
}

function load(
  api: NativeApi,
  { graph, runOptions, buffer }: { graph: Pointer; runOptions: Pointer; buffer: Pointer },
  directory: string,
  tags: readonly string[],
): Pointer {
  const options = nonNull(api.TF_NewSessionOptions(), "session options");
  try {
    withStatus(api, (status) => api.TF_SetConfig(options, CONFIG, CONFIG.length, status));
    const handle = withStatus(api, (status) =>
      api.TF_LoadSessionFromSavedModel(options, runOptions, directory, tags, tags.length, graph, buffer, status),
    );
    return nonNull(handle, "session");
  } catch (cause) {
    throw diagnoseLoadFailure(directory, tags, cause);
  } finally {
    api.TF_DeleteSessionOptions(options);
  }
}

/** Tells one version of a file from another; empty when it is gone. */
function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? "" : [stat.ino, stat.size, stat.mtimeNs].join();
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
