import { constants } from "node:buffer";
import { SavedModelError } from "../base/errors.js";
import { quote } from "../base/text.js";
import type { Column, NamedColumn } from "./table.js";

/** Type that a column of a CSV file is read as. */
export type ColumnType = "float64" | "float32" | "string";

/** A decimal number, as every program writes it. No hexadecimal, no NaN, no infinity, no thousands separators. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
/** V8 keeps longer substrings as slices of the original string, which would then stay in memory. */
const COPIED_LENGTH = 12;
/** A file may have very many columns and few rows. */
const FIRST_CAPACITY = 16;

/** A column that is being read. */
export interface ColumnReader {
  /** Takes the next cell. @throws SavedModelError `CSV_INVALID` */
  add(cell: string, line: number): void;
  finish(): NamedColumn;
}

/**
 * Reads a column as numbers or strings: as its declared type, or else as the type of its first cell that is neither
 * empty nor missing.
 *
 * @param missing the cells of numeric columns that become NaN
 */
export function columnReader(
  name: string,
  declared: ColumnType | undefined,
  numbers: "float64" | "float32",
  missing: ReadonlySet<string>,
): ColumnReader {
  const narrow = (declared ?? numbers) === "float32";
  const fail = (cell: string, line: number): never => {
    throw badNumber(name, cell, line, narrow);
  };
  let type = declared;
  let values = newValues(narrow, 0);
  const texts: string[] = [];
  let text: NamedColumn["text"];
  let rows = 0;
  /** The first cell in front of the first number that is not allowed to be missing. */
  let empty: { readonly cell: string; readonly line: number } | undefined;

  const addNumber = (trimmed: string, cell: string, line: number): void => {
    let value = Number.NaN;
    if (!missing.has(trimmed)) {
      if (!NUMBER.test(trimmed)) fail(cell, line);
      value = Number(trimmed);
      if (!Number.isFinite(narrow ? Math.fround(value) : value)) fail(cell, line);
    }
    if (rows >= values.length) values = grow(values, narrow);
    values[rows++] = value;
  };
  const decide = (isNumber: boolean): void => {
    type = isNumber ? numbers : "string";
    if (!isNumber) return;
    if (empty !== undefined) fail(empty.cell, empty.line);
    for (const _ of texts) addMissing();
    texts.length = 0;
  };
  const addMissing = (): void => {
    if (rows >= values.length) values = grow(values, narrow);
    values[rows++] = Number.NaN;
  };

  return {
    add(cell, line) {
      if (type === "string") {
        texts.push(detach(cell));
        return;
      }
      const trimmed = cell.trim();
      if (type === undefined) {
        const isMissing = missing.has(trimmed);
        if (isMissing || trimmed === "") {
          if (!isMissing) empty ??= { cell, line };
          texts.push(detach(cell));
          return;
        }
        decide(NUMBER.test(trimmed));
        if (type === "string") {
          text = { line, cell };
          texts.push(detach(cell));
          return;
        }
      }
      addNumber(trimmed, cell, line);
    },
    finish() {
      if (type === undefined) decide(empty === undefined);
      const column: Column = type === "string" ? texts : values.slice(0, rows);
      return text === undefined ? { name, values: column } : { name, values: column, text };
    },
  };
}

function badNumber(name: string, cell: string, line: number, narrow: boolean): SavedModelError {
  const where = `line ${line}: column ${quote(name)}`;
  const asText = `read the column as strings: { columns: { ${quote(name)}: "string" } }`;
  const trimmed = cell.trim();
  if (trimmed === "") {
    return new SavedModelError("CSV_INVALID", `${where} is empty; expected a number`, {
      fix: `Pass \`missing: [""]\` to read empty cells as NaN; or ${asText}.`,
    });
  }
  if (NUMBER.test(trimmed)) {
    const dtype = narrow ? "float32" : "float64";
    return new SavedModelError("CSV_INVALID", `${where} has ${quote(cell)}, which does not fit ${dtype}`);
  }
  return new SavedModelError("CSV_INVALID", `${where} has ${quote(cell)}, which is not a number`, {
    fix: `List cells that mean NaN in the option \`missing\`; or ${asText}.`,
  });
}

function newValues(narrow: boolean, length: number): Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> {
  return narrow ? new Float32Array(length) : new Float64Array(length);
}

function grow(
  values: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>,
  narrow: boolean,
): Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> {
  const length = Math.max(FIRST_CAPACITY, values.length * 2);
  if (length * values.BYTES_PER_ELEMENT > constants.MAX_LENGTH) {
    const what = `there are more than ${values.length} rows, which is more than a column can have`;
    throw new SavedModelError("CSV_INVALID", what);
  }
  const larger = newValues(narrow, length);
  larger.set(values);
  return larger;
}

/** Returns a copy of a string that does not keep the one alive that it was cut from. */
function detach(cell: string): string {
  return cell.length <= COPIED_LENGTH ? cell : Buffer.from(cell, "utf16le").toString("utf16le");
}
