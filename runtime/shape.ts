/** A shape whose dimensions may be unknown (null). */
export type PartialShape = readonly (number | null)[];

/** What a signature says of a shape: null is an unknown rank, which is not the same as `[]`, a scalar. */
export type ShapeSpec = PartialShape | null;

/** `[?, 2]`; `[...]` is an unknown rank, `[]` a scalar. */
export function formatShape(shape: ShapeSpec): string {
  return shape === null ? "[...]" : `[${shape.map((size) => size ?? "?").join(", ")}]`;
}

/** The number of elements of a fully known shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/** Whether a tensor of shape `actual` may be fed where `spec` is asked for. */
export function matchesShape(actual: readonly number[], spec: ShapeSpec): boolean {
  if (spec === null) return true;
  if (actual.length !== spec.length) return false;
  return spec.every((size, axis) => size === null || size === actual[axis]);
}
