import { formatDigits, layOut } from "./layout.js";

/** A table of independent figures, without ratios. */
export interface Figures {
  readonly name: string;
  /** Human-readable title. */
  readonly title: string;
  readonly unit: string;
  readonly columns: readonly string[];
  readonly rows: readonly (FigureRow | { readonly name: string; readonly absent: string })[];
}

interface FigureRow {
  readonly name: string;
  /** One for each column. */
  readonly values: readonly number[];
}

export function formatFigures({ title, unit, columns, rows }: Figures): string {
  return layOut(
    `${title} (${unit})`,
    columns,
    rows.map((row) => ("absent" in row ? row : { name: row.name, cells: row.values.map(formatDigits) })),
  );
}
