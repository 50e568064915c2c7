import type { Result, Score, Unit } from "../rounds.js";

const HEAD = ["", "median", "rounds from … to", "p99", "ratio"] as const;

/** A comparison as a table of text: one line per contestant, ratios to the baseline. */
export function formatTable({ title, baseline, scores, unit }: Result): string {
  const rows = scores.map((score) =>
    "absent" in score ? ([score.name, `not there: ${score.absent}`] as const) : formatScore(score, unit),
  );
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.filter((row) => row.length > 2).map((row) => row[column]?.length ?? 0)),
  );
  widths[0] = Math.max(...scores.map(({ name }) => name.length));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 || cells.length === 2 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [`${title} (ratios to: ${baseline})`, ...[HEAD, ...rows].map((row) => `  ${line(row)}`), ""].join("\n");
}

function formatScore({ name, median, lowest, highest, p99, ratio }: Score, unit: Unit): readonly string[] {
  const format = (value: number): string => formatValue(value, unit);
  return [
    name,
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

/** Three significant digits with a unit. */
function formatValue(value: number, unit: Unit): string {
  const { step, names } = UNITS[unit];
  const power = names.findLastIndex((_, power) => power === 0 || value >= step ** power);
  return `${formatDigits(value / step ** power)} ${names[power]}`;
}

function formatRatio(ratio: number): string {
  return `${formatDigits(ratio)}×`;
}

function formatDigits(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}
