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
