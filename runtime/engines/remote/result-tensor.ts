import { SavedModelError } from "../../base/errors.js";
import { quote } from "../../base/text.js";
import type { DenseValue } from "../../engine.js";
import type { TensorInfo } from "../../saved-model/signature-info.js";
import type { DTypeInfo } from "../../tensor/dtype.js";
import { elementCount, formatShape, formatSizes, isShape, matchesShape } from "../../tensor/shape.js";
import { Tensor } from "../../tensor/tensor.js";

/**
 * Returns a result as a tensor.
 *
 * @throws SavedModelError `INVALID_RESULT` when it does not match the signature
 */
export function tensorOf({ shape, elements }: DenseValue, output: TensorInfo, dtype: DTypeInfo, call: string): Tensor {
  if (isShape(shape) && matchesShape(shape, output.shape) && sizeOf(elements, dtype) === elementCount(shape)) {
    return Tensor.own(dtype.name, shape, elements);
  }
  const expected = `${dtype.name} ${formatShape(output.shape)}`;
  const actual = formatSizes(shape.map(Number));
  throw new SavedModelError(
    "INVALID_RESULT",
    `${call}: output ${quote(output.key)} must be ${expected}, got ${actual}`,
  );
}

function sizeOf(elements: DenseValue["elements"], { kind }: DTypeInfo): number {
  return kind === "complex" ? elements.length / 2 : elements.length;
}
