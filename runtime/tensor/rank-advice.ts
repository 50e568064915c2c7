import { countOf, quote } from "../base/text.js";
import { elementCount, equalShapes, formatShape, matchesShape, type ShapeSpec } from "./shape.js";

/** Values of more elements are named by their shape. */
const SHOWN_ELEMENTS = 6;

/**
 * Returns the correction of nested arrays with too many or too few brackets, where it is unambiguous: `Pass [[30]], one
 * row with one value.`
 *
 * @param found the shape of the value, along its first elements
 */
export function adviseNesting(
  value: unknown,
  found: readonly number[],
  spec: ShapeSpec,
  verb: string,
): string | undefined {
  const shape = meantShape(found, spec);
  if (shape === undefined) return undefined;
  if (elementCount(found) > SHOWN_ELEMENTS) return `${verb} it with shape ${formatShape(shape)}${meaningOf(shape)}.`;
  const leaves = leavesOf(value, found);
  if (leaves === undefined) return undefined;
  const shown = leaves.map(formatLeaf);
  const text = shown.every((leaf) => leaf !== undefined) ? nest(shown, shape) : `it with shape ${formatShape(shape)}`;
  return `${verb} ${text}${meaningOf(shape)}.`;
}

/** Returns the same for a tensor. */
export function adviseReshape(found: readonly number[], spec: ShapeSpec): string | undefined {
  const shape = meantShape(found, spec);
  return shape && `Reshape it: \`reshape([${shape.join(", ")}])\`${meaningOf(shape)}.`;
}

/**
 * Returns the only shape that fits and differs from the one found in brackets alone; undefined where there are several,
 * or none.
 */
function meantShape(found: readonly number[], spec: ShapeSpec): readonly number[] | undefined {
  if (spec === null) return undefined;
  const [first, ...others] = rebracketed(found, spec.length).filter((shape) => matchesShape(shape, spec));
  return first !== undefined && others.every((other) => equalShapes(first, other)) ? first : undefined;
}

/** Returns the shapes of this rank with other brackets around the same values. */
function rebracketed(found: readonly number[], rank: number): readonly (readonly number[])[] {
  if (found.every((size) => size === 1)) return [new Array<number>(rank).fill(1)];
  if (rank === found.length + 1) return [...found, 1].map((_, axis) => found.toSpliced(axis, 0, 1));
  if (rank !== found.length - 1) return [];
  return found.flatMap((size, axis) => (size === 1 ? [found.toSpliced(axis, 1)] : []));
}

/** `, 3 rows with one value each` */
function meaningOf([rows, values, ...rest]: readonly number[]): string {
  if (rows === undefined || values === undefined || rest.length > 0) return "";
  const each = values === 1 ? "one value" : countOf(values, "value");
  return rows === 1 ? `, one row with ${each}` : `, ${rows} rows with ${each} each`;
}

/** Returns the elements in row-major order; undefined where rows differ in length. */
function leavesOf(value: unknown, [size, ...inner]: readonly number[]): readonly unknown[] | undefined {
  const isRow = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  if (size === undefined) return Array.isArray(value) ? undefined : [value];
  if (!isRow) return undefined;
  const items = Array.from(value as ArrayLike<unknown>);
  if (items.length !== size) return undefined;
  const leaves = items.map((item) => leavesOf(item, inner));
  return leaves.every((part) => part !== undefined) ? leaves.flat() : undefined;
}

function formatLeaf(value: unknown): string | undefined {
  if (typeof value === "string") return value.length > 20 ? undefined : quote(value);
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** Returns elements in row-major order with the brackets of a shape. */
function nest(leaves: readonly string[], [size, ...inner]: readonly number[]): string {
  if (size === undefined) return leaves.join("");
  const each = elementCount(inner);
  const rows = Array.from({ length: size }, (_, row) => nest(leaves.slice(row * each, (row + 1) * each), inner));
  return `[${rows.join(", ")}]`;
}
