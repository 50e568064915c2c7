import type { ErrorCode } from "../base/errors.js";
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
