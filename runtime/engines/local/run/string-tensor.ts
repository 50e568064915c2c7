import { type NativeApi, nonNull } from "../native/c-api.js";
import type { Pointer } from "../native/c-functions.js";
import { hasKnownLayout, packShort, STRING_BYTES, StringElements } from "./string-layout.js";

/** A string tensor that this package made. TensorFlow does not free what its elements point to; we have to. */
interface StringTensor {
  readonly tensor: Pointer;
  /** Number of elements, from the first, that may point to memory. */
  readonly count: number;
}

const ELEMENT_BYTES = BigInt(STRING_BYTES);

/** Tensors that TensorFlow still holds, for example because a variable was assigned from them. */
let held: StringTensor[] = [];

/** Deletes a string tensor and the memory of its elements, at once or as soon as TensorFlow has released it. */
export function deleteStrings(api: NativeApi, tensor: StringTensor): void {
  const waiting = [...held, tensor];
  held = [];
  for (const candidate of waiting) if (!tryDelete(api, candidate)) held.push(candidate);
}

function tryDelete(api: NativeApi, { tensor, count }: StringTensor): boolean {
  if (api.TF_TensorMaybeMove(tensor) === null) return false;
  if (count > 0) freeStrings(api, nonNull(api.TF_TensorData(tensor), "tensor data"), count);
  api.TF_DeleteTensor(tensor);
  return true;
}

/** From this many elements on, they are moved as one block. */
const LEAST_BLOCK = 4;

/**
 * TensorFlow ends the process when out of memory for a string that it copies, so memory is checked every so many bytes.
 */
const LEAST_PROOF_BYTES = 2 ** 16;

/** Out of memory for the copy of a string. */
export class NoMemoryForStrings extends Error {}

/** Initializes the memory of a new tensor with empty strings. */
export function initStrings(api: NativeApi, data: Pointer, count: number): void {
  let element = data;
  for (let index = 0; index < count; index++, element += ELEMENT_BYTES) api.TF_StringInit(element);
}

/**
 * Writes the elements of a string tensor of this package's.
 *
 * @param sizeOf returns the number of bytes of a string
 * @param mayOwn true if elements may point to memory of strings that they held before
 * @returns true if they may do so from now on
 * @throws NoMemoryForStrings when out of memory; some of them are written then
 */
export function writeStrings(
  api: NativeApi,
  data: Pointer,
  texts: readonly Uint8Array[],
  sizeOf: (text: Uint8Array) => number,
  mayOwn: boolean,
): boolean {
  const packed = isBlock(api, texts.length) ? packShort(texts, sizeOf) : undefined;
  let element = data;
  if (packed === undefined) {
    let unproven = 0;
    for (const text of texts) {
      const size = sizeOf(text);
      unproven += size;
      if (unproven >= LEAST_PROOF_BYTES) {
        if (!api.hasMemory(unproven)) throw new NoMemoryForStrings();
        unproven = 0;
      }
      api.TF_StringCopy(element, text, size);
      element += ELEMENT_BYTES;
    }
    return true;
  }
  if (mayOwn) freeStrings(api, data, texts.length);
  api.memcpy(data, packed, packed.byteLength);
  return false;
}

function isBlock(api: NativeApi, count: number): boolean {
  return count >= LEAST_BLOCK && hasKnownLayout(api);
}

function freeStrings(api: NativeApi, data: Pointer, count: number): void {
  let element = data;
  for (let index = 0; index < count; index++, element += ELEMENT_BYTES) api.TF_StringDealloc(element);
}

/** Copies the bytes of each element of a string tensor. They share one buffer. */
export function readStrings(api: NativeApi, tensor: Pointer, count: number): readonly Uint8Array[] {
  if (count === 0) return [];
  const first = nonNull(api.TF_TensorData(tensor), "tensor data");
  const elements = isBlock(api, count) ? new StringElements(api, first, count) : undefined;
  const addressOf = (index: number): Pointer => first + BigInt(index) * ELEMENT_BYTES;
  const sizes: number[] = [];
  let total = 0;
  for (let index = 0; index < count; index++) {
    const size = elements?.sizeOf(index) ?? Number(api.TF_StringGetSize(addressOf(index)));
    sizes.push(size);
    total += size;
  }
  const buffer = new ArrayBuffer(total);
  let offset = 0;
  return sizes.map((size, index) => {
    const bytes = new Uint8Array(buffer, offset, size);
    if (size > 0 && elements?.copyShort(index, bytes) !== true) {
      const source = elements?.addressOf(index) ?? api.TF_StringGetDataPointer(addressOf(index));
      api.memcpy(bytes, nonNull(source, "string data"), size);
    }
    offset += size;
    return bytes;
  });
}
