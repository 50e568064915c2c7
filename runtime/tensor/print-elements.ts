import { type InspectOptions, inspect } from "node:util";

/** Numbers of items of each axis that are printed: as many of the first as of the last, with `...` between them. */
const EDGE_COUNTS = [6, 4, 2, 1] as const;

/** As of NumPy, a tensor with more elements is printed by its corners alone. */
const MOST_ELEMENTS = 1000;

/** Lines that a person would read: rows are the innermost arrays, of which each has one or more. */
const MOST_LINES = 64;

/** Number of elements that fit on a line of a terminal, about. */
const PER_LINE = 6;

const MAX_STRING = 500;
const MAX_BYTES = 20;

const ELLIPSIS = Object.freeze({ [inspect.custom]: () => "..." });

/**
 * Returns the maximum number of items printed of an axis.
 *
 * @param sizes the size of each axis; of a ragged one, the longest there may be
 */
export function chooseEdges(sizes: readonly number[]): number {
  const rowsOf = (most: number): number => sizes.slice(0, -1).reduce((rows, size) => rows * Math.min(size, most), 1);
  const count = sizes.reduce((product, size) => product * size, 1);
  const lines = rowsOf(Number.POSITIVE_INFINITY) * Math.ceil((sizes.at(-1) ?? 1) / PER_LINE);
  if (count <= MOST_ELEMENTS && lines <= MOST_LINES) return Number.POSITIVE_INFINITY;
  return EDGE_COUNTS.find((most) => rowsOf(most) <= MOST_LINES) ?? 1;
}

/** Items in one line: `inspect` would break a row of seven into columns. */
class Line {
  constructor(items: readonly unknown[]) {
    Object.defineProperty(this, inspect.custom, {
      value: (_: number, options: InspectOptions) => `[ ${items.map((item) => inspect(item, options)).join(", ")} ]`,
    });
  }
}

function isShort(item: unknown): boolean {
  return typeof item !== "string" && !Array.isArray(item) && !(item instanceof Line);
}

/** The items from one to another, or the first and the last of them. */
export function edgesBetween(from: number, to: number, most: number, item: (index: number) => unknown): unknown {
  if (to - from <= most) return Array.from({ length: to - from }, (_, index) => item(from + index));
  const first = Math.ceil(most / 2);
  const last = Math.floor(most / 2);
  const items = (start: number, count: number): unknown[] =>
    Array.from({ length: count }, (_, index) => item(start + index));
  const shown = [...items(from, first), ELLIPSIS, ...items(to - last, last)];
  return shown.every(isShort) ? new Line(shown) : shown;
}

/**
 * Returns nested arrays of the elements of a tensor, or of its corners.
 *
 * @param most maximum number of items of each axis
 * @param start index of the first element
 */
export function nestElements(
  shape: readonly number[],
  most: number,
  element: (index: number) => unknown,
  start = 0,
): unknown {
  const [size, ...inner] = shape;
  if (size === undefined) return element(start);
  // Innermost rows are short: nothing is gained by showing less than the first and last three of them.
  const shown = inner.length === 0 ? Math.max(most, EDGE_COUNTS[0]) : most;
  const step = inner.reduce((product, width) => product * width, 1);
  return edgesBetween(0, size, shown, (index) => nestElements(inner, most, element, start + index * step));
}

/** Returns the number with the fewest digits that is this one as a float32: 0.1 for 0.10000000149011612. */
export function shortFloat32(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Object.is(Math.fround(short), value)) return short;
  }
  return value;
}

/** Bytes in place of a string that is not valid UTF-8. */
export function bytesElement(bytes: Uint8Array): unknown {
  const more = bytes.length > MAX_BYTES ? [`... ${bytes.length - MAX_BYTES} more`] : [];
  const text = `Uint8Array(${bytes.length}) [ ${[...bytes.subarray(0, MAX_BYTES), ...more].join(", ")} ]`;
  return { [inspect.custom]: () => text };
}

/** Returns the printed form of a value that {@link nestElements} made. */
export function printElements(value: unknown, options: InspectOptions): string {
  const { maxStringLength } = options;
  const shorter = Math.min(maxStringLength ?? Number.POSITIVE_INFINITY, MAX_STRING);
  return inspect(value, { ...options, depth: null, maxArrayLength: MOST_ELEMENTS, maxStringLength: shorter });
}
