/** A line of a table: its cells, or the reason why there are none. */
export type Line =
  | { readonly name: string; readonly cells: readonly string[] }
  | { readonly name: string; readonly absent: string };

/** Formats a table. */
export function layOut(title: string, heads: readonly string[], lines: readonly Line[]): string {
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...lines.map((line) => ("cells" in line ? (line.cells[column]?.length ?? 0) : 0))),
  );
  const nameWidth = Math.max(...lines.map(({ name }) => name.length));
  const format = (line: Line): string => {
    const cells =
      "cells" in line ? line.cells.map((cell, column) => cell.padStart(widths[column] ?? 0)) : [absence(line)];
    return `  ${[line.name.padEnd(nameWidth), ...cells].join("  ").trimEnd()}`;
  };
  return [title, ...[{ name: "", cells: heads }, ...lines].map(format), ""].join("\n");
}

function absence({ absent }: { readonly absent: string }): string {
  return `not there: ${absent}`;
}

/** Formats a number with about three significant digits; NaN, which was not measured, as a dash. */
export function formatDigits(value: number): string {
  if (Number.isNaN(value)) return "–";
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}
