import type { NativeApi } from "../native/c-api.js";
import type { Pointer } from "../native/c-functions.js";

/**
 * Layout of an element of a string tensor (tsl/platform/ctstring_internal.h): 24 bytes, whose two lowest bits say which
 * form it has. A short string lies in the element itself, behind a byte with its size; a long one has its size,
 * capacity and address there. Sizes are shifted left by the two bits. This is not part of the C API, so it is used only
 * after the library was seen to do the same; its functions remain as a fallback.
 */
export const STRING_BYTES = 24;
const SHORT = 0;
const LONG = 1;
const FORM = 3;
/** The most bytes that an element itself holds: behind them is a NUL. */
export const MAX_SHORT: number = STRING_BYTES - 2;

/** Copies of all elements of a string tensor, with views that read them. The platforms of TensorFlow are little-endian. */
export class StringElements {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  /** @param data where the elements are */
  constructor(api: NativeApi, data: Pointer | ArrayBufferView, count: number) {
    const buffer = new ArrayBuffer(count * STRING_BYTES);
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    api.memcpy(this.#bytes, data, buffer.byteLength);
  }

  /** The size in bytes of an element; undefined for a form that only TensorFlow's functions read. */
  sizeOf(index: number): number | undefined {
    const start = index * STRING_BYTES;
    const word = this.#view.getUint32(start, true);
    if ((word & FORM) === SHORT) return (word & 0xff) >>> 2;
    if ((word & FORM) === LONG) return (word >>> 2) + this.#view.getUint32(start + 4, true) * 2 ** 30;
    return undefined;
  }

  /** Returns the address of the bytes of a long element; undefined for any other. */
  addressOf(index: number): Pointer | undefined {
    return this.#formOf(index) === LONG ? this.#view.getBigUint64(index * STRING_BYTES + 16, true) : undefined;
  }

  /** Copies the text of a short element, whose size the target has; false for any other. */
  copyShort(index: number, target: Uint8Array): boolean {
    if (this.#formOf(index) !== SHORT) return false;
    const start = index * STRING_BYTES + 1;
    for (let at = 0; at < target.length; at++) target[at] = this.#bytes[start + at] ?? 0;
    return true;
  }

  #formOf(index: number): number {
    return this.#view.getUint8(index * STRING_BYTES) & FORM;
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

const known = new WeakMap<NativeApi, boolean>();

/** Returns true if this library lays out its strings in the known way: tried with a short and a long one. */
export function hasKnownLayout(api: NativeApi): boolean {
  let isKnown = known.get(api);
  if (isKnown === undefined) {
    isKnown = [0, 1, MAX_SHORT, MAX_SHORT + 1, 1000].every((size) => isLaidOut(api, size));
    known.set(api, isKnown);
  }
  return isKnown;
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
    if (size > MAX_SHORT) return elements.addressOf(0) === api.TF_StringGetDataPointer(element);
    const packed = packShort([text], ({ length }) => length);
    return elements.addressOf(0) === undefined && packed !== undefined && Buffer.compare(packed, element) === 0;
  } finally {
    api.TF_StringDealloc(element);
  }
}
