import { type Steps, step } from "../../base/steps.js";
import { reasonOf } from "../../base/text.js";
import { encodeConfig, encodeRunOptions } from "./config-proto.js";
import { listDevices, requireGpu } from "./devices.js";
import { requireIntraOpThreads } from "./intra-op-threads.js";
import { diagnoseLoadFailure } from "./load-errors.js";
import { type NativeApi, nonNull } from "./native/c-api.js";
import type { Pointer } from "./native/c-functions.js";
import { Status, withStatus } from "./native/status.js";
import { loadOpLibraries } from "./op-library.js";
import { onWorker } from "./run/thread-pool.js";
import { hasLargeStacks } from "./run/thread-stacks.js";
import { chooseSchedule, IN_CALLER, isRejectedBySingleThread, type Schedule, typesOf } from "./scheduling.js";
import { brokenMessage, type SessionOptions } from "./session-options.js";

/** Something that holds native memory. */
export interface Resource {
  release(): void;
}

interface Resources {
  add(resource: Resource): void;
  releaseAll(): void;
}

/** Parts of a session. */
export interface OpenedSession extends Schedule {
  readonly graph: Pointer;
  readonly session: Pointer;
  /** The RunOptions of calls. */
  readonly runOptions: Pointer;
}

/** True once a session found something other than a CPU: TensorFlow then splits graphs between devices. */
let hasAccelerator = false;

/**
 * Loads a SavedModel with TensorFlow.
 *
 * @param graphDef the graph of the meta graph, as it is in the file
 * @param resources receives everything that is to be released, in the order of creation, also when this throws
 * @throws SavedModelError `GPU_NOT_FOUND` if the options ask for a GPU, and there is none
 */
export function* openingSession(...parameters: Parameters<typeof openingScheduled>): Steps<OpenedSession> {
  const opened = yield* openingScheduled(...parameters);
  const [api, , , , , { gpu }] = parameters;
  if (gpu !== undefined && gpu !== false) requireGpu(api, opened.session);
  return opened;
}

/** Where the scheduling is left to this package and turns out not to suit the devices, the model is loaded again. */
function* openingScheduled(
  api: NativeApi,
  resources: Resources,
  directory: string,
  tags: readonly string[],
  graphDef: Uint8Array,
  options: SessionOptions,
): Steps<OpenedSession> {
  const open = (schedule: Schedule): Steps<OpenedSession> =>
    opening(api, resources, directory, tags, graphDef, { ...options, scheduling: schedule.scheduling }, schedule);
  if (options.scheduling === undefined && hasAccelerator && options.gpu !== false) return yield* open(IN_CALLER);
  const schedule = chooseSchedule(directory, graphDef, options);
  if (options.scheduling !== undefined || schedule.scheduling !== "single-threaded") return yield* open(schedule);
  try {
    const opened = yield* open(schedule);
    const devices = listDevices(api, opened.session);
    if (devices.length === 1) return opened;
    hasAccelerator ||= devices.some(({ type }) => type !== "CPU");
  } catch (error) {
    if (!isRejectedBySingleThread(error)) throw error;
  }
  resources.releaseAll();
  return yield* open(IN_CALLER);
}

function* opening(
  api: NativeApi,
  resources: Resources,
  directory: string,
  tags: readonly string[],
  graphDef: Uint8Array,
  options: SessionOptions,
  schedule: Schedule,
): Steps<OpenedSession> {
  const config = encodeConfig(options);
  const noteIntraOpThreads = requireIntraOpThreads(config);
  loadOpLibraries(api, options.opLibraries ?? [], () => typesOf(graphDef));
  const graph = nonNull(api.TF_NewGraph(), "graph");
  resources.add({ release: () => api.TF_DeleteGraph(graph) });
  allowMissingShapeFunctions(api, graph);
  const runOptions = newBuffer(api, encodeRunOptions(options));
  resources.add({ release: () => api.TF_DeleteBuffer(runOptions) });
  const temporary: Resource[] = [];
  try {
    // A time limit that is meant for calls does not limit reading variables.
    const loadRunOptions = newBuffer(api, encodeRunOptions({}));
    temporary.push({ release: () => api.TF_DeleteBuffer(loadRunOptions) });
    const sessionOptions = nonNull(api.TF_NewSessionOptions(), "session options");
    temporary.push({ release: () => api.TF_DeleteSessionOptions(sessionOptions) });
    setConfig(api, sessionOptions, config);
    const session = yield* loadingModel(api, directory, tags, [sessionOptions, loadRunOptions, graph]);
    resources.add({ release: () => close(api, session) });
    noteIntraOpThreads();
    if (options.runOptions !== undefined) requireRunOptions(api, session, runOptions);
    return { ...schedule, graph, session, runOptions };
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
  [sessionOptions, runOptions, graph]: readonly [Pointer, Pointer, Pointer],
): Steps<Pointer> {
  const load = (status: Pointer): Parameters<NativeApi["TF_LoadSessionFromSavedModel"]> => [
    sessionOptions,
    runOptions,
    directory,
    tags,
    tags.length,
    graph,
    // The meta graph was read from the file: another copy would be made for nothing.
    null,
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
