/** `%TypedArray%.prototype.values`, which throws for an array whose memory is gone. */
const values = (Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array).values;

/**
 * Returns true if the memory of a typed array is gone, because its buffer was transferred to another thread or shrunk:
 * it then has no elements, and would pass for an empty array.
 */
export function isDetached(view: ArrayBufferView): boolean {
  if (view.byteLength > 0) return false;
  try {
    values.call(view as Uint8Array);
    return false;
  } catch {
    return true;
  }
}

const byteLengthOfTypedArray = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  "byteLength",
)?.get;

/** Returns the number of bytes that a typed array has at this moment, whatever properties were defined on it. */
export function intrinsicByteLength(view: ArrayBufferView): number {
  return byteLengthOfTypedArray?.call(view) as number;
}

/** Name of an array whose memory is gone, for messages. */
export const LOST_DATA = "a detached array";

/** Advice about it, for messages. */
export const DETACHED_FIX =
  "Transferring an array to another thread, or shrinking its buffer, detaches it: pass a copy.";
