import { SavedModelError } from "../base/errors.js";
import { itemAt } from "../base/item-at.js";
import { quote, suggest } from "../base/text.js";
import { type ColumnReader, columnReader } from "./csv-column.js";
import type { CheckedCsvOptions } from "./csv-options.js";
import { Table } from "./table.js";

/** Takes the records of a CSV file one after another, the header first, and makes a table of them. */
export interface RecordReader {
  /** Line that the next record begins on, starting at 1. */
  readonly line: number;
  /** @throws SavedModelError `CSV_INVALID`, `INVALID_OPTION` */
  add(cells: readonly string[]): void;
  finish(): Table;
}

/** Returns the error for an invalid CSV file. */
export function csvInvalid(what: string, fix?: string): SavedModelError {
  return new SavedModelError("CSV_INVALID", what, fix === undefined ? {} : { fix });
}

export function recordReader(call: string, options: CheckedCsvOptions): RecordReader {
  let columns: readonly ColumnReader[] | undefined;
  let line = 1;
  let rows = 0;

  const addRow = (readers: readonly ColumnReader[], cells: readonly string[]): void => {
    // A blank line is not a row; in a single column it is an empty cell.
    if (isBlank(cells) && readers.length > 1) return;
    if (cells.length !== readers.length) {
      throw csvInvalid(`line ${line} has ${count(cells.length)}, expected ${readers.length} as in the header`);
    }
    for (let index = 0; index < readers.length; index++) itemAt(readers, index).add(itemAt(cells, index), line);
    rows++;
  };

  return {
    get line() {
      return line;
    },
    add(cells) {
      if (columns === undefined) columns = readHeader(call, cells, options);
      else addRow(columns, cells);
      line++;
      for (const cell of cells) if (cell.includes("\n")) line += cell.split("\n").length - 1;
    },
    finish() {
      if (columns === undefined) throw csvInvalid("the header is missing: the file is empty");
      return new Table(
        columns.map((column) => column.finish()),
        rows,
      );
    },
  };
}

/** Each column allocates memory, however few rows there are. */
const MOST_COLUMNS = 100_000;

function readHeader(call: string, names: readonly string[], options: CheckedCsvOptions): readonly ColumnReader[] {
  if (isBlank(names)) throw csvInvalid("the header is missing: the first line is empty");
  if (names.length > MOST_COLUMNS) {
    throw csvInvalid(`the header has ${names.length} columns, expected at most ${MOST_COLUMNS}`);
  }
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw csvInvalid(`the header has ${quote(name)} twice`);
    seen.add(name);
  }
  for (const name of options.columns.keys()) {
    if (seen.has(name)) continue;
    throw new SavedModelError(
      "INVALID_OPTION",
      `${call}: columns names ${quote(name)}, which the header does not have`,
      {
        fix: suggest(name, names, "Its columns"),
      },
    );
  }
  return names.map((name) => columnReader(name, options.columns.get(name), options.numbers, options.missing));
}

/** Returns true if a record is that of an empty line. */
export function isBlank(cells: readonly string[] | undefined): boolean {
  return cells?.length === 1 && cells[0] === "";
}

function count(cells: number): string {
  return cells === 1 ? "1 cell" : `${cells} cells`;
}
