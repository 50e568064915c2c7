import {
  type AnyTypedArray,
  allocate,
  type DTypeInfo,
  dtypeInfoOfCode,
  dtypeName,
  type NumericDType,
} from "../dtype.js";
import { SavedModelError } from "../errors.js";
import { type NativeApi, nonNull } from "../native/api.js";
import type { Pointer } from "../native/ffi.js";
import { elementCount, formatShape } from "../shape.js";
import { type Elements, Tensor } from "../tensor.js";
import { quote } from "../text.js";

/** Up to this size a result is copied through a scratch array, which is cheaper than handing a new one to native code. */
const SCRATCH_BYTES = 4096;
const scratches = new Map<NumericDType, AnyTypedArray>();

/** What an output is expected to be. */
export interface OutputSpec {
  readonly key: string;
  /** True when the signature says rank 0: the result is then a plain value. */
  readonly scalar: boolean;
}

/**
 * Copies a native tensor into JavaScript. It stays the caller's to delete: its memory may be a variable's own.
 *
 * @throws SavedModelError `INVALID_RESULT` when a scalar was promised and something else came, `INVALID_UTF8` when a
 * scalar string is not text
 */
export function readResult(api: NativeApi, tensor: Pointer, spec: OutputSpec, call: string): unknown {
  const code = api.TF_TensorType(tensor);
  const dtype = dtypeInfoOfCode(code);
  if (dtype === undefined) {
    throw new SavedModelError("INVALID_RESULT", `${call}: output ${quote(spec.key)} is of dtype ${dtypeName(code)}`);
  }
  const rank = api.TF_NumDims(tensor);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) shape.push(Number(api.TF_Dim(tensor, axis)));
  if (spec.scalar && rank !== 0) {
    throw new SavedModelError(
      "INVALID_RESULT",
      `${call}: output ${quote(spec.key)} must be a scalar, got ${formatShape(shape)}`,
    );
  }
  const result = Tensor.own(dtype.name, shape, readElements(api, tensor, dtype, elementCount(shape)));
  return spec.scalar ? result.item() : result;
}

function readElements(api: NativeApi, tensor: Pointer, dtype: DTypeInfo, count: number): Elements {
  if (dtype.name === "string") return readStrings(api, tensor, dtype, count);
  if (count === 0) return allocate(dtype.name, 0);
  const data = nonNull(api.TF_TensorData(tensor), "tensor data");
  const bytes = count * dtype.bytes;
  if (bytes > SCRATCH_BYTES) {
    const elements = allocate(dtype.name, count);
    api.memcpy(elements, data, bytes);
    return elements;
  }
  let scratch = scratches.get(dtype.name);
  if (scratch === undefined) {
    scratch = allocate(dtype.name, SCRATCH_BYTES / dtype.bytes);
    scratches.set(dtype.name, scratch);
  }
  api.memcpy(scratch, data, bytes);
  return scratch.slice(0, count);
}

function readStrings(api: NativeApi, tensor: Pointer, dtype: DTypeInfo, count: number): readonly Uint8Array[] {
  if (count === 0) return [];
  const data = nonNull(api.TF_TensorData(tensor), "tensor data");
  return Array.from({ length: count }, (_, index) => {
    const element = data + BigInt(index * dtype.bytes);
    const bytes = new Uint8Array(Number(api.TF_StringGetSize(element)));
    if (bytes.length > 0) {
      api.memcpy(bytes, nonNull(api.TF_StringGetDataPointer(element), "string data"), bytes.length);
    }
    return bytes;
  });
}
