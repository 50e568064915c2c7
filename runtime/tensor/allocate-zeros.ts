import { SavedModelError } from "../base/errors.js";
import { allocate, type NumericDType, type TypedArrays } from "./dtype.js";
import { elementCount, formatShape } from "./shape.js";

/** @throws SavedModelError `TF_RESOURCE_EXHAUSTED` */
export function allocateZeros<D extends NumericDType>(dtype: D, shape: readonly number[]): TypedArrays[D] {
  return orOutOfMemory(dtype, shape, () => allocate(dtype, elementCount(shape)));
}

/**
 * Allocates memory for a tensor.
 *
 * @throws SavedModelError `TF_RESOURCE_EXHAUSTED` in place of JavaScript's RangeError
 */
export function orOutOfMemory<T>(dtype: NumericDType, shape: readonly number[], make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const what = `out of memory allocating ${dtype} ${formatShape(shape)}`;
    throw new SavedModelError("TF_RESOURCE_EXHAUSTED", what, { cause });
  }
}
