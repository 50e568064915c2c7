import type { Sample } from "./contestants/case.js";

/** Returns the value below which `fraction` of a sorted list lies: its nearest rank. */
export function quantile(sorted: ArrayLike<number>, fraction: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)] ?? Number.NaN;
}

export function median(values: Iterable<number>): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/** Returns median and 99th percentile of nanoseconds per call. Sorts them in place. */
export function summarize(nanoseconds: Float64Array): Sample {
  nanoseconds.sort();
  return { median: quantile(nanoseconds, 0.5), p99: quantile(nanoseconds, 0.99) };
}

/** Lower and upper end of a confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Probability that the median lies outside the interval, at most. */
const ERROR = 0.05;

/**
 * Returns a 95 % confidence interval of the median, by the sign test: it assumes nothing about how the values are
 * distributed.
 *
 * @returns null for fewer than six values, which cannot tell
 */
export function medianInterval(values: readonly number[]): Interval | null {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  // How likely it is that at most `below` of the values lie below the median.
  let term = 0.5 ** count;
  let tail = term;
  let rank = 0;
  while (2 * tail <= ERROR) {
    rank++;
    term *= (count - rank + 1) / rank;
    tail += term;
  }
  const [low, high] = [sorted[rank - 1], sorted[count - rank]];
  return low === undefined || high === undefined ? null : { low, high };
}
