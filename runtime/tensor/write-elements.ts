import type { ErrorCode } from "../base/errors.js";
import { isDetached } from "./detached.js";
import type { AnyTypedArray, DTypeInfo } from "./dtype.js";
import { numberToBfloat, numberToHalf } from "./half.js";
import type { Complex } from "./types.js";

/** First element of a row that could not be written. */
export interface BadElement {
  readonly problem: ErrorCode;
  readonly index: number;
}

/** Checks the elements of a row and writes them to `target` starting at `start`; stops at the first bad one. */
type RowWriter = (
  target: AnyTypedArray,
  start: number,
  row: ArrayLike<unknown>,
  dtype: DTypeInfo,
) => BadElement | undefined;

/** Numbers of at least this size round to infinity. */
const FLOAT32_LIMIT = 2 ** 128 - 2 ** 103;
const BFLOAT16_LIMIT = 2 ** 128 - 2 ** 119;
const FLOAT16_LIMIT = 65520;

function writeFloats(
  target: AnyTypedArray,
  start: number,
  row: ArrayLike<unknown>,
  dtype: DTypeInfo,
): BadElement | undefined {
  const limit = dtype.bytes === 4 ? FLOAT32_LIMIT : Number.POSITIVE_INFINITY;
  for (let index = 0; index < row.length; index++) {
    const value = row[index];
    if (typeof value !== "number") return { problem: "INVALID_DTYPE", index };
    if (overflows(value, limit)) return { problem: "OUT_OF_RANGE", index };
    target[start + index] = value;
  }
  return undefined;
}

function writeSmallFloats(
  target: AnyTypedArray,
  start: number,
  row: ArrayLike<unknown>,
  dtype: DTypeInfo,
): BadElement | undefined {
  const isHalf = dtype.kind === "half";
  for (let index = 0; index < row.length; index++) {
    const value = row[index];
    if (typeof value !== "number") return { problem: "INVALID_DTYPE", index };
    if (overflows(value, isHalf ? FLOAT16_LIMIT : BFLOAT16_LIMIT)) return { problem: "OUT_OF_RANGE", index };
    target[start + index] = isHalf ? numberToHalf(value) : numberToBfloat(value);
  }
  return undefined;
}

/** A finite number that would silently become infinite. */
function overflows(value: number, limit: number): boolean {
  return (value >= limit || value <= -limit) && Number.isFinite(value);
}

function writeIntegers(
  target: AnyTypedArray,
  start: number,
  row: ArrayLike<unknown>,
  dtype: DTypeInfo,
): BadElement | undefined {
  const [min, max] = dtype.range ?? [0, 0];
  for (let index = 0; index < row.length; index++) {
    const value = row[index];
    if (typeof value !== "number") return { problem: "INVALID_DTYPE", index };
    if (!Number.isInteger(value)) return { problem: "NOT_AN_INTEGER", index };
    if (value < min || value > max) return { problem: "OUT_OF_RANGE", index };
    target[start + index] = value;
  }
  return undefined;
}

function writeBigints(
  target: AnyTypedArray,
  start: number,
  row: ArrayLike<unknown>,
  dtype: DTypeInfo,
): BadElement | undefined {
  const [min, max] = dtype.range ?? [0n, 0n];
  for (let index = 0; index < row.length; index++) {
    const value = row[index];
    if (typeof value === "number") {
      if (!Number.isInteger(value)) return { problem: "NOT_AN_INTEGER", index };
      // Beyond 2^53 a number may already have lost the integer that was meant.
      if (!Number.isSafeInteger(value) || value < min) return { problem: "OUT_OF_RANGE", index };
      target[start + index] = BigInt(value);
    } else if (typeof value === "bigint") {
      if (value < min || value > max) return { problem: "OUT_OF_RANGE", index };
      target[start + index] = value;
    } else {
      return { problem: "INVALID_DTYPE", index };
    }
  }
  return undefined;
}

