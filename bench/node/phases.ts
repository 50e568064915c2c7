import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { fit, SavedModelError } from "savedmodel";
import { kserve } from "savedmodel/kserve";
import { CustomModel } from "../../generated/custom-model.js";
import { Dtypes } from "../../generated/dtypes.js";
import { Keras3 } from "../../generated/keras3.js";
import { Regression } from "../../generated/regression.js";
import { Spin } from "../../generated/spin.js";
import { startSmallServers } from "./small-server.js";

/** A kind of work that a long-running program repeats, and whose memory must not grow over time. */
export interface Phase {
  readonly name: string;
  /** Name of the counted items. */
  readonly unit: string;
  readonly count: number;
  /** Amount of work before memory is first measured, in short runs too. */
  readonly warmUp: number;
  /** The same for `--short`: enough to make every leak larger than what allocators keep. */
  readonly short: { readonly count: number; readonly warmUp: number };
  /** Prepares the phase, and returns a function that does the work that many times. */
  readonly start: () => (count: number) => void | Promise<void>;
}

/** All phases. Each is run in a separate process, so that none grows into memory that another has left. */
export const phases: readonly Phase[] = [
  {
    name: "calls",
    unit: "sync calls",
    count: 1_000_000,
    warmUp: 50_000,
    short: { count: 15_000, warmUp: 3_000 },
    start: startCalls,
  },
  {
    name: "shapes",
    unit: "calls with large inputs of changing shapes",
    count: 20_000,
    warmUp: 1_000,
    short: { count: 240, warmUp: 60 },
    start: startShapes,
  },
  {
    name: "failures",
    unit: "calls that fail",
    count: 100_000,
    warmUp: 5_000,
    short: { count: 1_500, warmUp: 300 },
    start: startFailures,
  },
  {
    name: "allocations",
    unit: "calls with native memory",
    count: 20_000,
    warmUp: 1_000,
    short: { count: 300, warmUp: 60 },
    start: startAllocations,
  },
  {
    name: "async",
    unit: "async calls",
    count: 200_000,
    warmUp: 20_000,
    short: { count: 6_000, warmUp: 2_000 },
    start: startAsyncCalls,
  },
  {
    name: "remote",
    unit: "calls of a server",
    count: 100_000,
    warmUp: 5_000,
    short: { count: 3_000, warmUp: 1_000 },
    start: startRemoteCalls,
  },
  {
    name: "traces",
    unit: "traced calls",
    count: 10_000,
    warmUp: 500,
    short: { count: 150, warmUp: 20 },
    start: startTraces,
  },
  {
    name: "loads",
    unit: "loads and disposals",
    count: 200,
    warmUp: 20,
    short: { count: 15, warmUp: 3 },
    start: () => load,
  },
  {
    name: "forgotten",
    unit: "loads without a disposal",
    count: 200,
    warmUp: 20,
    short: { count: 15, warmUp: 3 },
    start: () => forget,
  },
  {
    name: "checkpoints",
    unit: "saves and restores",
    count: 600,
    warmUp: 20,
    short: { count: 24, warmUp: 6 },
    start: startCheckpoints,
  },
  {
    name: "trainings",
    unit: "trainings with the best weights kept",
    count: 600,
    warmUp: 20,
    short: { count: 24, warmUp: 6 },
    start: startTrainings,
  },
];

/** Number of concurrent asynchronous calls. */
const WAVE = 200;
const MEGABYTE = 1024 * 1024;

/** Makes mostly small calls; strings that fit into a TF_TString and some that do not; large results now and then. */
function startCalls(): (count: number) => void {
  const custom = CustomModel.load();
  const dtypes = Dtypes.load();
  const large = new Float32Array(MEGABYTE / Float32Array.BYTES_PER_ELEMENT).fill(1);
  const strings = ["", "short", "of more than a hundred bytes".repeat(5)];
  const calls: readonly (() => unknown)[] = [
    () => custom.train([[1, 1]], [[1]]),
    () => custom.pred([[1, 1]]),
    () => dtypes.string(strings).data,
  ];
  return (count) => {
    for (let index = 0; index < count; index++) {
      if (index % 100 === 0) dtypes.float32(large);
      else calls[index % calls.length]?.();
    }
  };
}

/** Makes calls that wait for a writer, are batched, carry strings or much data, or are aborted. */
function startAsyncCalls(): (count: number) => Promise<void> {
  const custom = CustomModel.load();
  const dtypes = Dtypes.load();
  const keras = Keras3.load(undefined, { batching: { predict: { maxBatch: 64 } } });
  const large = new Float32Array(MEGABYTE / Float32Array.BYTES_PER_ELEMENT).fill(1);
  const strings = ["", "short", "of more than a hundred bytes".repeat(5)];
  // Every call has to remove its listener from a long-lived signal.
  const { signal } = new AbortController();
  // Node.js warns of more than ten listeners.
  setMaxListeners(0, signal);
  const calls: readonly (() => Promise<unknown>)[] = [
    () => custom.async.train([[1, 1]], [[1]]),
    () => custom.async.pred([[1, 1]], { signal }),
    () => keras.async.predict([[1, 1, 1]], { signal }),
    () => dtypes.async.string(strings),
    () => givenUp((signal) => custom.async.pred([[1, 1]], { signal })),
    () => givenUp((signal) => keras.async.predict([[1, 1, 1]], { signal })),
  ];
  return async (count) => {
    for (let first = 0; first < count; first += WAVE) {
      const wave = Array.from({ length: Math.min(WAVE, count - first) }, (_, index) =>
        index === 0 ? dtypes.async.float32(large) : calls[index % calls.length]?.(),
      );
      await Promise.all(wave);
    }
  };
}

