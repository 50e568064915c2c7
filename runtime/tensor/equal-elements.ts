import { type AnyTypedArray, type DType, dtypeInfo } from "./dtype.js";
import { valueAt } from "./element-value.js";
import type { Elements } from "./tensor.js";

/** Returns true if two tensors of this dtype have equal elements: `NaN` equals `NaN`, and `0` equals `-0`. */
export function equalElements(dtype: DType, a: Elements, b: Elements): boolean {
  if (a.length !== b.length) return false;
  if (dtype === "string") return equalStrings(a as readonly Uint8Array[], b as readonly Uint8Array[]);
  const [left, right] = [a as AnyTypedArray, b as AnyTypedArray];
  if (Buffer.compare(bytesOf(left), bytesOf(right)) === 0) return true;
  switch (dtypeInfo(dtype).kind) {
    case "float":
    case "complex":
      return left.every((element, slot) => sameValue(element, right[slot]));
    case "half":
    case "bfloat":
      return left.every((_, index) => sameValue(valueAt(dtype, left, index), valueAt(dtype, right, index)));
    default:
      // Different bytes are different numbers.
      return false;
  }
}

function equalStrings(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.every((bytes, index) => {
    const other = b[index];
    return other !== undefined && Buffer.compare(bytes, other) === 0;
  });
}

/** SameValueZero, as `Array.prototype.includes` compares. */
function sameValue(a: unknown, b: unknown): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

function bytesOf({ buffer, byteOffset, byteLength }: AnyTypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
