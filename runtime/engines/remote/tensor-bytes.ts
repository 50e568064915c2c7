import { itemAt } from "../../base/item-at.js";
import type { DenseValue } from "../../engine.js";
import { allocate, type DTypeInfo, type NumericDType } from "../../tensor/dtype.js";
import { elementCount } from "../../tensor/shape.js";

// Elements as they travel: little-endian, which is the order in memory of all platforms that this package runs on. Strings
// have no form that all protocols share.

/** Returns a view of the bytes of numeric elements. */
export function bytesOf({ elements }: DenseValue): Uint8Array<ArrayBuffer> {
  if (!ArrayBuffer.isView(elements)) throw new Error("strings have no bytes as a whole");
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

/**
 * Returns a copy of numeric elements.
 *
 * @throws RangeError when the bytes are not those of a tensor of this shape
 */
export function fromBytes(dtype: DTypeInfo, shape: readonly number[], bytes: Uint8Array): DenseValue {
  const count = elementCount(shape);
  const expected = count * dtype.bytes;
  if (bytes.byteLength !== expected) throw new RangeError(`expected ${expected} bytes, got ${bytes.byteLength}`);
  const elements = allocate(dtype.name as NumericDType, count);
  new Uint8Array(elements.buffer).set(bytes);
  if (dtype.kind === "bool") requireBooleans(elements as Uint8Array);
  return { shape, elements };
}

/** @throws RangeError for a byte other than 0 and 1 */
function requireBooleans(bytes: Uint8Array): void {
  const other = bytes.find((byte) => byte > 1);
  if (other !== undefined) throw new RangeError(`a bool is 0 or 1, got ${other}`);
}

/** Returns strings as in KServe's raw form: the length of each as a 32-bit integer, and its bytes. */
export function encodeStrings(strings: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = strings.reduce((sum, { length }) => sum + 4 + length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const string of strings) {
    view.setUint32(offset, string.length, true);
    bytes.set(string, offset + 4);
    offset += 4 + string.length;
  }
  return bytes;
}

/**
 * Reads strings that {@link encodeStrings} wrote.
 *
 * @throws RangeError when the bytes are not `count` strings
 */
export function decodeStrings(bytes: Uint8Array, count: number): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.byteLength && strings.length < count) {
    // Beyond the end it throws a RangeError too.
    const end = offset + 4 + view.getUint32(offset, true);
    if (end > bytes.byteLength) throw new RangeError("a string is longer than the bytes that are left");
    strings.push(new Uint8Array(bytes.subarray(offset + 4, end)));
    offset = end;
  }
  if (strings.length !== count || offset !== bytes.byteLength) {
    throw new RangeError(`expected ${count} strings in ${bytes.byteLength} bytes, got ${strings.length} in ${offset}`);
  }
  return strings;
}

/** Returns a shape of all ones as that of a scalar, for protocols that have none. */
export function isScalarLike(shape: readonly (number | null)[]): boolean {
  return shape.every((_, axis) => itemAt(shape, axis) === 1);
}
