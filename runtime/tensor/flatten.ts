import type { ErrorCode } from "../base/errors.js";
import { isDetached } from "./detached.js";
import { type AnyTypedArray, allocate, type DTypeInfo, isTypedArrayOf, type NumericDType } from "./dtype.js";
import { elementCount, MAX_RANK, matchesShape, type ShapeSpec } from "./shape.js";
import { BlockMemory } from "./string-block.js";
import type { Elements } from "./tensor.js";
import { type BadElement, complexParts, rowWriters } from "./write-elements.js";
import { StringRows } from "./write-strings.js";

/** Nested arrays brought into row-major order. */
export interface Flattened {
  readonly shape: readonly number[];
  readonly elements: Elements;
}

/** Reason why nested arrays were not accepted, for a message that the caller words. */
export interface NestedProblem {
  readonly problem: ErrorCode;
  /** Shape found along the first elements. */
  readonly shape: readonly number[];
  /** Position of the problem: an index per axis, as far as it goes. */
  readonly path: readonly number[];
  /** Value at that position. */
  readonly value: unknown;
}

/** A problem on its way out of the recursion, which adds the indices. */
interface Found {
  readonly problem: ErrorCode;
  readonly path: number[];
  readonly value: unknown;
}

type Row = ArrayLike<unknown>;

/**
 * Brings a scalar or nested arrays into row-major order. The innermost rows may be typed arrays of the dtype.
 *
 * The shape is read along the first elements, and every other row must then agree with it.
 *
 * @param scratch returns an array of this dtype and length that may be overwritten
 */
export function flattenNested(
  value: unknown,
  dtype: DTypeInfo,
  spec: ShapeSpec,
  scratch?: Scratch,
): Flattened | NestedProblem {
  const shape = nestedShape(value, dtype, spec);
  // A cyclic array has no end.
  if (shape.length > MAX_RANK) return { problem: "INVALID_RANK", shape, path: [], value };
  if (!matchesShape(shape, spec)) {
    // A value of an invalid type is reported as such, whatever its shape.
    if (shape.length === 0 && !isElement(value, dtype)) return { problem: "INVALID_DTYPE", shape, path: [], value };
    // The shape along the first elements says little about ragged arrays.
    const ragged = visit(value, dtype, shape, 0, 0, 0, (row) => refuseTypedRows(row, dtype));
    if (ragged !== undefined) return { ...ragged, shape };
    return { problem: shape.length === spec?.length ? "INVALID_SHAPE" : "INVALID_RANK", shape, path: [], value };
  }
  const count = elementCount(shape);
  const made = target(dtype, count, scratch);
  if (made === undefined) return { problem: "TF_RESOURCE_EXHAUSTED", shape, path: [], value };
  const found = visit(value, dtype, shape, 0, 0, count, made.write);
  return found === undefined ? made.finish(shape) : { ...found, shape };
}

/**
 * Memory that is kept for reuse: of numbers, an array of so many, or undefined where a new one is to be made; of strings,
 * that of their bytes.
 */
export type Scratch = ((count: number) => AnyTypedArray | undefined) | BlockMemory;

type RowConsumer = (row: Row, start: number) => Found | undefined;

/** Returns what rows are written to, and how the result is had; undefined when out of memory. */
function target(
  dtype: DTypeInfo,
  count: number,
  scratch?: Scratch,
): { readonly write: RowConsumer; readonly finish: (shape: readonly number[]) => Flattened } | undefined {
  const { name, kind } = dtype;
  if (name === "string" || kind === "string") {
    const rows = new StringRows(count, scratch instanceof BlockMemory ? scratch : undefined);
    return { write: (row) => found(rows.push(row), row, dtype), finish: (shape) => rows.finish(shape) };
  }
  const kept = scratch instanceof BlockMemory ? undefined : scratch?.(count);
  const elements = kept ?? allocateIfPossible(name, count);
  if (elements === undefined) return undefined;
  const writeRow = rowWriters[kind];
  return {
    finish: (shape) => ({ shape, elements }),
    write: (row, start) => {
      if (!ArrayBuffer.isView(row)) return found(writeRow(elements, start, row, dtype), row, dtype);
      if (!isTypedArrayOf(name, row)) return { problem: "INVALID_DTYPE", path: [], value: row };
      if (isDetached(row)) return { problem: "INVALID_SIZE", path: [], value: row };
      const index = name === "bool" ? (row as Uint8Array).findIndex((byte) => byte > 1) : -1;
      if (index !== -1) return { problem: "OUT_OF_RANGE", path: [index], value: row[index] };
      // At once, not element by element: that could change which NaN it is.
      (elements as Uint8Array).set(row as Uint8Array, start);
      return undefined;
    },
  };
}

