import { itemAt } from "../base/item-at.js";
import type { TensorInfo } from "../saved-model/signature-info.js";
import type { AnyTypedArray, NumericDType } from "../tensor/dtype.js";
import { valueAt } from "../tensor/element-value.js";
import { decodeText, Tensor } from "../tensor/tensor.js";

/**
 * Returns the value of a scalar, or the tensor itself where the signature says another rank.
 *
 * @throws SavedModelError `NOT_TEXT`
 */
export function plainOf(tensor: Tensor, { shape, bytes }: Pick<TensorInfo, "shape" | "bytes">): unknown {
  if (shape?.length !== 0) return tensor;
  const elements = Tensor.elementsOf(tensor);
  if (ArrayBuffer.isView(elements)) return valueAt(tensor.dtype as NumericDType, elements as AnyTypedArray, 0);
  const string = itemAt(elements, 0);
  return bytes === true ? string.slice() : decodeText(string);
}
