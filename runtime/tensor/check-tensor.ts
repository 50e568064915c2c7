import { checkBools, type InputSpec, inputError, shapeThatIs } from "./check-value.js";
import { DETACHED_FIX, LOST_DATA } from "./detached.js";
import type { Flattened } from "./flatten.js";
import { adviseReshape } from "./rank-advice.js";
import { formatShape, matchesShape } from "./shape.js";
import { Tensor } from "./tensor.js";

/**
 * Checks a tensor against the requirements of an input. Its elements are its own: the caller may have changed them.
 *
 * @throws SavedModelError `INVALID_DTYPE`, `INVALID_RANK`, `INVALID_SHAPE`, `INVALID_SIZE` or `OUT_OF_RANGE`
 */
export function stageTensor(tensor: Tensor, spec: InputSpec, call: string): Flattened {
  checkTensor(tensor, spec, call);
  const elements = Tensor.elementsOf(tensor);
  if (tensor.dtype === "bool") checkBools(elements, spec, call);
  return { shape: tensor.shape, elements };
}

/**
 * Checks the dtype and shape of a tensor, and that its memory is there.
 *
 * @throws SavedModelError `INVALID_DTYPE`, `INVALID_RANK`, `INVALID_SHAPE` or `INVALID_SIZE`
 */
export function checkTensor(tensor: Tensor, spec: InputSpec, call: string): void {
  const { dtype, shape } = tensor;
  if (dtype !== spec.dtype.name) {
    throw inputError("INVALID_DTYPE", spec, call, `a tensor of ${dtype} ${formatShape(shape)}`);
  }
  if (!matchesShape(shape, spec.shape)) {
    const code = shape.length === spec.shape?.length ? "INVALID_SHAPE" : "INVALID_RANK";
    throw inputError(code, spec, call, shapeThatIs(shape), adviseReshape(shape, spec.shape));
  }
  if (Tensor.isDetached(tensor)) throw inputError("INVALID_SIZE", spec, call, LOST_DATA, DETACHED_FIX);
}