/** Aborts a call in the next turn of the event loop: by then it waits, runs, or has ended. */
async function givenUp(start: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  try {
    await start(controller.signal);
  } catch (error) {
    if (!(error instanceof SavedModelError && error.code === "ABORTED")) throw error;
  }
}

/** Makes calls by gRPC and HTTP of a server in this process; some fail, some are aborted. */
function startRemoteCalls(): (count: number) => Promise<void> {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const connected = startSmallServers().then(async ({ grpc, http, rest }) => {
    const connect = (url: string): ReturnType<typeof CustomModel.connect> =>
      CustomModel.connect(kserve({ url, model: "custom_model" }));
    return { byGrpc: await connect(grpc), byHttp: await connect(http), rest };
  });
  return async (count) => {
    const { byGrpc, byHttp, rest } = await connected;
    const calls: readonly (() => Promise<unknown>)[] = [
      () => tolerant(byGrpc.pred([[1, 1]], { signal })),
      () => tolerant(byHttp.pred([[1, 1]], { signal })),
      () => givenUp((signal) => tolerant(byGrpc.pred([[1, 1]], { signal }))),
      () => tolerant(byGrpc.pred([[1, 1]])),
      () => givenUp((signal) => tolerant(byHttp.pred([[1, 1]], { signal }))),
    ];
    for (let first = 0; first < count; first += WAVE) {
      const { length } = calls;
      await Promise.all(Array.from({ length: Math.min(WAVE, count - first) }, (_, index) => calls[index % length]?.()));
    }
    await rest();
  };
}

/** Waits for a call, which the server may fail. */
async function tolerant(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof SavedModelError && error.code === "TF_INTERNAL")) throw error;
  }
}

function load(count: number): void {
  for (let index = 0; index < count; index++) {
    using model = CustomModel.load();
    model.train([[1, 1]], [[1]]);
    model.devices();
  }
}

/** Loads models that the program never closes: they are released when they are collected. */
async function forget(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    CustomModel.load().train([[1, 1]], [[1]]);
    globalThis.gc?.();
    await turn();
  }
}

/** Passes numbers and strings of a megabyte, each call with another shape than the last. */
function startShapes(): (count: number) => void {
  const dtypes = Dtypes.load();
  const large = new Float32Array((2 * MEGABYTE) / Float32Array.BYTES_PER_ELEMENT).fill(1);
  const text = "x".repeat(MEGABYTE / 4);
  return (count) => {
    for (let index = 0; index < count; index++) {
      dtypes.float32(large.subarray(index % 7));
      dtypes.string(Array<string>((index % 3) + 2).fill(text));
      // Of the same shape, in the memory of the longer ones before.
      for (const one of [text, "short"]) dtypes.string(Array<string>(8).fill(one));
    }
  };
}

/** Makes calls that fail in TensorFlow, and ones whose inputs are rejected. */
function startFailures(): (count: number) => Promise<void> {
  const spin = Spin.load();
  const dtypes = Dtypes.load();
  const wrong = Array.from({ length: 100 }, () => [Number.NaN, 0] as const);
  const calls: readonly (() => unknown)[] = [
    () => spin.half(wrong),
    () => spin.async.half(wrong),
    () => dtypes.float32("x" as never),
    () => dtypes.async.float32("x" as never),
  ];
  return async (count) => {
    for (let index = 0; index < count; index++) {
      try {
        await calls[index % calls.length]?.();
      } catch (error) {
        if (error instanceof SavedModelError) continue;
        throw error;
      }
      throw new Error("the call succeeded");
    }
  };
}

/** Makes calls, each with memory that is left to the garbage collector. */
function startAllocations(): (count: number) => Promise<void> {
  const dtypes = Dtypes.load();
  return async (count) => {
    for (let index = 0; index < count; index++) {
      const tensor = dtypes.allocate("float32", [MEGABYTE / Float32Array.BYTES_PER_ELEMENT]);
      tensor.data.fill(index);
      dtypes.float32(tensor);
      if (index % 20 !== 0) continue;
      globalThis.gc?.();
      await turn();
    }
  };
}

function startTraces(): (count: number) => void {
  const custom = CustomModel.load(undefined, { scheduling: "caller" });
  return (count) => {
    for (let index = 0; index < count; index++) custom.trace(() => custom.train([[1, 1]], [[1]]));
  };
}

const X = [[0.5, -0.25]] as const;
const TARGET = [[1]] as const;

/** Reads and writes whole models and checkpoints, including those of Python, which have other keys. */
function startCheckpoints(): (count: number) => void {
  const model = Regression.load();
  return (count) => {
    const folder = mkdtempSync(join(tmpdir(), "soak-"));
    for (let index = 0; index < count; index++) {
      model.train(X, TARGET, 0.01);
      model.save(join(folder, "model"));
      model.saveWeights(join(folder, "weights"));
      model.restore(join(folder, index % 2 === 0 ? "model" : "weights"));
      model.restore("test/runtime/engines/graph/checkpoints/attribute");
      model.variables();
      try {
        model.restore("test/runtime/engines/graph/checkpoints/shapes");
      } catch (error) {
        if (!(error instanceof SavedModelError)) throw error;
      }
    }
    rmSync(folder, { recursive: true });
  };
}

function startTrainings(): (count: number) => Promise<void> {
  const model = Regression.load();
  return async (count) => {
    for (let index = 0; index < count; index++) {
      await fit(model.train, [X, TARGET, 0.01], {
        epochs: 3,
        progress: false,
        worker: index % 2 === 0,
        earlyStopping: { restoreBest: true },
      });
    }
  };
}
