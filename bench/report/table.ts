import type { Result, Score } from "../rounds.js";

const HEAD = ["", "median", "rounds from … to", "p99", "ratio"] as const;

/** A comparison as a table of text: one line per contestant, ratios to the baseline. */
export function formatTable({ title, baseline, scores }: Result): string {
  const rows = scores.map((score) =>
    "absent" in score ? ([score.name, `not there: ${score.absent}`] as const) : formatScore(score),
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

function formatScore({ name, median, lowest, highest, p99, ratio }: Score): readonly string[] {
  return [
    name,
    formatTime(median),
    `${formatTime(lowest)} … ${formatTime(highest)}`,
    formatTime(p99),
    ratio === null ? "–" : formatRatio(ratio),
  ];
}

/** Three significant digits with a unit. */
function formatTime(nanoseconds: number): string {
  const [value, unit] =
    nanoseconds < 1e3
      ? [nanoseconds, "ns"]
      : nanoseconds < 1e6
        ? [nanoseconds / 1e3, "µs"]
        : nanoseconds < 1e9
          ? [nanoseconds / 1e6, "ms"]
          : [nanoseconds / 1e9, "s"];
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}

function formatRatio(ratio: number): string {
  return `${ratio.toFixed(ratio < 10 ? 2 : ratio < 100 ? 1 : 0)}×`;
}
