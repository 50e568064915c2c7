import { type InspectOptions, inspect } from "node:util";
import { withCallerStack } from "../base/caller-stack.js";
import { SavedModelError } from "../base/errors.js";
import { itemAt } from "../base/item-at.js";
import { mark } from "../base/package-copies.js";
import { type DType, dtypeInfo, isDType } from "./dtype.js";
import { chooseEdges, edgesBetween, printElements } from "./print-elements.js";
import { flattenRagged } from "./ragged-value.js";
import { equalShapes, formatSizes, MAX_RANK, type PartialShape } from "./shape.js";
import { copyElements, notATensor, notConstructible, Tensor } from "./tensor.js";
import type { AnyNestedLike, AnyShape, Nested, Scalar, Shape } from "./types.js";

/** Key that only this module has: a constructor that is called from elsewhere throws. */
const CONSTRUCT: unique symbol = Symbol("construct");

/** Row boundaries of one ragged dimension: one number more than there are rows, starting at 0. */
export type RowSplits = readonly number[];

/**
 * A tensor with rows of different lengths, as `tf.RaggedTensor` has them: the values of all rows one after another, and
 * the row boundaries of each ragged dimension, the outermost first.
 */
export class RaggedTensor<D extends DType = DType, S extends Shape = AnyShape> {
  readonly dtype: D;
  /** Values of all rows: `[n, …]`, followed by the dimensions below the ragged ones. */
  readonly values: Tensor<D>;
  /** From the outermost ragged dimension to the innermost. */
  readonly rowSplits: readonly RowSplits[];

  private constructor(values: Tensor<D>, rowSplits: readonly RowSplits[], key: typeof CONSTRUCT) {
    // JavaScript can pass any value.
    if (key !== CONSTRUCT) {
      throw notConstructible("RaggedTensor", "`RaggedTensor.from(dtype, data)` or `RaggedTensor.fromRowSplits()`");
    }
    this.dtype = values.dtype;
    this.values = values;
    this.rowSplits = rowSplits;
  }

  /**
   * Makes a ragged tensor of nested arrays.
   *
   * @param dtype a name of `tf.dtypes`
   * @param data nested arrays; the innermost rows may be typed arrays
   * @param raggedRank the number of ragged dimensions, not counting the outermost; by default all below it
   * @throws SavedModelError the codes of a call's inputs (`INVALID_DTYPE`, `INVALID_RANK`, `INVALID_SHAPE`, …)
   */
  static from<D extends DType>(dtype: D, data: AnyNestedLike<D>, raggedRank?: number): RaggedTensor<D> {
    return withCallerStack(RaggedTensor.from, () => {
      const call = "RaggedTensor.from()";
      if (!isDType(dtype)) throw new SavedModelError("INVALID_DTYPE", `${call}: unknown dtype ${String(dtype)}`);
      if (raggedRank !== undefined && (!Number.isSafeInteger(raggedRank) || raggedRank < 1)) {
        throw new SavedModelError("INVALID_RANK", `${call}: the ragged rank must be a positive integer`);
      }
      const rank = raggedRank ?? Math.max(1, depthOf(data, dtype) - 1);
      const spec = { key: "data", dtype: dtypeInfo(dtype), shape: null, raggedRank: rank };
      const { values, rowSplits } = flattenRagged(data, spec, call);
      // The bytes of strings may belong to the caller.
      return new RaggedTensor(Tensor.own(dtype, values.shape, copyElements(values.elements)), rowSplits, CONSTRUCT);
    });
  }

  /**
   * Makes a ragged tensor of its components.
   *
   * @throws SavedModelError `INVALID_SHAPE` when the splits are not ascending from 0 to the number of rows below them,
   * `INVALID_RANK` without any splits, `INVALID_ARGUMENT` when the values are not a {@link Tensor}
   */
  static fromRowSplits<D extends DType>(values: Tensor<D>, ...rowSplits: readonly RowSplits[]): RaggedTensor<D> {
    return withCallerStack(RaggedTensor.fromRowSplits, () => {
      const call = "RaggedTensor.fromRowSplits()";
      if (!Tensor.is(values)) throw notATensor(call, values);
      if (rowSplits.length === 0) {
        throw new SavedModelError("INVALID_RANK", `${call}: expected at least one array of row splits`);
      }
      const problem = rowSplitsProblem(values, rowSplits);
      if (problem !== undefined) throw new SavedModelError("INVALID_SHAPE", `${call}: ${problem}`);
      return new RaggedTensor(
        values,
        rowSplits.map((splits) => [...splits]),
        CONSTRUCT,
      );
    });
  }

  /** @internal Takes the parts that a model returned. */
  static own<D extends DType>(values: Tensor<D>, rowSplits: readonly RowSplits[]): RaggedTensor<D> {
    return new RaggedTensor(values, rowSplits, CONSTRUCT);
  }

