import { type Steps, step } from "../../base/steps.js";
import { reasonOf } from "../../base/text.js";
import { decode, type Message } from "../../saved-model/proto/decode.js";
import { encodeConfig, encodeRunOptions } from "./config-proto.js";
import { requireIntraOpThreads } from "./intra-op-threads.js";
import { diagnoseLoadFailure } from "./load-errors.js";
import { readingBuffer } from "./native/buffer.js";
import { type NativeApi, nonNull } from "./native/c-api.js";
import type { Pointer } from "./native/c-functions.js";
import { Status, withStatus } from "./native/status.js";
import { loadOpLibraries } from "./op-library.js";
import { onWorker } from "./run/thread-pool.js";
import { hasLargeStacks } from "./run/thread-stacks.js";
import { brokenMessage, type SessionOptions } from "./session-options.js";

/** Something that holds native memory. */
export interface Resource {
  release(): void;
}

/** Parts of a session. */
export interface OpenedSession {
  readonly graph: Pointer;
  readonly session: Pointer;
  /** The RunOptions of calls. */
  readonly runOptions: Pointer;
  readonly metaGraph: Message<"MetaGraphDef">;
}

/**
 * Loads a SavedModel with TensorFlow.
 *
 * @param resources receives everything that is to be released, in the order of creation, also when this throws
 */
export function* openingSession(
  api: NativeApi,
  resources: { add(resource: Resource): void },
  directory: string,
  tags: readonly string[],
  options: SessionOptions,
): Steps<OpenedSession> {
  const config = encodeConfig(options);
  const noteIntraOpThreads = requireIntraOpThreads(config);
  loadOpLibraries(api, options.opLibraries ?? []);
  const graph = nonNull(api.TF_NewGraph(), "graph");
  resources.add({ release: () => api.TF_DeleteGraph(graph) });
  allowMissingShapeFunctions(api, graph);
  const runOptions = newBuffer(api, encodeRunOptions(options));
  resources.add({ release: () => api.TF_DeleteBuffer(runOptions) });
  const temporary: Resource[] = [];
  try {
    const buffer = nonNull(api.TF_NewBuffer(), "buffer");
    temporary.push({ release: () => api.TF_DeleteBuffer(buffer) });
    // A time limit that is meant for calls does not limit reading variables.
    const loadRunOptions = newBuffer(api, encodeRunOptions({}));
    temporary.push({ release: () => api.TF_DeleteBuffer(loadRunOptions) });
    const sessionOptions = nonNull(api.TF_NewSessionOptions(), "session options");
    temporary.push({ release: () => api.TF_DeleteSessionOptions(sessionOptions) });
    setConfig(api, sessionOptions, config);
    const session = yield* loadingModel(api, directory, tags, [sessionOptions, loadRunOptions, graph, buffer]);
    resources.add({ release: () => close(api, session) });
    noteIntraOpThreads();
    if (options.runOptions !== undefined) requireRunOptions(api, session, runOptions);
    return { graph, session, runOptions, metaGraph: yield* readingMetaGraph(api, buffer, directory, tags) };
  } finally {
    for (const { release } of temporary) release();
  }
}

let setRequireShapeFunctions: ((graph: Pointer, required: boolean) => unknown) | undefined;

/** Lets a graph have operations without a shape function, as Python does: custom ones are often written without. */
function allowMissingShapeFunctions({ library }: NativeApi, graph: Pointer): void {
  // Declared in tensorflow/c/python_api.h, without which a library may be built.
  const NAME = "TF_SetRequireShapeInferenceFns";
  if (!library.has(NAME)) return;
  setRequireShapeFunctions ??= library.find(NAME).func(NAME, "void", ["void *" /* graph */, "bool"]);
  setRequireShapeFunctions(graph, false);
}

function newBuffer(api: NativeApi, bytes: Uint8Array): Pointer {
  return nonNull(api.TF_NewBufferFromString(bytes, bytes.length), "buffer");
}

function setConfig(api: NativeApi, sessionOptions: Pointer, config: Uint8Array): void {
  try {
    withStatus(api, (status) => api.TF_SetConfig(sessionOptions, config, config.length, status));
  } catch (cause) {
    throw brokenMessage("load()", "config", "ConfigProto", cause);
  }
}

function* loadingModel(
  api: NativeApi,
  directory: string,
  tags: readonly string[],
  [sessionOptions, runOptions, graph, buffer]: readonly [Pointer, Pointer, Pointer, Pointer],
): Steps<Pointer> {
  const load = (status: Pointer): Parameters<NativeApi["TF_LoadSessionFromSavedModel"]> => [
    sessionOptions,
    runOptions,
    directory,
    tags,
    tags.length,
    graph,
    buffer,
    status,
  ];
  const now = (): Pointer | null => withStatus(api, (status) => api.TF_LoadSessionFromSavedModel(...load(status)));
  try {
    // The load runs on the stack of the thread.
    const later = hasLargeStacks() ? () => onWorker(() => loadLater(api, load)) : async () => now();
    return nonNull(yield* step(now, later), "session");
  } catch (cause) {
    throw diagnoseLoadFailure(directory, tags, cause);
  }
}

async function loadLater(
  api: NativeApi,
  load: (status: Pointer) => Parameters<NativeApi["TF_LoadSessionFromSavedModel"]>,
): Promise<Pointer | null> {
  const status = new Status(api);
  try {
    const session = await new Promise<Pointer | null>((resolve, reject) => {
      api.loadSessionOnWorker(...load(status.pointer), (error, session) => (error ? reject(error) : resolve(session)));
    });
    status.check();
    return session;
  } finally {
    status.delete();
  }
}

function* readingMetaGraph(
  api: NativeApi,
  buffer: Pointer,
  directory: string,
  tags: readonly string[],
): Steps<Message<"MetaGraphDef">> {
  try {
    return decode("MetaGraphDef", yield* readingBuffer(api, buffer));
  } catch (cause) {
    throw diagnoseLoadFailure(directory, tags, cause);
  }
}

/** TensorFlow reads RunOptions at each run: a run of nothing tells whether it can, before it says that it is of nothing. */
function requireRunOptions(api: NativeApi, session: Pointer, runOptions: Pointer): void {
  try {
    withStatus(api, (status) =>
      api.TF_SessionRun(session, runOptions, null, null, 0, null, null, 0, null, 0, null, status),
    );
  } catch (cause) {
    if (/unparseable/i.test(reasonOf(cause))) throw brokenMessage("load()", "runOptions", "RunOptions", cause);
  }
}

function close(api: NativeApi, handle: Pointer): void {
  const status = nonNull(api.TF_NewStatus(), "status");
  api.TF_CloseSession(handle, status);
  api.TF_DeleteSession(handle, status);
  api.TF_DeleteStatus(status);
}
