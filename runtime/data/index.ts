/**
 * Data for training: CSV and `.npz` files, splitting, scaling and encoding. Importing this module loads no native code.
 *
 * @module
 */
export { parseCsv, readCsv } from "./csv.js";
export type { ColumnType } from "./csv-column.js";
export type { CsvOptions } from "./csv-options.js";
export { type NpzOptions, readNpz } from "./npz.js";
export type { NumberArray, Numbers } from "./numbers.js";
export { type Label, type LabelOf, type Labels, type OneHot, oneHot } from "./one-hot.js";
export { seededRandom, shuffledIndices } from "./random.js";
export { minMax, type ScaledDType, Scaler, type ScalerKind, type ScalerParameters, zScore } from "./scaler.js";
export { type DataColumns, type Split, type SplitOptions, split } from "./split.js";
export { type Column, Table } from "./table.js";
export type { DataColumn, RowsOf } from "./table-rows.js";
