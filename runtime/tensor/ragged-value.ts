import { itemAt } from "../base/item-at.js";
import { describe, type InputSpec, inputError, nestedError, readError, shapeThatIs } from "./check-value.js";
import { DETACHED_FIX, isDetached, LOST_DATA } from "./detached.js";
import { isTypedArrayOf } from "./dtype.js";
import { valueAt } from "./element-value.js";
import { type Flattened, flattenNested, isElement } from "./flatten.js";
import { elementCount, formatShape, isNestable } from "./shape.js";

/** Requirements for a ragged input. */
export interface RaggedSpec extends InputSpec {
  /** Number of ragged dimensions, not counting the outermost. */
  readonly raggedRank: number;
}

/** A ragged tensor as TensorFlow has it. */
export interface FlattenedRagged {
  /** Values of all rows, one after another. */
  readonly values: Flattened;
  /** Row boundaries of each ragged dimension, the outermost first. */
  readonly rowSplits: readonly (readonly number[])[];
}

/**
 * Splits nested arrays with rows of different lengths into values and row splits. The innermost rows may be typed
 * arrays.
 *
 * @throws SavedModelError the codes of an input, with the position in the nested arrays
 */
export function flattenRagged(value: unknown, spec: RaggedSpec, call: string): FlattenedRagged {
  try {
    return flatten(value, spec, call);
  } catch (cause) {
    throw readError(cause, spec, call);
  }
}

function flatten(value: unknown, spec: RaggedSpec, call: string): FlattenedRagged {
  const { dtype, shape, raggedRank } = spec;
  let rows = listOf(value, spec, call, 0, []);
  const rowSplits: number[][] = [];
  const typedRows: TypedRow[] = [];
  for (let axis = 1; axis <= raggedRank; axis++) {
    const splits = [0];
    const below: unknown[] = [];
    for (const [index, row] of rows.entries()) {
      if (axis === raggedRank && ArrayBuffer.isView(row)) typedRows.push({ start: below.length, row });
      for (const item of listOf(row, spec, call, axis, pathOf(index, rowSplits))) below.push(item);
      splits.push(below.length);
    }
    rowSplits.push(splits);
    rows = below;
  }
  const values = flattenNested(rows, dtype, shape && [null, ...shape.slice(raggedRank + 1)]);
  if (!("problem" in values)) {
    for (const { start, row } of typedRows) copyBits(values, start, row, spec);
    return { values, rowSplits };
  }
  const [index, ...rest] = values.path;
  if (index !== undefined) throw nestedError({ ...values, path: [...pathOf(index, rowSplits), ...rest] }, spec, call);
  const inner = values.shape.slice(1);
  const got = inner.length === 0 ? "plain values" : `values of shape [${inner.join(", ")}]`;
  throw inputError(values.problem, spec, call, `${got} below the ragged dimensions`);
}

/**
 * Converts a dense tensor to a ragged one with rows of equal length.
 *
 * @throws SavedModelError `INVALID_RANK`, or `INVALID_SIZE` for too many empty rows
 */
export function splitDense({ shape, elements }: Flattened, spec: RaggedSpec, call: string): FlattenedRagged {
  const { raggedRank } = spec;
  if (shape.length <= raggedRank) throw inputError("INVALID_RANK", spec, call, shapeThatIs(shape));
  if (!isNestable(shape)) throw inputError("INVALID_SIZE", spec, call, `${formatShape(shape)}, all of empty rows`);
  const rowSplits = Array.from({ length: raggedRank }, (_, axis) => {
    const [rows, size] = [elementCount(shape.slice(0, axis + 1)), itemAt(shape, axis + 1)];
    return Array.from({ length: rows + 1 }, (_, row) => row * size);
  });
  const rows = elementCount(shape.slice(0, raggedRank + 1));
  return { values: { shape: [rows, ...shape.slice(raggedRank + 1)], elements }, rowSplits };
}

/** An innermost row that is a typed array, and where its elements are among all values. */
interface TypedRow {
  readonly start: number;
  readonly row: ArrayBufferView;
}

/** Copies a row bit by bit: converted to a number, a NaN could become another one. */
function copyBits({ elements }: Flattened, start: number, row: ArrayBufferView, { dtype }: InputSpec): void {
  if (dtype.name === "string" || dtype.name === "bool" || !isTypedArrayOf(dtype.name, row)) return;
  (elements as Uint8Array).set(row as Uint8Array, start);
}

/** Returns the items of a row of this axis. */
function listOf(
  value: unknown,
  spec: RaggedSpec,
  call: string,
  axis: number,
  path: readonly number[],
): readonly unknown[] {
  const at = path.length === 0 ? "" : ` at ${path.map((index) => `[${index}]`).join("")}`;
  const { dtype, shape, raggedRank } = spec;
  const items = Array.isArray(value) ? value : axis === raggedRank ? elementsOf(value, spec) : undefined;
  if (items === undefined) {
    const code = isElement(value, dtype) ? "INVALID_RANK" : "INVALID_DTYPE";
    throw inputError(code, spec, call, `${describe(value)}${at}, expected an array`);
  }
  if (ArrayBuffer.isView(value) && isDetached(value)) {
    throw inputError("INVALID_SIZE", spec, call, `${LOST_DATA}${at}`, DETACHED_FIX);
  }
  const size = shape?.[axis] ?? null;
  if (size !== null && items.length !== size) {
    throw inputError("INVALID_SHAPE", spec, call, `a length of ${items.length}${at}, expected ${size}`);
  }
  return items;
}

/** Returns the elements of a typed array, as nested arrays would have them. */
function elementsOf(value: unknown, { dtype }: RaggedSpec): readonly unknown[] | undefined {
  const { name, kind } = dtype;
  if (name === "string" || kind === "complex" || !isTypedArrayOf(name, value)) return undefined;
  return Array.from({ length: value.length }, (_, index) => valueAt(name, value, index));
}

/** Returns the path in the nested arrays to the row of this number. */
function pathOf(row: number, rowSplits: readonly (readonly number[])[]): readonly number[] {
  const path: number[] = [];
  let index = row;
  for (const splits of rowSplits.toReversed()) {
    const parent = splits.findLastIndex((start, at) => start <= index && at < splits.length - 1);
    path.unshift(index - itemAt(splits, parent));
    index = parent;
  }
  return [index, ...path];
}
