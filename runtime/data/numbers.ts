import { SavedModelError } from "../base/errors.js";
import { Tensor } from "../tensor/tensor.js";
import type { AnyNestedLike } from "../tensor/types.js";
import { convertTensor, positionOf } from "./convert-values.js";

/** Typed arrays of numbers, one for each row. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array;

/** Numbers in a tensor, a typed array or nested arrays. */
export type Numbers = Tensor | NumberArray | readonly AnyNestedLike<"float64">[];

/** Numbers as doubles in row-major order. */
export interface Doubles {
  readonly values: Float64Array;
  readonly shape: readonly number[];
  /** The size of the last axis; 1 for a vector, which is one column. */
  readonly columns: number;
}

/**
 * Reads finite numbers.
 *
 * @throws SavedModelError `INVALID_DTYPE`, `INVALID_RANK` for a scalar, `OUT_OF_RANGE` for NaN and infinities, and the
 * codes of `Tensor.from` for nested arrays
 */
export function doublesOf(call: string, numbers: Numbers): Doubles {
  const tensor = toTensor(call, numbers);
  const { shape } = tensor;
  if (shape.length === 0) throw new SavedModelError("INVALID_RANK", `${call} takes rows of numbers, not a scalar`);
  const values = tensor.data;
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1) {
    throw new SavedModelError("OUT_OF_RANGE", `${call}: there is ${values[bad]} at ${positionOf(bad, shape)}`, {
      fix: "Remove such rows, or fill in the values.",
    });
  }
  return { values, shape, columns: shape.length === 1 ? 1 : (shape.at(-1) ?? 1) };
}

function toTensor(call: string, numbers: Numbers): Tensor<"float64"> {
  if (Tensor.is(numbers)) return convertTensor(numbers, "float64", `${call}: the tensor`);
  if (!ArrayBuffer.isView(numbers)) return Tensor.from("float64", numbers);
  if (numbers instanceof DataView) throw new SavedModelError("INVALID_DTYPE", `${call}: a DataView has no numbers`);
  return Tensor.own("float64", [numbers.length], Float64Array.from(numbers, Number));
}
