import stringWidth from "string-width";
import { flow, list, type Word } from "./layout.js";

/** A row of a table: a name, its form, and remarks. */
export interface Row {
  /** Prefix of the name, as wide as in every other row. */
  readonly lead?: Word;
  readonly name: string;
  /** For example a dtype and a shape. */
  readonly form: readonly string[];
  readonly remarks: readonly string[];
}

interface TableStyle {
  readonly width: number;
  /** The spaces before each row. */
  readonly indent: number;
  readonly remark: (text: string) => string;
}

/** Spaces between columns. */
const GAP = 2;

/** Smallest width of a form; in less space, it goes below its name. */
const LEAST_FORM = 12;

/** Formats rows with aligned forms. A name that is too long for its column has a separate line. */
export function table(rows: readonly Row[], style: TableStyle): readonly string[] {
  const lead = largest(rows.map((row) => (row.lead === undefined ? 0 : stringWidth(row.lead.text) + 1)));
  const start = style.indent + lead;
  const column = nameColumn(rows, start, style.width);
  return rows.map((row) => formatRow(row, start, column, style));
}

function formatRow({ lead, name, form, remarks }: Row, start: number, column: number, style: TableStyle): string {
  const head = " ".repeat(style.indent) + (lead === undefined ? "" : `${lead.style?.(lead.text) ?? lead.text} `);
  const body = column === 0 ? start + GAP : start + column + GAP;
  const words = [
    ...form.map((text) => ({ text })),
    ...list(remarks).map(({ text }, index) => ({ text, style: style.remark, gap: index === 0 ? GAP : 1 })),
  ];
  const formatted = flow(words, style.width, body, body);
  if (name !== "" && stringWidth(name) > column) {
    const broken = flow([{ text: name }], style.width, start + GAP, start);
    return `${head}${broken}\n${" ".repeat(body)}${formatted}`;
  }
  return head + name + " ".repeat(body - start - stringWidth(name)) + formatted;
}

/** Returns the width of the name column with which the table has the fewest lines; the widest of those. */
function nameColumn(rows: readonly Row[], start: number, width: number): number {
  const sizes = rows.map(({ name, form, remarks }) => ({
    name: stringWidth(name),
    body: stringWidth(form.join(" ")) + (remarks.length === 0 ? 0 : GAP + stringWidth(remarks.join(", "))),
  }));
  const longest = largest(sizes.map(({ name }) => name));
  if (width === Number.POSITIVE_INFINITY) return longest;
  let best = { column: 0, lines: Number.POSITIVE_INFINITY };
  for (const column of new Set([0, ...sizes.map(({ name }) => name).sort((a, b) => a - b)])) {
    const room = width - start - column - GAP;
    if (column > 0 && room < LEAST_FORM) break;
    let lines = 0;
    for (const { name, body } of sizes) lines += (name > column ? 1 : 0) + Math.ceil(body / room);
    if (lines <= best.lines) best = { column, lines };
  }
  return best.column;
}

/** Returns the largest of numbers that may be too many for the arguments of a call; 0 if there are none. */
function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}
