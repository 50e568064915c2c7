/** `npm run capacity`: how many replicas a load needs, and what latency they give, by simulation. */
import { seededRandom } from "../runtime/data/random.js";
import { formatDigits } from "./report/layout.js";
import { type Load, type Outcome, simulate } from "./simulation.js";

const RATES = [100, 1_000, 10_000];
/** Milliseconds of a request that a replica runs alone. */
const TIMES = [1, 5, 20];
const BATCHES = [1, 32];
/**
 * Part of that time which a batch takes once, however many requests it has; the rest it takes for each. docs/benchmarks.md has
 * 0.6 for the networks on a CPU.
 */
const FIXED = 0.6;
/** A load is carried if the 99th percentile is at most this many times the time of a request that is run alone. */
const TOLERATED = 4;
const REQUESTS = 300_000;
const SEED = 1;

function outcomeOf(replicas: number, perSecond: number, time: number, maxBatch: number): Outcome {
  const timeOf = (batch: number): number => time * (FIXED + (1 - FIXED) * batch);
  const load: Load = { replicas, perSecond, maxBatch, timeOf, requests: REQUESTS };
  return simulate(load, seededRandom(SEED));
}

/** Returns the smallest number of replicas that carries a load, and what they do. */
function leastReplicas(perSecond: number, time: number, maxBatch: number): { replicas: number; outcome: Outcome } {
  const carries = (replicas: number): Outcome | undefined => {
    const outcome = outcomeOf(replicas, perSecond, time, maxBatch);
    return outcome.p99 <= TOLERATED * time ? outcome : undefined;
  };
  // No replica does more than full batches one after another.
  const perReplica = (1000 * maxBatch) / (time * (FIXED + (1 - FIXED) * maxBatch));
  let low = Math.max(1, Math.ceil(perSecond / perReplica)) - 1;
  let high = Math.max(1, low);
  while (carries(high) === undefined) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (carries(middle) === undefined) low = middle;
    else high = middle;
  }
  return { replicas: high, outcome: outcomeOf(high, perSecond, time, maxBatch) };
}

function main(): void {
  const heads = ["requests/s", "model time", "batch", "replicas", "busy", "mean batch", "median", "p99"];
  const rows = RATES.flatMap((rate) =>
    TIMES.flatMap((time) =>
      BATCHES.map((maxBatch) => {
        const { replicas, outcome } = leastReplicas(rate, time, maxBatch);
        const { busy, meanBatch, median, p99 } = outcome;
        return [
          rate.toLocaleString("en"),
          `${time} ms`,
          `≤ ${maxBatch}`,
          `${replicas}`,
          `${(busy * 100).toFixed(0)} %`,
          meanBatch.toFixed(1),
          `${formatDigits(median)} ms`,
          `${formatDigits(p99)} ms`,
        ];
      }),
    ),
  );
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join(" | ")} |\n`;
  const rule = `| ${widths.map((width) => `${"-".repeat(width - 1)}:`).join(" | ")} |\n`;
  process.stdout.write(line(heads) + rule + rows.map(line).join(""));
}

main();
