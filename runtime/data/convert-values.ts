import { SavedModelError } from "../base/errors.js";
import { type AnyTypedArray, allocate, type DType, dtypeInfo, isComplex, type NumericDType } from "../tensor/dtype.js";
import { valueAt } from "../tensor/element-value.js";
import { elementCount } from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";
import { rowWriters } from "../tensor/write-elements.js";

/** Numbers one after another. */
export type NumberList = ArrayLike<number | bigint | boolean>;

/**
 * A tensor's numbers in another dtype. Floats round as they always do; nothing else may be lost.
 *
 * @param what the tensor is, as the beginning of a message
 * @throws SavedModelError `INVALID_DTYPE`, `NOT_AN_INTEGER` or `OUT_OF_RANGE`
 */
export function convertTensor<D extends DType>(tensor: Tensor, dtype: D, what: string): Tensor<D> {
  // One dtype, one tensor: the check makes the cast true.
  if ((tensor.dtype as DType) === dtype) return tensor as Tensor as Tensor<D>;
  const numeric = numericDType(dtype);
  const numbers = realNumbers(tensor);
  if (numbers === undefined || numeric === undefined) {
    throw new SavedModelError("INVALID_DTYPE", `${what} is ${tensor.dtype}, which cannot be converted to ${dtype}`);
  }
  const elements = convertNumbers(numbers, numeric, (index) => `${what} at ${positionOf(index, tensor.shape)}`);
  return Tensor.own(dtype, tensor.shape, elements);
}

/**
 * Numbers as the elements of a dtype.
 *
 * @param where names the place of one of them, as the beginning of a message
 * @throws SavedModelError `INVALID_DTYPE`, `NOT_AN_INTEGER` or `OUT_OF_RANGE`
 */
export function convertNumbers(
  numbers: NumberList,
  dtype: NumericDType,
  where: (index: number) => string,
): AnyTypedArray {
  const info = dtypeInfo(dtype);
  if (info.kind === "string") throw new TypeError("strings are not numbers");
  const isFloat = info.kind === "float" || info.kind === "half" || info.kind === "bfloat";
  // Wide integers become floats as any number does, which the writers leave to the caller.
  const source = isFloat && typeof numbers[0] === "bigint" ? Float64Array.from(numbers, Number) : numbers;
  const elements = allocate(dtype, numbers.length);
  const bad = rowWriters[info.kind](elements, 0, source, info);
  if (bad === undefined) return elements;
  const value = String(numbers[bad.index]);
  const reasons = {
    NOT_AN_INTEGER: `is ${value}, which is not an integer`,
    OUT_OF_RANGE: `is ${value}, which does not fit ${dtype}`,
  };
  const code = bad.problem === "NOT_AN_INTEGER" || bad.problem === "OUT_OF_RANGE" ? bad.problem : "INVALID_DTYPE";
  const reason = code === "INVALID_DTYPE" ? `is ${value}, which cannot be converted to ${dtype}` : reasons[code];
  throw new SavedModelError(code, `${where(bad.index)} ${reason}`);
}

/** `[3, 0]`: the indices of an element of a tensor. */
export function positionOf(index: number, shape: readonly number[]): string {
  const indices: number[] = [];
  let rest = index;
  for (let axis = 0; axis < shape.length; axis++) {
    const stride = elementCount(shape.slice(axis + 1));
    indices.push(Math.floor(rest / stride));
    rest %= stride;
  }
  return `[${indices.join(", ")}]`;
}

function numericDType(dtype: DType): NumericDType | undefined {
  return dtype === "string" || isComplex(dtype) || isQuantised(dtype) ? undefined : dtype;
}

/** The real numbers of a tensor; undefined where it has none, or where they need a scale that is not in it. */
function realNumbers(tensor: Tensor): NumberList | undefined {
  const dtype = numericDType(tensor.dtype);
  if (dtype === undefined) return undefined;
  // Elements of a numeric dtype are kept in a typed array.
  const elements = Tensor.elementsOf(tensor) as AnyTypedArray;
  if (dtype !== "float16" && dtype !== "bfloat16") return elements;
  return Float64Array.from({ length: elements.length }, (_, index) => Number(valueAt(dtype, elements, index)));
}

function isQuantised(dtype: DType): boolean {
  return /^qu?int|^quint/.test(dtype);
}
