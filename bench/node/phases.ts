import { setMaxListeners } from "node:events";
import { SavedModelError } from "savedmodel";
import { CustomModel } from "../../generated/custom-model.js";
import { Dtypes } from "../../generated/dtypes.js";
import { Keras3 } from "../../generated/keras3.js";

/** A kind of work that a long-running program repeats, and that must not need more memory the longer it goes on. */
export interface Phase {
  readonly name: string;
  /** What is counted, in words. */
  readonly unit: string;
  readonly count: number;
  /** How much is done before memory is measured for the first time, in short runs too. */
  readonly warmUp: number;
  /** Makes ready, and answers what does the work that many times. */
  readonly start: () => (count: number) => void | Promise<void>;
}

/** Each is run in a process of its own, so that none grows into memory that another has left. */
export const phases: readonly Phase[] = [
  { name: "calls", unit: "sync calls", count: 1_000_000, warmUp: 50_000, start: startCalls },
  { name: "async", unit: "async calls", count: 200_000, warmUp: 20_000, start: startAsyncCalls },
  { name: "loads", unit: "loads and disposals", count: 200, warmUp: 20, start: () => load },
];

/** How many asynchronous calls there are at a time. */
const WAVE = 200;
const MEGABYTE = 1024 * 1024;

/** Mostly small calls; strings that fit into a TF_TString and some that do not; large results now and then. */
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

/** Calls that wait for a writer, that are run with others, that carry strings or much data, and that are given up. */
function startAsyncCalls(): (count: number) => Promise<void> {
  const custom = CustomModel.load();
  const dtypes = Dtypes.load();
  const keras = Keras3.load(undefined, { batching: { predict: { maxBatch: 64 } } });
  const large = new Float32Array(MEGABYTE / Float32Array.BYTES_PER_ELEMENT).fill(1);
  const strings = ["", "short", "of more than a hundred bytes".repeat(5)];
  // Of a signal that lasts, every call has to let go.
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

/** Gives a call up in the next turn of the event loop: by then it waits, runs, or has ended. */
async function givenUp(start: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  try {
    await start(controller.signal);
  } catch (error) {
    if (!(error instanceof SavedModelError && error.code === "ABORTED")) throw error;
  }
}

function load(count: number): void {
  for (let index = 0; index < count; index++) {
    using model = CustomModel.load();
    model.train([[1, 1]], [[1]]);
  }
}
