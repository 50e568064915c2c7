import { dtypeInfo } from "../dtype.js";
import { type NativeApi, nonNull } from "../native/api.js";
import type { Pointer } from "../native/ffi.js";

/** A string tensor that this package made. TensorFlow does not free what its elements point to; we have to. */
interface StringTensor {
  readonly tensor: Pointer;
  readonly count: number;
}

const ELEMENT_BYTES = BigInt(dtypeInfo("string").bytes);

/** Tensors that TensorFlow still holds, for example because a variable was assigned from them. */
let held: StringTensor[] = [];

/** Deletes a string tensor and what its elements point to, at once or as soon as TensorFlow has let go of it. */
export function deleteStrings(api: NativeApi, tensor: StringTensor): void {
  const waiting = [...held, tensor];
  held = [];
  for (const candidate of waiting) if (!tryDelete(api, candidate)) held.push(candidate);
}

function tryDelete(api: NativeApi, { tensor, count }: StringTensor): boolean {
  if (api.TF_TensorMaybeMove(tensor) === null) return false;
  let element = api.TF_TensorData(tensor) ?? 0n;
  for (let index = 0; index < count; index++, element += ELEMENT_BYTES) api.TF_StringDealloc(element);
  api.TF_DeleteTensor(tensor);
  return true;
}

/** Copies the bytes of each element of a string tensor. They share one buffer. */
export function readStrings(api: NativeApi, tensor: Pointer, count: number): readonly Uint8Array[] {
  if (count === 0) return [];
  const sizes: number[] = [];
  let total = 0;
  const first = nonNull(api.TF_TensorData(tensor), "tensor data");
  for (let index = 0, element = first; index < count; index++, element += ELEMENT_BYTES) {
    const size = Number(api.TF_StringGetSize(element));
    sizes.push(size);
    total += size;
  }
  const buffer = new ArrayBuffer(total);
  let offset = 0;
  let element = first;
  return sizes.map((size) => {
    const bytes = new Uint8Array(buffer, offset, size);
    if (size > 0) api.memcpy(bytes, nonNull(api.TF_StringGetDataPointer(element), "string data"), size);
    offset += size;
    element += ELEMENT_BYTES;
    return bytes;
  });
}