/** Two places per element; a plain number has no imaginary part. */
function writeComplex(
  target: AnyTypedArray,
  start: number,
  row: ArrayLike<unknown>,
  dtype: DTypeInfo,
): BadElement | undefined {
  const limit = dtype.bytes === 8 ? FLOAT32_LIMIT : Number.POSITIVE_INFINITY;
  for (let index = 0; index < row.length; index++) {
    const parts = complexParts(row[index]);
    if (parts === undefined) return { problem: "INVALID_DTYPE", index };
    const { re, im } = parts;
    if (overflows(re, limit) || overflows(im, limit)) return { problem: "OUT_OF_RANGE", index };
    target[2 * (start + index)] = re;
    target[2 * (start + index) + 1] = im;
  }
  return undefined;
}

/** Returns the parts of a value for a complex element: a number, or an object with both parts and nothing else. */
export function complexParts(value: unknown): Complex | undefined {
  if (typeof value === "number") return { re: value, im: 0 };
  if (typeof value !== "object" || value === null || !("re" in value && "im" in value)) return undefined;
  for (const key in value) if (key !== "re" && key !== "im" && Object.hasOwn(value, key)) return undefined;
  // Read once: getters may return different values each time.
  const { re, im } = value;
  return typeof re === "number" && typeof im === "number" ? { re, im } : undefined;
}

function writeBools(target: AnyTypedArray, start: number, row: ArrayLike<unknown>): BadElement | undefined {
  for (let index = 0; index < row.length; index++) {
    const value = row[index];
    if (typeof value !== "boolean") return { problem: "INVALID_DTYPE", index };
    target[start + index] = value ? 1 : 0;
  }
  return undefined;
}

/** One writer for each kind of element that has a fixed size. */
export const rowWriters: { readonly [Kind in Exclude<DTypeInfo["kind"], "string">]: RowWriter } = {
  float: writeFloats,
  half: writeSmallFloats,
  bfloat: writeSmallFloats,
  integer: writeIntegers,
  bigint: writeBigints,
  complex: writeComplex,
  bool: writeBools,
};

/** Minimum number of strings that are encoded as one, several times as fast; more than `MOST_JOINED` gain nothing. */
const LEAST_JOINED = 8;
const MOST_JOINED = 64;
/** Longer ones gain nothing either, and there is a longest string. */
const MOST_CHARACTERS = 2 ** 16;

/** Checks string elements, as text or bytes, and appends their bytes to `target`. */
export function pushStrings(target: Uint8Array[], row: ArrayLike<unknown>): BadElement | undefined {
  if (row.length >= LEAST_JOINED) {
    // Read once: what is checked is what is encoded.
    const values = Array.from(row);
    if (values.every(isText)) {
      pushTexts(target, values);
      return undefined;
    }
  }
  for (let index = 0; index < row.length; index++) {
    const value = row[index];
    if (typeof value === "string") {
      // A lone surrogate has no UTF-8 form; the encoder would replace it silently.
      if (!value.isWellFormed()) return { problem: "INVALID_UTF8", index };
      // Small ones share memory, which TextEncoder's do not: five times as fast.
      target.push(Buffer.from(value));
    } else if (value instanceof Uint8Array) {
      // It would pass for an empty string.
      if (isDetached(value)) return { problem: "INVALID_SIZE", index };
      target.push(value);
    } else {
      return { problem: "INVALID_DTYPE", index };
    }
  }
  return undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

/** Encodes strings in blocks. */
function pushTexts(target: Uint8Array[], texts: readonly string[]): void {
  let block: string[] = [];
  let characters = 0;
  const flush = (): void => {
    pushJoined(target, block);
    block = [];
    characters = 0;
  };
  for (const text of texts) {
    if (block.length === MOST_JOINED || characters + text.length > MOST_CHARACTERS) flush();
    if (text.length > MOST_CHARACTERS) {
      target.push(Buffer.from(text));
      continue;
    }
    block.push(text);
    characters += text.length;
  }
  flush();
}

/** Encodes all strings at once; they share the memory. */
function pushJoined(target: Uint8Array[], texts: readonly string[]): void {
  const all = texts.join("");
  const { buffer, byteOffset, length } = Buffer.from(all);
  const isAscii = length === all.length;
  let start = byteOffset;
  for (const text of texts) {
    const size = isAscii ? text.length : Buffer.byteLength(text);
    target.push(new Uint8Array(buffer, start, size));
    start += size;
  }
}
