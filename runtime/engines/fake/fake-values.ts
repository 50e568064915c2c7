import { SavedModelError } from "../../base/errors.js";
import { printable, quote } from "../../base/text.js";
import type { Form } from "../../call/call.js";
import { isComposite, joinComposite, splitComposite } from "../../call/composite-call.js";
import { ExampleEncoder } from "../../call/example-input.js";
import type { CallInput } from "../../call/prepared-call.js";
import type { TensorDescription } from "../../saved-model/description.js";
import { stageTensor } from "../../tensor/check-tensor.js";
import { type InputSpec, stage } from "../../tensor/check-value.js";
import { type AnyTypedArray, dtypeInfo, isDType } from "../../tensor/dtype.js";
import { valueAt } from "../../tensor/element-value.js";
import { copyElements, decodeText, Tensor } from "../../tensor/tensor.js";

/**
 * What a fake gets of an input: what the model would get, or undefined where an optional input was left out.
 *
 * @throws SavedModelError what a call of the model throws
 */
export function fakeInput(value: unknown, input: CallInput, call: string): unknown {
  if (value === undefined && input.optional === true) return undefined;
  if (input.features === undefined || Tensor.is(value)) return toValue(value, input, call, "plain");
  return toValue(
    new ExampleEncoder(input, input.features, input.exampleRank).encode(value, call),
    input,
    call,
    "plain",
  );
}

/**
 * What a method returns for what its fake returned.
 *
 * @throws SavedModelError `INVALID_RESULT` for what does not fit the output, so that it is not taken for a wrong input
 */
export function fakeOutput(value: unknown, output: TensorDescription, call: string, form: Form): unknown {
  if (value === undefined) {
    throw new SavedModelError("INVALID_RESULT", `${call} returned nothing for output ${quote(output.key)}`);
  }
  try {
    return toValue(value, output, call, form, "output");
  } catch (cause) {
    if (!(cause instanceof SavedModelError)) throw cause;
    const { rawMessage, fix } = cause;
    throw new SavedModelError("INVALID_RESULT", rawMessage, { cause, ...(fix === undefined ? {} : { fix }) });
  }
}

/** Data as a plain value where a scalar is due, else as a tensor of its own memory. */
function toValue(data: unknown, tensor: TensorDescription, call: string, form: Form, role?: string): unknown {
  if (isComposite(tensor)) return joinComposite(tensor, splitComposite(data, tensor, call, role).map(copyOf));
  const value = toTensor(data, tensor, call, role);
  if (form === "tensors" || tensor.shape?.length !== 0) return value;
  const elements = Tensor.elementsOf(value);
  return ArrayBuffer.isView(elements)
    ? valueAt(value.dtype as Exclude<typeof value.dtype, "string">, elements as AnyTypedArray, 0)
    : plainString(elements[0] ?? new Uint8Array(), tensor);
}

function plainString(bytes: Uint8Array, tensor: TensorDescription): string | Uint8Array {
  return tensor.bytes === true ? bytes.slice() : decodeText(bytes);
}

function toTensor(
  data: unknown,
  { key, argument, dtype, shape }: TensorDescription,
  call: string,
  role?: string,
): Tensor {
  // A client is generated for signatures of these dtypes only.
  if (!isDType(dtype)) throw new SavedModelError("SIGNATURE_UNSUPPORTED", `${call}: unknown dtype ${printable(dtype)}`);
  const spec: InputSpec = { key, argument, dtype: dtypeInfo(dtype), shape, ...(role === undefined ? {} : { role }) };
  const staged = Tensor.is(data) ? stageTensor(data, spec, call) : stage(data, spec, call);
  return Tensor.own(dtype, staged.shape, copyElements(staged.elements));
}

function copyOf(tensor: Tensor): Tensor {
  return Tensor.own(tensor.dtype, tensor.shape, copyElements(Tensor.elementsOf(tensor)));
}
