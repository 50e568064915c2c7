import { itemAt } from "../base/item-at.js";

/** A shape whose dimensions may be unknown (null). */
export type PartialShape = readonly (number | null)[];

/** Shape in a signature: null is an unknown rank, which differs from `[]`, a scalar. */
export type ShapeSpec = PartialShape | null;

/** Maximum rank in TensorFlow (`TensorShape::MaxDimensions`). */
export const MAX_RANK = 254;

/**
 * Returns true if a tensor may have this shape. TensorFlow ends the process when it gets another one: with more
 * dimensions, with a negative one, or with too many elements to be counted, ignoring dimensions of 0.
 */
export function isShape(shape: unknown): shape is readonly number[] {
  if (!Array.isArray(shape) || shape.length > MAX_RANK) return false;
  let extent = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return false;
    extent *= Math.max(size, 1);
  }
  return extent <= Number.MAX_SAFE_INTEGER;
}

/** More dimensions than a person would read. */
const SHOWN_DIMENSIONS = 16;

/** Rule for shapes, for messages. */
export const SHAPE_RULE: string = `a shape must be an array of at most ${MAX_RANK} non-negative integers, with a product below 2^53`;

/** `[?, 2]`, `scalar`; `[...]` is an unknown rank. */
export function formatShape(shape: ShapeSpec): string {
  if (shape === null) return "[...]";
  return shape.length === 0 ? "scalar" : formatSizes(shape);
}

/** `[?, 2]`; `[]` is a scalar, as in the types of tensors. */
export function formatSizes(shape: PartialShape): string {
  const shown = shape.slice(0, SHOWN_DIMENSIONS).map((size) => size ?? "?");
  return `[${shown.join(", ")}${shape.length > SHOWN_DIMENSIONS ? `, … (rank ${shape.length})` : ""}]`;
}

/** More rows without an element in them than nested arrays are made of. */
const MAX_EMPTY_ROWS = 2 ** 25;

/**
 * Returns true if a tensor of this shape can become nested arrays. One with a dimension of 0 has no elements, but any
 * number of rows: TensorFlow has a `[2**52, 0]`.
 */
export function isNestable(shape: readonly number[], maxRows: number = MAX_EMPTY_ROWS): boolean {
  const empty = shape.indexOf(0);
  return empty === -1 || elementCount(shape.slice(0, empty)) <= maxRows;
}

/** Returns the number of elements of a fully known shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  // By index: an iterator takes longer than the product of a few sizes, and this is part of each call.
  for (let axis = 0; axis < shape.length; axis++) count *= itemAt(shape, axis);
  return count;
}

/** Returns true if two shapes are equal. */
export function equalShapes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Returns true for the shape of a vector of one element. */
export function holdsOneValue(shape: PartialShape): boolean {
  return shape.length === 1 && shape[0] === 1;
}

/** Returns true if a tensor of shape `actual` may be fed where `spec` is expected. */
export function matchesShape(actual: readonly number[], spec: ShapeSpec): boolean {
  if (spec === null) return true;
  if (actual.length !== spec.length) return false;
  for (let axis = 0; axis < spec.length; axis++) {
    if (spec[axis] !== null && spec[axis] !== actual[axis]) return false;
  }
  return true;
}
