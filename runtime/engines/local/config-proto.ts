import { encode } from "../../saved-model/proto/decode.js";
import type { GpuOptions, SessionOptions } from "./session-options.js";

/** `GlobalJitLevel.ON_1`. */
const ON_1 = 1;
/** `RewriterConfig.OFF`. */
const OFF = 2;
/** `TraceLevel.FULL_TRACE`. */
const FULL_TRACE = 3;
/** The pool of threads that stands for the calling thread: `inter_op_thread_pool` of `RunOptions`. */
export const CALLER_POOL = -1;

/** Returns the `ConfigProto` of the options. The caller's bytes come last and so win, field by field. */
export function encodeConfig(options: SessionOptions): Uint8Array {
  const { config, gpu, interOpThreads, intraOpThreads, scheduling } = options;
  const message = encode("ConfigProto", {
    deviceCount: gpu === false ? [{ key: "GPU", value: 0 }] : undefined,
    intraOpParallelismThreads: intraOpThreads,
    interOpParallelismThreads: interOpThreads,
    gpuOptions: typeof gpu === "object" ? encodeGpuOptions(gpu) : undefined,
    // Models that were exported for a GPU then load where there is none.
    allowSoftPlacement: true,
    // Otherwise all sessions share one pool, which the first session of the process has sized.
    usePerSessionThreads: interOpThreads === undefined ? undefined : true,
    graphOptions: encodeGraphOptions(options),
    experimental:
      scheduling === "single-threaded"
        ? encode("ExperimentalConfig", { executorType: "SINGLE_THREADED_EXECUTOR" })
        : undefined,
  });
  return concat(message, config);
}

function encodeGraphOptions({ fuse, xla }: SessionOptions): Uint8Array | undefined {
  if (fuse !== false && xla !== true) return undefined;
  return encode("GraphOptions", {
    // On a CPU the level alone does nothing.
    optimizerOptions: xla === true ? { globalJitLevel: ON_1, cpuGlobalJit: true } : undefined,
    rewriteOptions: fuse === false ? { remapping: OFF } : undefined,
  });
}

function encodeGpuOptions({ allowGrowth, memoryFraction, visibleDevices }: GpuOptions): Uint8Array {
  return encode("GPUOptions", {
    perProcessGpuMemoryFraction: memoryFraction,
    allowGrowth,
    visibleDeviceList: visibleDevices === undefined ? undefined : String(visibleDevices),
  });
}

/**
 * Returns the `RunOptions` of the options; the caller's bytes win.
 *
 * Operations run in the calling thread by default. It more than halves the latency of small graphs, and kernels still
 * split large operations over the intra-op threads.
 */
export function encodeRunOptions({ interOpThreads, runOptions, scheduling }: SessionOptions): Uint8Array {
  const inCaller = scheduling === undefined ? interOpThreads === undefined : scheduling !== "pool";
  return concat(encode("RunOptions", { interOpThreadPool: inCaller ? CALLER_POOL : undefined }), runOptions);
}

/** Returns the same `RunOptions`, for a traced run. */
export function withTrace(runOptions: Uint8Array): Uint8Array {
  return concat(runOptions, encode("RunOptions", { traceLevel: FULL_TRACE }));
}

/** Serialized messages one after another are one message, in which the last value of a field counts. */
function concat(first: Uint8Array, second: Uint8Array | undefined): Uint8Array {
  return second === undefined ? first : Buffer.concat([first, second]);
}
