/**
 * `event-loop.js <load> <milliseconds>`: makes calls for this long, twice. First it measures the delay of the event
 * loop, then that of reading a small file. Prints both as JSON, in milliseconds.
 */
import { readFile } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setImmediate, setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Spin } from "../../generated/spin.js";
import type { Delays, Load } from "../contestants/delays.js";
import { quantile } from "../statistics.js";
import { requireBuilt } from "./built.js";
import { clients } from "./cases.js";

/** Number of concurrent calls. */
const CONCURRENT = 8;
/** Number of steps that take about 200 ms of one processor. */
const STEPS = 60_000n;
/** Interval between reads, so that reading is not a load by itself. */
const READ_EVERY = 5;

/** Prepares a load, and returns the function to repeat for as long as the load lasts. */
const loads: Readonly<Record<Load, () => (() => Promise<unknown>) | Promise<() => Promise<unknown>>>> = {
  none: () => () => setTimeout(READ_EVERY),
  sync: () => {
    const model = Spin.load();
    return async () => {
      model.spin([[1, 1]], STEPS);
      await setImmediate();
    };
  },
  async: () => {
    const model = Spin.load();
    return () => atOnce(() => model.async.spin([[1, 1]], STEPS));
  },
  cnn: async () => {
    const prepare = await clients.cnn?.();
    const call = prepare?.({ name: "cnn", signature: "predict", size: 32, isRandom: true, manner: "awaited" });
    return () => atOnce(async () => call?.());
  },
};

function atOnce(start: () => Promise<unknown>): Promise<unknown> {
  return Promise.all(Array.from({ length: CONCURRENT }, start));
}

/** Repeats the load for this many milliseconds, and returns the measurements. */
async function under<T>(
  load: () => Promise<unknown>,
  milliseconds: number,
  observe: () => () => T,
): Promise<Awaited<T>> {
  const end = performance.now() + milliseconds;
  const finish = observe();
  while (performance.now() < end) await load();
  return await finish();
}

function observeDelay(): () => Delays["delay"] {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  return () => {
    histogram.disable();
    const [median = 0, p99 = 0, max = 0] = [histogram.percentile(50), histogram.percentile(99), histogram.max];
    return { median: median / 1e6, p99: p99 / 1e6, max: max / 1e6 };
  };
}

function observeReads(): () => Promise<Delays["read"]> {
  const file = fileURLToPath(import.meta.url);
  const taken: number[] = [];
  let isWanted = true;
  const reader = (async () => {
    while (isWanted) {
      const before = performance.now();
      await readFile(file);
      taken.push(performance.now() - before);
      await setTimeout(READ_EVERY);
    }
  })();
  return async () => {
    isWanted = false;
    await reader;
    const sorted = Float64Array.from(taken).sort();
    return { median: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: quantile(sorted, 1) };
  };
}

const [name = "", milliseconds = ""] = process.argv.slice(2);
if (!Object.hasOwn(loads, name)) throw new Error(`there is no load ${name}`);
requireBuilt();
const load = await loads[name as Load]();
// The first calls build executors, and load modules of Node.js.
await Promise.all([load(), readFile(fileURLToPath(import.meta.url))]);
const delays: Delays = {
  delay: await under(load, Number(milliseconds), observeDelay),
  read: await under(load, Number(milliseconds), observeReads),
};
process.stdout.write(`${JSON.stringify(delays)}\n`);
