import { type AnyTypedArray, isComplex, type NumericDType } from "./dtype.js";
import { bfloatToNumber, halfToNumber } from "./half.js";
import type { Complex } from "./types.js";

/** Returns the element at `index` of a tensor: a boolean, a number, a bigint or a complex number. */
export function valueAt(
  dtype: NumericDType,
  elements: AnyTypedArray,
  index: number,
): number | bigint | boolean | Complex {
  if (isComplex(dtype)) return { re: Number(elements[2 * index]), im: Number(elements[2 * index + 1]) };
  const element = elements[index] ?? 0;
  if (dtype === "bool") return element !== 0;
  if (dtype === "float16") return halfToNumber(Number(element));
  if (dtype === "bfloat16") return bfloatToNumber(Number(element));
  return element;
}
