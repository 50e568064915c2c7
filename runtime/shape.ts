/** A shape whose dimensions may be unknown (null). */
export type PartialShape = readonly (number | null)[];

/** What a signature says of a shape: null is an unknown rank, which is not the same as `[]`, a scalar. */
export type ShapeSpec = PartialShape | null;

/** The rank that TensorFlow allows (`TensorShape::MaxDimensions`). */
export const MAX_RANK = 254;

/**
 * Whether a tensor may have this shape. TensorFlow ends the process when it is given another one: with more dimensions,
 * with a negative one, or with more elements than can be counted, the zeros among the dimensions left aside.
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

/** `[?, 2]`; `[...]` is an unknown rank, `[]` a scalar. */
export function formatShape(shape: ShapeSpec): string {
  if (shape === null) return "[...]";
  const shown = shape.slice(0, SHOWN_DIMENSIONS).map((size) => size ?? "?");
  return `[${shown.join(", ")}${shape.length > SHOWN_DIMENSIONS ? `, … (rank ${shape.length})` : ""}]`;
}

/** The number of elements of a fully known shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/** Whether a shape is that of a vector of one element. */
export function holdsOneValue(shape: PartialShape): boolean {
  return shape.length === 1 && shape[0] === 1;
}

/** Whether a tensor of shape `actual` may be fed where `spec` is asked for. */
export function matchesShape(actual: readonly number[], spec: ShapeSpec): boolean {
  if (spec === null) return true;
  if (actual.length !== spec.length) return false;
  return spec.every((size, axis) => size === null || size === actual[axis]);
}
