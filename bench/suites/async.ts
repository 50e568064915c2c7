import { threadPool } from "../../runtime/engines/local/run/thread-pool.js";
import type { CallCase } from "../contestants/case.js";
import type { BenchOptions } from "../options.js";
import { isWanted } from "../options.js";
import { type PlannedCalls, startCalls } from "./calls.js";
import { paceOf, type Suite } from "./suite.js";

const SYNC = "savedmodel, sync";
const UNBATCHED = "savedmodel, async, unbatched";
const REPEAT = 1000;

/** Measures the cost of asynchronous calls that are nearly all overhead, and the gain of batching. */
export const asynchronous: Suite = async function* (workplace, options) {
  const run = (directory: string, client: string, plan: PlannedCalls) =>
    startCalls(workplace, { directory, client }, isWanted(plan.name, options.only) ? [plan] : []);
  yield* run("test/models/custom_model", "custom_model", manners(options));
  yield* run("test/models/keras3", "keras3", batching(options));
};

/** Returns the pace of cases whose call is a thousand of the signature. */
function paceOfThousands(options: BenchOptions): PlannedCalls["pace"] {
  return paceOf(options, options.quick ? { roundMs: 150 } : { roundMs: 300, warmUpMs: 1000 });
}

function manners(options: BenchOptions): PlannedCalls {
  const kase = (suffix: string, more: Partial<CallCase> = {}): CallCase => {
    return { name: `async/${suffix}`, signature: "pred", repeat: REPEAT, ...more };
  };
  const threads = threadPool.capacity;
  return {
    name: "async",
    title: "1,000 calls of pred() of custom_model",
    baselines: [SYNC],
    pace: paceOfThousands(options),
    entrants: [
      { caller: "client", name: SYNC, kase: kase("sync") },
      { caller: "client", name: "savedmodel, async, one by one", kase: kase("awaited", { manner: "awaited" }) },
      { caller: "client", name: "savedmodel, async, all at once", kase: kase("concurrent", { manner: "concurrent" }) },
      { caller: "python", name: "Python, one by one", kase: kase("python") },
      { caller: "python", name: `Python, ThreadPoolExecutor(${threads})`, kase: kase("threads", { threads }) },
    ],
  };
}

function batching(options: BenchOptions): PlannedCalls {
  const kase = { name: "batching", signature: "predict", size: 1, repeat: REPEAT };
  const concurrent = (maxBatch?: number): CallCase => {
    const name = `${kase.name}/${maxBatch ?? "unbatched"}`;
    return { ...kase, name, manner: "concurrent", ...(maxBatch && { maxBatch }) };
  };
  return {
    name: kase.name,
    title: "1,000 concurrent calls of predict() of keras3, one row each",
    baselines: [UNBATCHED],
    pace: paceOfThousands(options),
    entrants: [
      { caller: "client", name: UNBATCHED, kase: concurrent() },
      ...[64, 256].map((maxBatch) => {
        return { caller: "client", name: `savedmodel, maxBatch: ${maxBatch}`, kase: concurrent(maxBatch) } as const;
      }),
      { caller: "client", name: "savedmodel, sync, one by one", kase },
    ],
  };
}
