import { type AnyTypedArray, allocate, type DType, dtypeInfo } from "./dtype.js";
import type { Elements } from "./tensor.js";

/** Returns a copy of the elements at `places`, in that order. */
export function gather(dtype: DType, elements: Elements, places: readonly number[]): Elements {
  if (dtype === "string" || !ArrayBuffer.isView(elements)) {
    return places.map((place) => stringAt(elements, place));
  }
  const result = allocate(dtype, places.length);
  const move = mover(dtype, elements, result);
  for (let index = 0; index < places.length; index++) move(places[index] ?? 0, index);
  return result;
}

/** `count` elements, those at `places` taken from `elements` in order and the others zero, false or empty. */
export function scatter(dtype: DType, elements: Elements, places: readonly number[], count: number): Elements {
  if (dtype === "string" || !ArrayBuffer.isView(elements)) {
    const result: Uint8Array[] = new Array(count).fill(new Uint8Array());
    for (const [index, place] of places.entries()) result[place] = stringAt(elements, index);
    return result;
  }
  const result = allocate(dtype, count);
  const move = mover(dtype, elements, result);
  for (let index = 0; index < places.length; index++) move(index, places[index] ?? 0);
  return result;
}

/**
 * Copies one element. The bits are copied and not the number, which may be one of many NaN; and a complex element takes two
 * places of its array.
 */
function mover(dtype: DType, source: AnyTypedArray, target: AnyTypedArray): (from: number, to: number) => void {
  const { bytes } = dtypeInfo(dtype);
  const words = bytes > 4 ? bytes / 4 : 1;
  const from = bitsOf(source, bytes);
  const to = bitsOf(target, bytes);
  return (place, at) => {
    for (let word = 0; word < words; word++) to[at * words + word] = from[place * words + word] ?? 0;
  };
}

function bitsOf(
  { buffer, byteOffset, byteLength }: AnyTypedArray,
  bytes: number,
): Uint8Array | Uint16Array | Uint32Array {
  if (bytes === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  if (bytes === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

function stringAt(elements: Elements, index: number): Uint8Array {
  const element = elements[index];
  return element instanceof Uint8Array ? element : new Uint8Array();
}
