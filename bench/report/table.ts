import type { Ratio, Result, Score, Unit } from "../rounds.js";
import { formatDigits, layOut } from "./layout.js";

/** Formats a comparison as a table: one line per contestant, ratios to the baselines. */
export function formatTable({ title, baselines, scores, unit }: Result): string {
  const lines = scores.map((score) =>
    "absent" in score ? score : { name: score.name, cells: formatScore(score, unit) },
  );
  const heads = ["median", "rounds from … to", "p99", ...baselines.map((_, index) => ratioHead(index, baselines))];
  return layOut(`${title} (${ratiosTo(baselines)})`, heads, lines);
}

/** Names the baselines: `ratios to: C`, or `ratio 1 to: C; ratio 2 to: Python`. */
export function ratiosTo(baselines: readonly string[]): string {
  if (baselines.length === 1) return `ratios to: ${baselines[0]}`;
  return baselines.map((baseline, index) => `${ratioHead(index, baselines)} to: ${baseline}`).join("; ");
}

/** Returns the head of a column of ratios. */
export function ratioHead(index: number, baselines: readonly string[]): string {
  return baselines.length === 1 ? "ratio" : `ratio ${index + 1}`;
}

function formatScore({ median, lowest, highest, p99, ratios }: Score, unit: Unit): readonly string[] {
  const format = (value: number): string => formatValue(value, unit);
  return [format(median), `${format(lowest)} … ${format(highest)}`, format(p99), ...ratios.map(formatRatio)];
}

const UNITS: Readonly<Record<Unit, { readonly step: number; readonly names: readonly string[] }>> = {
  nanoseconds: { step: 1000, names: ["ns", "µs", "ms", "s"] },
  bytes: { step: 1024, names: ["B", "KB", "MB"] },
};

/** Formats a value with three significant digits and a unit. */
export function formatValue(value: number, unit: Unit): string {
  const { step, names } = UNITS[unit];
  const power = names.findLastIndex((_, power) => power === 0 || value >= step ** power);
  return `${formatDigits(value / step ** power)} ${names[power]}`;
}

/** Formats a ratio with its interval: `1.02× (1.01 – 1.03)`. */
export function formatRatio(ratio: Ratio | null): string {
  if (ratio === null) return "–";
  const { median, interval } = ratio;
  // A baseline does not differ from itself.
  const range =
    interval === null || interval.low === interval.high
      ? ""
      : ` (${formatDigits(interval.low)} – ${formatDigits(interval.high)})`;
  return `${formatDigits(median)}×${range}`;
}