function allocateIfPossible(dtype: NumericDType, count: number): AnyTypedArray | undefined {
  try {
    return allocate(dtype, count);
  } catch (error) {
    // More elements than a typed array may have, or out of memory.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function found(bad: BadElement | undefined, row: Row, dtype: DTypeInfo): Found | undefined {
  if (bad === undefined) return undefined;
  const value = row[bad.index];
  // An array in place of an element is nested deeper than the first one.
  return { problem: isRow(value, dtype) ? "RAGGED_ARRAY" : bad.problem, path: [bad.index], value };
}

/** Finds a row that would give the shape one dimension more, if the dtype were not complex. */
function refuseTypedRows(row: Row, dtype: DTypeInfo): Found | undefined {
  if (dtype.kind !== "complex") return undefined;
  const index = Array.from(row).findIndex(ArrayBuffer.isView);
  return index === -1 ? undefined : { problem: "INVALID_DTYPE", path: [index], value: row[index] };
}

/** A row of a complex dtype would be half as long as its array: only a whole tensor may be one. */
function isTypedRow(value: unknown, dtype: DTypeInfo): boolean {
  return dtype.kind === "complex" && ArrayBuffer.isView(value);
}

/** Visits the innermost rows in order; a scalar is a row of one. */
function visit(
  value: unknown,
  dtype: DTypeInfo,
  shape: readonly number[],
  axis: number,
  start: number,
  count: number,
  write: RowConsumer,
): Found | undefined {
  const size = shape[axis];
  if (size === undefined) {
    const bad = write([value], start);
    return bad && { ...bad, path: [] };
  }
  if (!isRow(value, dtype) || value.length !== size) {
    return { problem: isTypedRow(value, dtype) ? "INVALID_DTYPE" : "RAGGED_ARRAY", path: [], value };
  }
  if (axis === shape.length - 1) return write(value, start);
  const stride = count / size;
  for (let index = 0; index < size; index++) {
    const bad = visit(value[index], dtype, shape, axis + 1, start + index * stride, stride, write);
    if (bad !== undefined) return { ...bad, path: [index, ...bad.path] };
  }
  return undefined;
}

/** Returns the shape along the first elements. Below an empty array nothing is known: the spec decides. */
function nestedShape(value: unknown, dtype: DTypeInfo, spec: ShapeSpec): readonly number[] {
  const shape: number[] = [];
  let current = value;
  while (isRow(current, dtype) && shape.length <= MAX_RANK) {
    shape.push(current.length);
    if (current.length === 0) {
      return [...shape, ...(spec ?? []).slice(shape.length).map((size) => size ?? 0)];
    }
    current = current[0];
  }
  return shape;
}

function isRow(value: unknown, dtype: DTypeInfo): value is Row {
  if (Array.isArray(value)) return true;
  if (isTypedRow(value, dtype)) return false;
  // The bytes of a string are one element.
  return dtype.kind !== "string" && ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** Returns true if a value may be an element of this dtype. */
export function isElement(value: unknown, dtype: DTypeInfo): boolean {
  if (dtype.kind === "string") return typeof value === "string" || value instanceof Uint8Array;
  if (dtype.kind === "bool") return typeof value === "boolean";
  if (dtype.kind === "complex") return complexParts(value) !== undefined;
  return typeof value === "number" || (dtype.kind === "bigint" && typeof value === "bigint");
}
