import { withCallerStack } from "../base/caller-stack.js";
import { checkFlag, checkOptions, invalidOption } from "../base/check-options.js";
import { SavedModelError } from "../base/errors.js";
import { quote } from "../base/text.js";
import { Tensor } from "../tensor/tensor.js";
import { seededRandom, shuffledIndices } from "./random.js";
import { type DataColumn, type RowsOf, rowCount, takeRows } from "./table-rows.js";

/** Options for splitting rows. */
export interface SplitOptions {
  /** Fraction of the rows for validation, between 0 and 1. */
  readonly validation: number;
  /** Seed of the order of the rows, an integer from 0 to 2³² - 1. Default: 0. */
  readonly seed?: number;
  /** True (the default) to shuffle the rows. Without, the last rows are for validation, as a time series needs. */
  readonly shuffle?: boolean;
}

/** Columns in the order of a method's arguments, or by name. */
export type DataColumns = readonly [] | readonly DataColumn[] | Readonly<Record<string, DataColumn>>;

/** The same columns twice, with other rows. */
export interface Split<C extends DataColumns> {
  readonly train: { readonly [Name in keyof C]: RowsOf<C[Name]> };
  readonly validation: { readonly [Name in keyof C]: RowsOf<C[Name]> };
}

/**
 * Splits the rows of all columns in the same way into data for training and for validation.
 *
 * A column is a tensor or nested arrays, whose first dimension is the rows, or a typed array with one number for each
 * row. One seed gives the same rows on every machine: Mulberry32 and the shuffle of Fisher and Yates, see
 * {@link seededRandom} and {@link shuffledIndices}. `validation` is rounded to whole rows, and neither part is empty.
 *
 * @throws SavedModelError `INVALID_DATA` where the columns have different numbers of rows, fewer than two, or are not
 * columns; `INVALID_OPTION`; `INVALID_ARGUMENT`
 */
export function split<C extends DataColumns>(columns: C, options: SplitOptions): Split<C> {
  return withCallerStack(split, () => {
    const call = "split()";
    checkOptions(call, options, ["validation", "seed", "shuffle"]);
    const { validation, seed = 0, shuffle = true } = options;
    if (typeof validation !== "number" || !(validation > 0 && validation < 1)) {
      throw invalidOption(call, "validation", "a number between 0 and 1");
    }
    checkFlag(call, "shuffle", shuffle);
    const rows = commonRows(columns);
    const held = Math.min(Math.max(Math.round(rows * validation), 1), rows - 1);
    const order = shuffle
      ? shuffledIndices(rows, seededRandom(seed))
      : Uint32Array.from({ length: rows }, (_, row) => row);
    // Rows of a column have the type of the column, as RowsOf says.
    return {
      train: takeAll(columns, order.subarray(0, rows - held)),
      validation: takeAll(columns, order.subarray(rows - held)),
    } as Split<C>;
  });
}

function takeAll(columns: DataColumns, rows: Uint32Array): DataColumns {
  if (isList(columns)) return columns.map((column) => takeRows(column, rows));
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, takeRows(column, rows)]));
}

function isList(columns: DataColumns): columns is readonly DataColumn[] {
  return Array.isArray(columns);
}

function commonRows(columns: DataColumns): number {
  if (typeof columns !== "object" || columns === null || Tensor.is(columns) || ArrayBuffer.isView(columns)) {
    throw new SavedModelError("INVALID_ARGUMENT", "split() takes an array of columns, or an object of them by name");
  }
  const show = (name: string): string => (isList(columns) ? `column ${name}` : quote(name));
  const counts = Object.entries(columns).map(([name, column]) => [show(name), rowCount(column)] as const);
  const [first] = counts;
  if (first === undefined) throw new SavedModelError("INVALID_DATA", "split(): there are no columns");
  for (const [name, rows] of counts) {
    if (rows === undefined) {
      const what = `split(): ${name} is not a tensor, array or typed array with a dimension of rows`;
      throw new SavedModelError("INVALID_DATA", what);
    }
    if (rows !== first[1]) {
      throw new SavedModelError("INVALID_DATA", `split(): ${first[0]} has ${first[1]} rows, ${name} ${rows}`, {
        fix: "A typed array has one number for each row; Tensor.from() makes rows of a longer one.",
      });
    }
  }
  const [, rows = 0] = first;
  if (rows < 2)
    throw new SavedModelError("INVALID_DATA", `split(): ${rows === 1 ? "1 row" : "no rows"} cannot be split`);
  return rows;
}