  /**
   * Returns true if another value is a ragged tensor with the same row splits and with values that are equal: see
   * {@link Tensor.equals}.
   */
  equals(other: unknown): boolean {
    return (
      other instanceof RaggedTensor &&
      other.rowSplits.length === this.rowSplits.length &&
      this.rowSplits.every((splits, axis) => equalShapes(splits, itemAt(other.rowSplits, axis))) &&
      this.values.equals(other.values)
    );
  }

  /** Size of each dimension; null for those whose rows may differ. */
  get shape(): PartialShape {
    const rows = (this.rowSplits[0]?.length ?? 1) - 1;
    return [rows, ...this.rowSplits.map(() => null), ...this.values.shape.slice(1)];
  }

  /** Returns the elements as nested arrays of different lengths, numbers for float16 and bfloat16. */
  toArray(): Nested<Scalar<D>, S> {
    return this.#nest(this.values.toArray() as readonly unknown[]) as Nested<Scalar<D>, S>;
  }

  /** Returns the value for `JSON.stringify`: nested arrays, with 64-bit integers as decimal strings. */
  toJSON(): unknown {
    return this.#nest(this.values.toJSON() as readonly unknown[]);
  }

  /** `float32 [2, ?]` */
  toString(): string {
    return `${this.dtype} ${formatSizes(this.shape)}`;
  }

  static {
    mark(RaggedTensor.prototype, "RaggedTensor");
    Object.defineProperty(RaggedTensor.prototype, inspect.custom, {
      value(this: RaggedTensor, _depth: number, options: InspectOptions): string {
        return `RaggedTensor<${this}> ${printElements(this.#shown(), options)}`;
      },
    });
  }

  /** Returns the elements as they are printed. */
  #shown(): unknown {
    const { values, rowSplits } = this;
    // JavaScript can change the splits.
    if (rowSplitsProblem(values, rowSplits) !== undefined) return { values, rowSplits };
    const longest = rowSplits.map((splits) =>
      splits.reduce((most, end, row) => Math.max(most, end - (splits[row - 1] ?? end)), 0),
    );
    const rows = (rowSplits[0]?.length ?? 1) - 1;
    const most = chooseEdges([rows, ...longest, ...values.shape.slice(1)]);
    const below = (axis: number, row: number): unknown => {
      const splits = rowSplits[axis];
      if (splits === undefined) return Tensor.shown(values, most, row);
      return edgesBetween(itemAt(splits, row), itemAt(splits, row + 1), most, (item) => below(axis + 1, item));
    };
    return edgesBetween(0, rows, most, (row) => below(0, row));
  }

  #nest(values: readonly unknown[]): readonly unknown[] {
    let rows = values;
    for (const splits of this.rowSplits.toReversed()) {
      const below = rows;
      rows = splits.slice(1).map((end, row) => below.slice(splits[row], end));
    }
    return rows;
  }
}

/**
 * Returns the problem of a ragged tensor's parts, which JavaScript can change, or undefined: row splits ascend from 0
 * to the number of rows below them.
 */
export function rowSplitsProblem(values: unknown, rowSplits: readonly unknown[]): string | undefined {
  if (!Tensor.is(values)) return "the values are not a Tensor";
  let rows = values.shape[0];
  if (rows === undefined) return "the values are a scalar, which has no rows";
  for (const splits of rowSplits.toReversed()) {
    const problem = splitsProblem(splits, rows);
    if (problem !== undefined) return problem;
    rows = (splits as RowSplits).length - 1;
  }
  return undefined;
}

function splitsProblem(splits: unknown, rows: number): string | undefined {
  if (!Array.isArray(splits) && !ArrayBuffer.isView(splits)) return "row splits are not an array of integers";
  let last = 0;
  // Holes are visited too.
  for (const [at, split] of (splits as readonly unknown[]).entries()) {
    if (!Number.isSafeInteger(split)) return `row splits are not integers at [${at}]`;
    if (at === 0 && split !== 0) return `row splits start at ${split}, expected 0`;
    if (Number(split) < last) return `row splits descend at [${at}], from ${last} to ${split}`;
    last = Number(split);
  }
  if (splits instanceof DataView || (splits as RowSplits).length === 0) return "row splits are empty, expected [0, …]";
  return last === rows ? undefined : `row splits end at ${last}, expected ${rows}, the number of rows below them`;
}

/** Returns the visible depth of nested arrays: an empty row hides what is below it. */
function depthOf(data: unknown, dtype: DType, level = 0): number {
  if (ArrayBuffer.isView(data)) return dtype === "string" ? 0 : 1;
  // A cyclic array has no end.
  if (!Array.isArray(data) || level > MAX_RANK) return 0;
  return 1 + data.reduce((depth: number, row) => Math.max(depth, depthOf(row, dtype, level + 1)), 0);
}
