import { printable } from "../base/text.js";
import { shortFloat32 } from "../tensor/print-elements.js";
import type { Column } from "./table.js";

/** Numbers of first and last rows that are shown where there are many. */
const FIRST = 5;
const LAST = 3;

const MAX_CELL = 24;

/** Formats the first and the last rows of a table, with as many columns as fit. Numbers are aligned to the right. */
export function formatTable(columns: ReadonlyMap<string, Column>, rows: number, width: number): string {
  const isCut = rows > FIRST + LAST + 1;
  const from = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, row) => start + row);
  const shown = isCut ? [...from(0, FIRST), undefined, ...from(rows - LAST, rows)] : from(0, rows);
  const blocks: string[][] = [];
  let room = width;
  for (const [name, values] of columns) {
    const cells = [printable(name, MAX_CELL), ...shown.map((row) => (row === undefined ? "…" : cellOf(values, row)))];
    const size = Math.max(...cells.map((cell) => cell.length));
    // There is always a column, and room for the mark that says that there are more.
    const isLast = blocks.length + 1 === columns.size;
    if (blocks.length > 0 && room < size + (isLast ? 0 : 3)) {
      blocks.push(cells.map(() => "…"));
      break;
    }
    blocks.push(cells.map((cell) => (ArrayBuffer.isView(values) ? cell.padStart(size) : cell.padEnd(size))));
    room -= size + 2;
  }
  const lines = Array.from({ length: shown.length + 1 }, (_, line) => blocks.map((cells) => cells[line]).join("  "));
  return lines.map((line) => line.trimEnd()).join("\n");
}

function cellOf(values: Column, row: number): string {
  const value = values[row];
  if (typeof value !== "number") return printable(String(value), MAX_CELL);
  return String(values instanceof Float32Array ? shortFloat32(value) : value);
}
