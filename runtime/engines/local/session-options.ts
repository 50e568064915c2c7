import { checkFlag, checkOptions, checkThreads, invalidOption } from "../../base/check-options.js";
import { SavedModelError } from "../../base/errors.js";
import { firstLine, reasonOf } from "../../base/text.js";
import { decode, toNumber } from "../../saved-model/proto/decode.js";
import { CALLER_POOL, encodeRunOptions } from "./config-proto.js";

/** GPUs that a session may use, and the share of their memory. */
export interface GpuOptions {
  /** The numbers of the GPUs to use, in the order that makes the first `/device:GPU:0`. By default all of them. */
  readonly visibleDevices?: string | readonly number[];
  /** The part of each GPU's memory that TensorFlow takes, above 0 up to 1. By default it takes nearly all of it. */
  readonly memoryFraction?: number;
  /** Takes memory as it is needed instead of all at once. */
  readonly allowGrowth?: boolean;
}

/** Options for setting up and running TensorFlow's session; docs/options.md explains each. */
export interface SessionOptions {
  /**
   * Number of threads that one operation may be split over, 1 to 1024. By default as many as there are cores.
   *
   * TensorFlow makes these threads once per process, at the first load: a later load that asks for another number is
   * rejected.
   */
  readonly intraOpThreads?: number;
  /**
   * Number of operations of this model that may run at the same time, 1 to 1024, in their own threads. Implies
   * `scheduling: "pool"`.
   */
  readonly interOpThreads?: number;
  /**
   * Order and threads of operations: one after another in an order that is fixed beforehand (`"single-threaded"`), one after another
   * as their inputs become ready (`"caller"`), both in the calling thread, or in a pool of threads, where those that do
   * not depend on each other run at the same time (`"pool"`).
   *
   * By default `"single-threaded"`, the fastest, and `"caller"` for graphs that it cannot run. Only the other two record
   * the operations of a trace.
   */
  readonly scheduling?: Scheduling;
  /**
   * GPUs to use; `false` uses none. `true` and an object ask for a GPU: where TensorFlow finds none, the load throws
   * `GPU_NOT_FOUND`. By default TensorFlow takes all that it finds, or the CPU.
   */
  readonly gpu?: GpuOptions | boolean;
  /**
   * Fuses a matrix product or a convolution with what follows it, such as a bias and an activation (TensorFlow's remapper).
   * By default true, except where it costs more than it saves: for matrix products of a few rows, as far as the signatures
   * tell, on processors for which TensorFlow uses oneDNN. Results may differ in the last digits.
   */
  readonly fuse?: boolean;
  /** Compiles the graph with XLA, at the first calls. Slower for some models: measure. */
  readonly xla?: boolean;
  /** A serialized `ConfigProto` with settings that have no option here. It wins over the options. */
  readonly config?: Uint8Array;
  /** A serialized `RunOptions` for calls, with settings that have no option here. It wins over the options. */
  readonly runOptions?: Uint8Array;
  /**
   * Files of custom operations (shared libraries), loaded before the model: once per process, for all its models. A
   * relative path is looked for below the working directory, then below the package of the running program. Also names of
   * packs that `savedmodel install --with` has installed: `"tensorflow-text"`. By default those that the client was
   * generated with.
   */
  readonly opLibraries?: readonly string[];
}

/** See {@link SessionOptions.scheduling}. */
export type Scheduling = "single-threaded" | "caller" | "pool";

const SCHEDULINGS: readonly unknown[] = ["single-threaded", "caller", "pool"] satisfies readonly Scheduling[];

/** The names of the options of {@link SessionOptions}. */
export const SESSION_OPTIONS: readonly (keyof SessionOptions)[] = [
  "config",
  "fuse",
  "gpu",
  "interOpThreads",
  "intraOpThreads",
  "opLibraries",
  "runOptions",
  "scheduling",
  "xla",
];

const GPU_OPTIONS: readonly (keyof GpuOptions)[] = ["allowGrowth", "memoryFraction", "visibleDevices"];

/**
 * Rejects options that are of a wrong kind, or contradict each other.
 *
 * @param call for messages: `CustomModel.load()`
 * @throws SavedModelError `INVALID_OPTION`, naming the option and the allowed values
 */
