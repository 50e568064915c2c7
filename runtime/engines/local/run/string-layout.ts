import { allocateBlock, StringBlock } from "../../../tensor/string-block.js";
import { loadKoffi } from "../library/koffi.js";
import type { NativeApi } from "../native/c-api.js";
import type { Pointer } from "../native/c-functions.js";

/**
 * Layout of an element of a string tensor (tsl/platform/ctstring_internal.h): 24 bytes, whose two lowest bits say which
 * form it has. A short string lies in the element itself, behind a byte with its size; a long one has its size,
 * capacity and address there, and owns its memory; a view has its size and the address of memory that it does not own.
 * Sizes are shifted left by the two bits. This is not part of the C API, so it is used only after the library was seen
 * to do the same; its functions remain as a fallback.
 */
export const STRING_BYTES = 24;
const WORDS: number = STRING_BYTES / Uint32Array.BYTES_PER_ELEMENT;
const SHORT = 0;
const LONG = 1;
const VIEW = 3;
const FORM = 3;
/** The most bytes that an element itself holds: behind them is a NUL. */
export const MAX_SHORT: number = STRING_BYTES - 2;
/** Addresses are taken for numbers, which are exact up to here: no system has more address space. */
const MAX_HIGH_WORD = 2 ** 21;

/** Copies of all elements of a string tensor. The platforms of TensorFlow are little-endian. */
export class StringElements {
  readonly #view: DataView;

  /** @param data where the elements are */
  constructor(api: NativeApi, data: Pointer | ArrayBufferView, count: number) {
    const buffer = new ArrayBuffer(count * STRING_BYTES);
    this.#view = new DataView(buffer);
    api.memcpy(new Uint8Array(buffer), data, buffer.byteLength);
  }

  /** The size in bytes of an element; undefined for a form that only TensorFlow's functions read. */
  sizeOf(index: number): number | undefined {
    const start = index * STRING_BYTES;
    const word = this.#view.getUint32(start, true);
    const form = word & FORM;
    if (form === SHORT) return (word & 0xff) >>> 2;
    if (form !== LONG && form !== VIEW) return undefined;
    return (word >>> 2) + this.#view.getUint32(start + 4, true) * 2 ** 30;
  }

  /** Returns the address of the bytes of an element that does not hold them itself; undefined for any other. */
  addressOf(index: number): number | undefined {
    const start = index * STRING_BYTES;
    const form = this.#view.getUint8(start) & FORM;
    if (form !== LONG && form !== VIEW) return undefined;
    const pointer = start + (form === LONG ? 16 : 8);
    const high = this.#view.getUint32(pointer + 4, true);
    return high < MAX_HIGH_WORD ? high * 2 ** 32 + this.#view.getUint32(pointer, true) : undefined;
  }

  /** Copies the text of a short element, of this size, to a position of the target; false for any other element. */
  copyShort(index: number, target: Uint8Array, position: number, size: number): boolean {
    const start = index * STRING_BYTES;
    if ((this.#view.getUint8(start) & FORM) !== SHORT) return false;
    for (let at = 0; at < size; at++) target[position + at] = this.#view.getUint8(start + 1 + at);
    return true;
  }
}

/**
 * Packs strings as they lie in a tensor, if all of them are short.
 *
 * @param sizeOf returns the number of bytes of a string
 */
export function packShort(texts: readonly Uint8Array[], sizeOf: (text: Uint8Array) => number): Uint8Array | undefined {
  const packed = new Uint8Array(texts.length * STRING_BYTES);
  let start = 0;
  for (const text of texts) {
    const size = sizeOf(text);
    if (size > MAX_SHORT) return undefined;
    packed[start] = size << 2;
    packed.set(text, start + 1);
    start += STRING_BYTES;
  }
  return packed;
}

/**
 * Makes elements that are views of a block.
 *
 * @param address that of the block's memory, which has to outlive them
 */
export function packViews({ ends }: StringBlock, address: number): Uint32Array {
  const words = new Uint32Array(ends.length * WORDS);
  let at = 0;
  let start = 0;
  for (const end of ends) {
    const size = end - start;
    const pointer = address + start;
    words[at] = ((size << 2) | VIEW) >>> 0;
    words[at + 1] = Math.floor(size / 2 ** 30);
    words[at + 2] = pointer >>> 0;
    words[at + 3] = Math.floor(pointer / 2 ** 32);
    at += WORDS;
    start = end;
  }
  return words;
}

const known = new WeakMap<NativeApi, boolean>();

/** Returns true if this library lays out its strings in the known way: tried with short and long ones, and views. */
export function hasKnownLayout(api: NativeApi): boolean {
  let isKnown = known.get(api);
  if (isKnown === undefined) {
    isKnown = [0, 1, MAX_SHORT, MAX_SHORT + 1, 1000].every((size) => isLaidOut(api, size) && isRead(api, size));
    known.set(api, isKnown);
  }
  return isKnown;
}

/** Returns true if the library reads an element that is a view. */
function isRead(api: NativeApi, size: number): boolean {
  const block = new StringBlock(allocateBlock(size).subarray(0, size), Float64Array.of(size));
  const address = loadKoffi().address(block.bytes);
  const element = packViews(block, Number(address));
  if (Number(api.TF_StringGetSize(element)) !== size) return false;
  if (api.TF_StringGetDataPointer(element) !== address) return false;
  const elements = new StringElements(api, element, 1);
  return elements.sizeOf(0) === size && elements.addressOf(0) === Number(address);
}

/** Makes the library write one element, and reads it. */
function isLaidOut(api: NativeApi, size: number): boolean {
  const text = Uint8Array.from({ length: size }, (_, index) => 1 + (index % 251));
  // A separate buffer does not move.
  const element = new Uint8Array(new ArrayBuffer(STRING_BYTES));
  api.TF_StringInit(element);
  api.TF_StringCopy(element, text, size);
  try {
    const elements = new StringElements(api, element, 1);
    if (elements.sizeOf(0) !== size) return false;
    if (size > MAX_SHORT) return elements.addressOf(0) === Number(api.TF_StringGetDataPointer(element));
    const packed = packShort([text], ({ length }) => length);
    return elements.addressOf(0) === undefined && packed !== undefined && Buffer.compare(packed, element) === 0;
  } finally {
    api.TF_StringDealloc(element);
  }
}
