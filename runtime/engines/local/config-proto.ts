import protobuf, { type Writer } from "protobufjs/light.js";
import type { GpuOptions, SessionOptions } from "./session-options.js";

// Fields of ConfigProto, GPUOptions, GraphOptions, OptimizerOptions and RunOptions (tensorflow/core/protobuf/config.proto).
const CONFIG_DEVICE_COUNT = delimited(1);
const CONFIG_INTRA_OP_THREADS = varint(2);
const CONFIG_INTER_OP_THREADS = varint(5);
const CONFIG_GPU_OPTIONS = delimited(6);
const CONFIG_ALLOW_SOFT_PLACEMENT = varint(7);
const CONFIG_USE_PER_SESSION_THREADS = varint(9);
const CONFIG_GRAPH_OPTIONS = delimited(10);
const ENTRY_KEY = delimited(1);
const ENTRY_VALUE = varint(2);
const GPU_MEMORY_FRACTION = (1 << 3) | 1;
const GPU_ALLOW_GROWTH = varint(4);
const GPU_VISIBLE_DEVICES = delimited(5);
const GRAPH_OPTIMIZER_OPTIONS = delimited(3);
const OPTIMIZER_GLOBAL_JIT_LEVEL = varint(5);
const OPTIMIZER_CPU_GLOBAL_JIT = varint(7);
const RUN_TRACE_LEVEL = varint(1);
const RUN_INTER_OP_THREAD_POOL = varint(3);

/** `GlobalJitLevel.ON_1`. */
const ON_1 = 1;
/** `TraceLevel.FULL_TRACE`. */
const FULL_TRACE = 3;
/** The pool that is none: operations run in the calling thread. */
const CALLER = -1;

function varint(field: number): number {
  return field << 3;
}

function delimited(field: number): number {
  return (field << 3) | 2;
}

/** The `ConfigProto` that the options mean. What the caller gives as bytes comes last and so wins, field by field. */
export function encodeConfig(options: SessionOptions): Uint8Array {
  const { config, gpu, interOpThreads, intraOpThreads, xla } = options;
  const writer = protobuf.Writer.create();
  if (gpu === false) {
    writer.uint32(CONFIG_DEVICE_COUNT).fork();
    writer.uint32(ENTRY_KEY).string("GPU").uint32(ENTRY_VALUE).int32(0).ldelim();
  }
  if (intraOpThreads !== undefined) writer.uint32(CONFIG_INTRA_OP_THREADS).int32(intraOpThreads);
  if (interOpThreads !== undefined) writer.uint32(CONFIG_INTER_OP_THREADS).int32(interOpThreads);
  if (gpu !== undefined && gpu !== false) writeGpuOptions(writer, gpu);
  // Models that were exported for a GPU then load where there is none.
  writer.uint32(CONFIG_ALLOW_SOFT_PLACEMENT).bool(true);
  // Otherwise all sessions share one pool, which the first session of the process has sized.
  if (interOpThreads !== undefined) writer.uint32(CONFIG_USE_PER_SESSION_THREADS).bool(true);
  if (xla === true) {
    writer.uint32(CONFIG_GRAPH_OPTIONS).fork().uint32(GRAPH_OPTIMIZER_OPTIONS).fork();
    writer.uint32(OPTIMIZER_GLOBAL_JIT_LEVEL).int32(ON_1);
    // On a CPU the level alone does nothing.
    writer.uint32(OPTIMIZER_CPU_GLOBAL_JIT).bool(true).ldelim().ldelim();
  }
  return concat(writer.finish(), config);
}

function writeGpuOptions(writer: Writer, { allowGrowth, memoryFraction, visibleDevices }: GpuOptions): void {
  writer.uint32(CONFIG_GPU_OPTIONS).fork();
  if (memoryFraction !== undefined) writer.uint32(GPU_MEMORY_FRACTION).double(memoryFraction);
  if (allowGrowth !== undefined) writer.uint32(GPU_ALLOW_GROWTH).bool(allowGrowth);
  if (visibleDevices !== undefined) writer.uint32(GPU_VISIBLE_DEVICES).string(String(visibleDevices));
  writer.ldelim();
}

/**
 * The `RunOptions` that the options mean; the caller's bytes win.
 *
 * Operations run in the calling thread by default. It more than halves the latency of small graphs, and kernels still
 * split large operations over the intra-op threads.
 */
export function encodeRunOptions({ interOpThreads, runOptions, scheduling }: SessionOptions): Uint8Array {
  const writer = protobuf.Writer.create();
  const inCaller = (scheduling ?? (interOpThreads === undefined ? "caller" : "pool")) === "caller";
  if (inCaller) writer.uint32(RUN_INTER_OP_THREAD_POOL).int32(CALLER);
  return concat(writer.finish(), runOptions);
}

/** The same `RunOptions`, for a run that is traced. */
export function withTrace(runOptions: Uint8Array): Uint8Array {
  return concat(runOptions, protobuf.Writer.create().uint32(RUN_TRACE_LEVEL).int32(FULL_TRACE).finish());
}

/** Serialised messages one after another are one message, in which the last value of a field counts. */
function concat(first: Uint8Array, second: Uint8Array | undefined): Uint8Array {
  return second === undefined ? first : Buffer.concat([first, second]);
}
