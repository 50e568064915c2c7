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

/** Name of an array whose memory is gone, for messages. */
export const LOST_DATA = "a detached array";

/** Advice about it, for messages. */
export const DETACHED_FIX =
  "Transferring an array to another thread, or shrinking its buffer, detaches it: pass a copy.";

const byteLength = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  "byteLength",
)?.get;

/** Returns the number of bytes of a typed array, whose class may have another `byteLength` of its own. */
export function byteLengthOf(view: ArrayBufferView): number {
  return byteLength?.call(view) as number;
}
