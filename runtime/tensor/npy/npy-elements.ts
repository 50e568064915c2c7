import { allocateUnfilled } from "../dtype.js";
import { elementCount } from "../shape.js";
import type { Elements } from "../tensor.js";
import type { NpyLayout } from "./npy-dtype.js";
import { npyInvalid } from "./npy-header.js";

/**
 * Reads the elements from the data of a file.
 *
 * @param data as it is in the file, row-major and little-endian; not kept
 * @throws SavedModelError `NPY_INVALID` for a bool that is neither 0 nor 1, and for invalid Unicode
 */
export function readElements(data: Uint8Array, layout: NpyLayout, count: number): Elements {
  if (layout.kind === "numeric") {
    if (layout.dtype === "bool" && data.some((byte) => byte > 1)) throw npyInvalid("a bool in it is neither 0 nor 1");
    const elements = allocateUnfilled(layout.dtype, count);
    new Uint8Array(elements.buffer).set(data);
    return elements;
  }
  const read = layout.kind === "bytes" ? trimmed : utf8Of;
  return Array.from({ length: count }, (_, index) =>
    read(data.subarray(index * layout.itemBytes, (index + 1) * layout.itemBytes)),
  );
}

/** Returns a string without the NULs that it was filled up with; those at its own end cannot be told from them. */
function trimmed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1));
}

/** Converts code points of four bytes each to UTF-8, without a string in between, which could be much larger. */
function utf8Of(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length;
  while (end > 0 && view.getUint32(end - 4, true) === 0) end -= 4;
  let size = 0;
  for (let at = 0; at < end; at += 4) size += utf8Length(view.getUint32(at, true));
  const encoded = new Uint8Array(size);
  let next = 0;
  for (let at = 0; at < end; at += 4) next = writeUtf8(encoded, next, view.getUint32(at, true));
  return encoded;
}

function utf8Length(point: number): number {
  const isSurrogate = point >= 0xd800 && point <= 0xdfff;
  if (point > 0x10ffff || isSurrogate) throw npyInvalid(`the text in it has U+${point.toString(16)}, no character`);
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

/** Writes a character, and returns where the next one begins. */
function writeUtf8(target: Uint8Array, start: number, point: number): number {
  const length = utf8Length(point);
  if (length === 1) {
    target[start] = point;
    return start + 1;
  }
  // All bytes but the first have 6 bits of it; the first begins with as many ones as there are bytes.
  let rest = point;
  for (let at = start + length - 1; at > start; at--) {
    target[at] = 0x80 | (rest & 0x3f);
    rest >>= 6;
  }
  target[start] = ((0xf00 >> length) & 0xff) | rest;
  return start + length;
}

/** Returns the data with the bytes of each word of 2, 4 or 8 bytes reversed: big-endian becomes little-endian. */
export function swapBytes(data: Uint8Array, wordBytes: number): Uint8Array {
  const swapped = new Uint8Array(data);
  const buffer = Buffer.from(swapped.buffer);
  if (wordBytes === 2) buffer.swap16();
  else if (wordBytes === 4) buffer.swap32();
  else buffer.swap64();
  return swapped;
}

/** The data of an array whose first index changes fastest, with the last index changing fastest. */
export function toRowMajor(data: Uint8Array, shape: readonly number[], itemBytes: number): Uint8Array {
  const result = new Uint8Array(data.length);
  // The last index, which changes first, comes first.
  const axes = shape.map((size, axis) => ({ size, stride: elementCount(shape.slice(0, axis)), index: 0 })).reverse();
  let source = 0;
  for (let target = 0; target < data.length; target += itemBytes) {
    const start = source * itemBytes;
    for (let byte = 0; byte < itemBytes; byte++) result[target + byte] = data[start + byte] ?? 0;
    // To the next index in row-major order, as an odometer counts.
    for (const axis of axes) {
      axis.index++;
      source += axis.stride;
      if (axis.index < axis.size) break;
      axis.index = 0;
      source -= axis.stride * axis.size;
    }
  }
  return result;
}
