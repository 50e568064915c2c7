import { SavedModelError } from "../../base/errors.js";
import { quote } from "../../base/text.js";
import { isComposite, joinComposite, splitComposite } from "../../call/composite-call.js";
import { plainOf } from "../../call/plain-value.js";
import { carriedDType } from "../../call/signature-call.js";
import type { DenseValue, Form } from "../../engine.js";
import type { TensorInfo } from "../../saved-model/signature-info.js";
import { stageTensor } from "../../tensor/check-tensor.js";
import { stage } from "../../tensor/check-value.js";
import { isDType } from "../../tensor/dtype.js";
import { copyElements, Tensor } from "../../tensor/tensor.js";

/**
 * Returns the value that a fake gets for an input: what the model would get, in its own memory; undefined where an
 * optional input was omitted.
 *
 * @param parts the dense tensors that the input is made of
 */
export function fakeInput(parts: readonly (DenseValue | undefined)[], input: TensorInfo): unknown {
  const tensors = parts.flatMap((part, index) => {
    const dtype = isComposite(input) ? input.components[index]?.dtype : input.dtype;
    return part === undefined || dtype === undefined || !isDType(dtype)
      ? []
      : [Tensor.own(dtype, part.shape, copyElements(part.elements))];
  });
  const [first] = tensors;
  if (first === undefined) return undefined;
  return isComposite(input) ? joinComposite(input, tensors) : plainOf(first, input);
}

/**
 * Converts the result of a fake to what a method gets: the dense tensors of an output.
 *
 * @throws SavedModelError `INVALID_RESULT` for a result that does not fit the output, so that it is not taken for a
 * wrong input
 */
export function fakeOutput(value: unknown, output: TensorInfo, call: string, form: Form): readonly unknown[] {
  if (value === undefined) {
    throw new SavedModelError("INVALID_RESULT", `${call} returned nothing for output ${quote(output.key)}`);
  }
  try {
    if (isComposite(output)) return splitComposite(value, output, call, "output").map(copyOf);
    const tensor = toTensor(value, output, call);
    return [form === "tensors" ? tensor : plainOf(tensor, output)];
  } catch (cause) {
    if (!(cause instanceof SavedModelError)) throw cause;
    const { rawMessage, fix } = cause;
    throw new SavedModelError("INVALID_RESULT", rawMessage, { cause, ...(fix === undefined ? {} : { fix }) });
  }
}

function toTensor(data: unknown, output: TensorInfo, call: string): Tensor {
  const { key, argument, shape } = output;
  const spec = { key, argument, dtype: carriedDType(output, call), shape, role: "output" };
  const staged = Tensor.is(data) ? stageTensor(data, spec, call) : stage(data, spec, call);
  return Tensor.own(spec.dtype.name, staged.shape, copyElements(staged.elements));
}

function copyOf(tensor: Tensor): Tensor {
  return Tensor.own(tensor.dtype, tensor.shape, copyElements(Tensor.elementsOf(tensor)));
}
