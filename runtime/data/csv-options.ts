import { checkOptions, invalidOption } from "../base/check-options.js";
import { SavedModelError } from "../base/errors.js";
import { quote } from "../base/text.js";
import type { ColumnType } from "./csv-column.js";

/** Options for reading a CSV file. */
export interface CsvOptions {
  /** Separator of cells: one character, such as `";"` or `"\t"`. Default: a comma. */
  readonly delimiter?: string;
  /** Type of numeric columns. Default: `"float64"`. */
  readonly numbers?: "float64" | "float32";
  /** Types of columns, by name. Others are numbers or strings by their first cell that is neither empty nor missing. */
  readonly columns?: Readonly<Record<string, ColumnType>>;
  /** Cells of numeric columns that become NaN, such as `["", "NA"]`. By default they are an error. */
  readonly missing?: readonly string[];
}

/** Options with defaults applied. */
export interface CheckedCsvOptions {
  readonly delimiter: string;
  readonly numbers: "float64" | "float32";
  readonly columns: ReadonlyMap<string, ColumnType>;
  readonly missing: ReadonlySet<string>;
}

const TYPES: readonly unknown[] = ["float64", "float32", "string"] satisfies readonly ColumnType[];

/** @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT` */
export function checkCsvOptions(call: string, options: CsvOptions): CheckedCsvOptions {
  checkOptions(call, options, ["delimiter", "numbers", "columns", "missing"]);
  const { delimiter = ",", numbers = "float64", columns = {}, missing = [] } = options;
  if (typeof delimiter !== "string" || delimiter.length !== 1 || '"\r\n\ufeff'.includes(delimiter)) {
    throw invalidOption(call, "delimiter", "one character that is neither a quote nor a line break");
  }
  if (numbers !== "float64" && numbers !== "float32") {
    throw invalidOption(call, "numbers", '"float64" or "float32"');
  }
  if (!Array.isArray(missing) || !missing.every((cell) => typeof cell === "string")) {
    throw invalidOption(call, "missing", 'an array of strings, such as ["", "NA"]');
  }
  if (typeof columns !== "object" || columns === null || Array.isArray(columns)) {
    throw new SavedModelError("INVALID_OPTION", `${call}: columns must be an object of types by name`);
  }
  for (const [name, type] of Object.entries(columns)) {
    if (TYPES.includes(type)) continue;
    throw invalidOption(call, `columns[${quote(name)}]`, '"float64", "float32" or "string"');
  }
  return {
    delimiter,
    numbers,
    columns: new Map(Object.entries(columns)),
    missing: new Set(missing.map((cell) => cell.trim())),
  };
}