export function checkSessionOptions(call: string, options: SessionOptions): void {
  const { config, fuse, gpu, interOpThreads, intraOpThreads, opLibraries, runOptions, scheduling, xla } = options;
  checkThreads(call, "intraOpThreads", intraOpThreads);
  checkThreads(call, "interOpThreads", interOpThreads);
  if (scheduling !== undefined && !SCHEDULINGS.includes(scheduling)) {
    throw invalidOption(call, "scheduling", '"single-threaded", "caller" or "pool"');
  }
  if (scheduling !== undefined && scheduling !== "pool" && interOpThreads !== undefined) {
    throw new SavedModelError(
      "INVALID_OPTION",
      `${call}: interOpThreads applies to scheduling "pool", and scheduling is "${scheduling}"`,
    );
  }
  if (gpu !== undefined && typeof gpu !== "boolean") checkGpu(call, gpu);
  checkFlag(call, "fuse", fuse);
  checkFlag(call, "xla", xla);
  checkMessage(call, "config", "ConfigProto", config);
  checkMessage(call, "runOptions", "RunOptions", runOptions);
  refuseIdleDeadline(call, options);
  if (opLibraries !== undefined && !isListOfPaths(opLibraries)) {
    throw invalidOption(call, "opLibraries", 'an array of paths, such as ["ops/libzero_out.so"]');
  }
}

function checkGpu(call: string, gpu: GpuOptions): void {
  if (typeof gpu !== "object" || gpu === null || Array.isArray(gpu)) {
    throw invalidOption(call, "gpu", "true, false, or an object such as { allowGrowth: true }");
  }
  checkOptions(`${call}: gpu`, gpu, GPU_OPTIONS);
  const { allowGrowth, memoryFraction, visibleDevices } = gpu;
  checkFlag(call, "gpu.allowGrowth", allowGrowth);
  if (
    memoryFraction !== undefined &&
    !(typeof memoryFraction === "number" && memoryFraction > 0 && memoryFraction <= 1)
  ) {
    throw invalidOption(call, "gpu.memoryFraction", "a number above 0, up to 1");
  }
  if (visibleDevices !== undefined && !isDeviceList(visibleDevices)) {
    // An empty list means all of them to TensorFlow, which is not what it says.
    throw invalidOption(
      call,
      "gpu.visibleDevices",
      'distinct GPU numbers, such as [0, 1] or "0,1"; use `gpu: false` for none',
    );
  }
}

function isDeviceList(devices: unknown): boolean {
  if (typeof devices !== "string" && !Array.isArray(devices)) return false;
  const numbers: readonly string[] = typeof devices === "string" ? devices.split(",") : devices.map(String);
  return (
    numbers.every((number) => /^\d{1,4}$/.test(number)) &&
    new Set(numbers.map(Number)).size === numbers.length &&
    numbers.length > 0
  );
}

function checkMessage(call: string, option: string, message: "ConfigProto" | "RunOptions", bytes: unknown): void {
  if (bytes === undefined) return;
  if (!(bytes instanceof Uint8Array)) throw invalidOption(call, option, `a Uint8Array, a serialized ${message}`);
  try {
    decode(message, bytes);
  } catch (cause) {
    throw brokenMessage(call, option, message, cause);
  }
}

/** Operations that run in the calling thread end before TensorFlow looks at the time: a deadline would do nothing. */
function refuseIdleDeadline(call: string, options: SessionOptions): void {
  const { timeoutInMs, interOpThreadPool } = decode("RunOptions", encodeRunOptions(options));
  const { operationTimeoutInMs } = decode("ConfigProto", options.config ?? new Uint8Array());
  if (interOpThreadPool !== CALLER_POOL) return;
  const option = toNumber(timeoutInMs) > 0 ? "runOptions.timeout_in_ms" : "config.operation_timeout_in_ms";
  if (toNumber(timeoutInMs) <= 0 && toNumber(operationTimeoutInMs) <= 0) return;
  throw new SavedModelError(
    "INVALID_OPTION",
    `${call}: ${option} has no effect where operations run in the calling thread, the default`,
    {
      fix: 'Set `scheduling: "pool"`, or pass `AbortSignal.timeout(ms)` to asynchronous calls.',
    },
  );
}

/** The error for bytes that are not the message that they should be. */
export function brokenMessage(call: string, option: string, message: string, cause: unknown): SavedModelError {
  const text = `${call}: ${option} is not a serialized ${message}: ${firstLine(reasonOf(cause))}`;
  return new SavedModelError("INVALID_OPTION", text, { cause });
}

function isListOfPaths(paths: unknown): boolean {
  return Array.isArray(paths) && paths.every((path) => typeof path === "string" && path !== "" && !path.includes("\0"));
}
