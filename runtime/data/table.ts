import { constants } from "node:buffer";
import { type InspectOptions, inspect } from "node:util";
import { withCallerStack } from "../base/caller-stack.js";
import { SavedModelError } from "../base/errors.js";
import { mark } from "../base/package-copies.js";
import { quote, suggest } from "../base/text.js";
import { type DType, dtypeInfo, isDType } from "../tensor/dtype.js";
import { type Elements, Tensor } from "../tensor/tensor.js";
import { convertTensor } from "./convert-values.js";
import { formatTable } from "./format-table.js";

/** Values of one column, one for each row: numbers or strings. */
export type Column = Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer> | readonly string[];

/** A column as it was read. */
export interface NamedColumn {
  readonly name: string;
  readonly values: Column;
  /** First cell that made it a column of strings, for messages. */
  readonly text?: { readonly line: number; readonly cell: string };
}

/** A property by which the types of data know a table: an editor offers no other of its properties beside those of columns. */
export declare const TABLE: unique symbol;

/** Members that exist for the compiler only. */
export interface Table {
  readonly [TABLE]: true;
}

/** Columns of equal length by name, as {@link readCsv} and {@link parseCsv} make them. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a class cannot declare a property with a computed name here
export class Table {
  /** Columns by name, in the order of the file. */
  readonly columns: ReadonlyMap<string, Column>;
  /** Number of rows. */
  readonly rows: number;
  readonly #named: ReadonlyMap<string, NamedColumn>;

  /** @internal */
  constructor(columns: readonly NamedColumn[], rows: number) {
    this.#named = new Map(columns.map((column) => [column.name, column]));
    this.columns = new Map(columns.map(({ name, values }) => [name, values]));
    this.rows = rows;
  }

  /** @internal Returns true for a table; not for a mere object with its prototype. */
  static is(value: unknown): value is Table {
    return typeof value === "object" && value !== null && #named in value;
  }

  static {
    mark(Table.prototype, "Table");
    Object.defineProperty(Table.prototype, inspect.custom, {
      value(this: Table, depth: number, { breakLength = 80 }: InspectOptions): string {
        const count = (size: number, what: string): string => `${size} ${what}${size === 1 ? "" : "s"}`;
        const head = `Table: ${count(this.rows, "row")}, ${count(this.columns.size, "column")}`;
        if (depth < 0 || this.columns.size === 0) return `[${head}]`;
        return `${head}\n${formatTable(this.columns, this.rows, Math.min(Math.max(breakLength, 40), 120))}`;
      },
    });
  }

  /**
   * Returns the values of a column: a typed array of numbers or an array of strings.
   *
   * @throws SavedModelError `INVALID_ARGUMENT` for an unknown column
   */
  column(name: string): Column {
    return withCallerStack(Table.prototype.column, () => {
      return this.#find(name).values;
    });
  }

  /**
   * Returns columns side by side, as a tensor of shape `[rows, columns]`; of one column `[rows, 1]`. Numbers become any
   * dtype that holds them, strings become `string`.
   *
   * @throws SavedModelError `INVALID_ARGUMENT` for an unknown column, or when none is named; `INVALID_DTYPE` where
   * strings are to be numbers, or numbers strings; `NOT_AN_INTEGER` or `OUT_OF_RANGE` for a number that the dtype does
   * not hold; `INVALID_SIZE` where the tensor would be larger than 4 GiB
   */
  tensor<D extends DType, const Names extends readonly [string, ...string[]]>(
    dtype: D,
    ...names: Names
  ): Tensor<D, [number, Names["length"]]> {
    return withCallerStack(Table.prototype.tensor, () => {
      if (!isDType(dtype))
        throw new SavedModelError("INVALID_DTYPE", `tensor(): unknown dtype ${quote(String(dtype))}`);
      if (names.length === 0) throw new SavedModelError("INVALID_ARGUMENT", "tensor() takes the name of a column");
      const size = this.rows * names.length * dtypeInfo(dtype).bytes;
      if (size > constants.MAX_LENGTH) {
        const what = `tensor(): ${this.rows} rows of ${names.length} columns have ${size} bytes as ${dtype}`;
        throw new SavedModelError("INVALID_SIZE", `${what}, expected at most ${constants.MAX_LENGTH}`);
      }
      const columns = names.map((name) => Tensor.elementsOf(this.#convert(this.#find(name), dtype)));
      return Tensor.own(dtype, [this.rows, names.length], sideBySide(columns, this.rows));
    });
  }

  #find(name: string): NamedColumn {
    const column = this.#named.get(name);
    if (column !== undefined) return column;
    throw new SavedModelError("INVALID_ARGUMENT", `the table has no column ${quote(String(name))}`, {
      fix: suggest(String(name), [...this.#named.keys()], "Its columns"),
    });
  }

  #convert({ name, values, text }: NamedColumn, dtype: DType): Tensor {
    const what = `column ${quote(name)}`;
    if (values instanceof Float64Array || values instanceof Float32Array) {
      if (dtype === "string") {
        const fix = `Read it as strings: { columns: { ${quote(name)}: "string" } }.`;
        throw new SavedModelError("INVALID_DTYPE", `${what} has numbers, not strings`, { fix });
      }
      const own = values instanceof Float64Array ? "float64" : "float32";
      return convertTensor(Tensor.own<DType, [number]>(own, [this.rows], values), dtype, what);
    }
    if (dtype === "string") return Tensor.from("string", values);
    const cell = text === undefined ? "" : `: line ${text.line} has ${quote(text.cell)}`;
    throw new SavedModelError("INVALID_DTYPE", `${what} has strings, not numbers${cell}`, {
      fix: "oneHot() turns labels into numbers.",
    });
  }
}

/** Returns the elements of a matrix with these columns. A copy, also of a single column. */
function sideBySide(columns: readonly Elements[], rows: number): Elements {
  const [first = []] = columns;
  const count = rows * columns.length;
  // One dtype has one kind of array; the compiler sees a union of all.
  const target = (ArrayBuffer.isView(first) ? new (first.constructor as typeof Float64Array)(count) : []) as number[];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns.length; column++) {
      target[row * columns.length + column] = (columns[column] as unknown as readonly number[])[row] ?? 0;
    }
  }
  return target as unknown as Elements;
}
