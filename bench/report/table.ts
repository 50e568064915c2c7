import type { Result, Score, Unit } from "../rounds.js";
import { formatDigits, layOut } from "./layout.js";

const HEADS = ["median", "rounds from … to", "p99", "ratio"];

/** Formats a comparison as a table: one line per contestant, ratios to the baseline. */
export function formatTable({ title, baseline, scores, unit }: Result): string {
  const lines = scores.map((score) =>
    "absent" in score ? score : { name: score.name, cells: formatScore(score, unit) },
  );
  return layOut(`${title} (ratios to: ${baseline})`, HEADS, lines);
}

function formatScore({ median, lowest, highest, p99, ratio }: Score, unit: Unit): readonly string[] {
  const format = (value: number): string => formatValue(value, unit);
  return [
    format(median),
    `${format(lowest)} … ${format(highest)}`,
    format(p99),
    ratio === null ? "–" : formatRatio(ratio),
  ];
}

const UNITS: Readonly<Record<Unit, { readonly step: number; readonly names: readonly string[] }>> = {
  nanoseconds: { step: 1000, names: ["ns", "µs", "ms", "s"] },
  bytes: { step: 1024, names: ["B", "KB", "MB"] },
};

/** Formats a value with three significant digits and a unit. */
function formatValue(value: number, unit: Unit): string {
  const { step, names } = UNITS[unit];
  const power = names.findLastIndex((_, power) => power === 0 || value >= step ** power);
  return `${formatDigits(value / step ** power)} ${names[power]}`;
}

function formatRatio(ratio: number): string {
  return `${formatDigits(ratio)}×`;
}
