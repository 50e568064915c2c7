import { closeSync, readSync } from "node:fs";
import Papa from "papaparse";
import { SavedModelError } from "../../../runtime/base/errors.js";
import { itemAt } from "../../../runtime/base/item-at.js";
import { openRegularFile } from "../../../runtime/base/regular-file.js";
import { printable, quote, reasonOf, suggest } from "../../../runtime/base/text.js";
import { convertTensor } from "../../../runtime/data/convert-values.js";
import { readCsv } from "../../../runtime/data/csv.js";
import { checkCsvOptions } from "../../../runtime/data/csv-options.js";
import { readNpz } from "../../../runtime/data/npz.js";
import type { DType } from "../../../runtime/tensor/dtype.js";
import { elementCount, type ShapeSpec } from "../../../runtime/tensor/shape.js";
import { Tensor } from "../../../runtime/tensor/tensor.js";

/** Data for an input: columns of a CSV file side by side, or one array of a .npz file. */
export interface Wanted {
  readonly key: string;
  readonly dtype: DType;
  readonly shape: ShapeSpec;
  readonly columns: readonly string[];
}

/** A data file before its rows are read. */
export interface DataFile {
  /** The names of its columns or arrays. */
  readonly names: readonly string[];
  /** Returns the columns of `--input <name>=<text>`. @throws SavedModelError `INVALID_OPTION` */
  columns(key: string, text: string): readonly string[];
  /** Reads all rows, in this order. @throws SavedModelError `CSV_INVALID`, and the codes of tensors */
  read(wanted: readonly Wanted[]): Promise<readonly Tensor[]>;
}

/**
 * Opens a .csv or .npz file.
 *
 * @throws SavedModelError `INVALID_OPTION` for any other file, or an unreadable one; `NPY_INVALID`, `NPY_UNSUPPORTED`
 */
export async function openData(path: string, delimiter: string | undefined): Promise<DataFile> {
  if (/\.npz$/i.test(path)) {
    if (delimiter === undefined) return openNpz(path);
    throw new SavedModelError("INVALID_OPTION", "--delimiter is for .csv files");
  }
  if (/\.(?:csv|tsv|txt)$/i.test(path)) return openCsv(path, delimiter ?? (/\.tsv$/i.test(path) ? "\t" : ","));
  throw new SavedModelError("INVALID_OPTION", `--data: ${quote(path)} ends neither in .csv nor in .npz`);
}

function openCsv(path: string, delimiter: string): DataFile {
  checkCsvOptions("--delimiter", { delimiter });
  const names = readHeader(path, delimiter);
  return {
    names,
    columns: (key, text) => columnNames(key, text, names, path),
    async read(wanted) {
      const types = new Map<string, "string" | "float64">();
      // Unused columns may contain anything.
      for (const name of names) types.set(name, "string");
      for (const { dtype, columns } of wanted) {
        for (const name of columns) if (dtype !== "string") types.set(name, "float64");
      }
      const table = await reading(() => readCsv(path, { delimiter, columns: Object.fromEntries(types) }));
      return wanted.map(({ key, dtype, shape, columns }) => {
        const rowShape = shapeOfRow(key, shape, columns.length);
        const matrix = naming(key, () => table.tensor(dtype, itemAt(columns, 0), ...columns.slice(1)));
        return Tensor.own(dtype, [table.rows, ...rowShape], Tensor.elementsOf(matrix));
      });
    },
  };
}

/** Size limit of a header. */
const HEADER_BYTES = 1 << 20;

function readHeader(path: string, delimiter: string): readonly string[] {
  const bytes = Buffer.alloc(HEADER_BYTES);
  let length: number;
  try {
    const { descriptor } = openRegularFile(path);
    try {
      length = readSync(descriptor, bytes);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    const what = `--data: ${printable(path, 500)} cannot be read: ${printable(reasonOf(cause), 500)}`;
    throw new SavedModelError("INVALID_OPTION", what, { cause });
  }
  const text = bytes
    .toString("utf8", 0, length)
    .replace(/^\ufeff/, "")
    .replaceAll(/\r\n?/g, "\n");
  return Papa.parse<string[]>(text, { delimiter, newline: "\n", preview: 1 }).data[0] ?? [];
}

/** Parses `a`, `a,b` or `p0..p783`: a range of columns in the order of the file. */
function columnNames(key: string, text: string, names: readonly string[], path: string): readonly string[] {
  if (names.includes(text)) return [text];
  return text.split(",").flatMap((part) => {
    const name = part.trim();
    if (names.includes(name)) return [name];
    const [from, to] = name.split("..").map((end) => names.indexOf(end));
    if (from !== undefined && to !== undefined && from >= 0 && to >= from) return names.slice(from, to + 1);
    const what = `--input ${quote(key)}: ${printable(path, 500)} has no column ${quote(name)}`;
    throw new SavedModelError("INVALID_OPTION", what, { fix: suggest(name, names, "Its columns") });
  });
}

/** Returns the shape of one row of this many numbers. */
function shapeOfRow(key: string, shape: ShapeSpec, count: number): readonly number[] {
  const row = shape?.slice(1) ?? [null];
  const known = elementCount(row.map((size) => size ?? 1));
  const unknown = row.filter((size) => size === null).length;
  const rest = count / known;
  if (unknown === 0 ? rest === 1 : unknown === 1 && Number.isInteger(rest)) return row.map((size) => size ?? rest);
  const got = `got ${count === 1 ? "1 column" : `${count} columns`}`;
  const takes = [
    `takes ${known === 1 ? "1 value" : `${known} values`} per row`,
    `takes a multiple of ${known} values per row`,
  ];
  const what = `--input ${quote(key)}: it ${takes[unknown] ?? "has several dimensions of unknown size"}, ${got}`;
  throw new SavedModelError("INVALID_OPTION", what, unknown > 1 ? { fix: "Pass the data as a .npz file." } : {});
}

async function openNpz(path: string): Promise<DataFile> {
  const arrays = await reading(() => readNpz(path));
  const names = Object.keys(arrays);
  return {
    names,
    columns(key, text) {
      if (names.includes(text)) return [text];
      const what = `--input ${quote(key)}: ${printable(path, 500)} has no array ${quote(text)}`;
      throw new SavedModelError("INVALID_OPTION", what, { fix: suggest(text, names, "Its arrays") });
    },
    async read(wanted) {
      return wanted.map(({ key, dtype, columns }) =>
        naming(key, () => {
          const name = itemAt(columns, 0);
          const array = arrays[name];
          if (array === undefined) throw new TypeError(`no array ${name}`);
          return convertTensor(array, dtype, `array ${quote(name)}`);
        }),
      );
    },
  };
}

/** Runs a function that reads the file, without the advice for programs in its errors. */
async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof SavedModelError)) throw cause;
    const code = cause.code === "READ_FAILED" ? "INVALID_OPTION" : cause.code;
    throw new SavedModelError(code, `--data: ${cause.rawMessage}`, { cause });
  }
}

/** Runs a function that makes the values of an input, and names the input in an error. */
function naming<T>(key: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof SavedModelError)) throw cause;
    throw new SavedModelError(cause.code, `--input ${quote(key)}: ${cause.rawMessage}`, { cause });
  }
}
