/** `%TypedArray%.prototype.values`, which throws for an array whose memory is gone. */
const values = (Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array).values;

/**
 * Whether the memory of a typed array is gone, because it was transferred to another thread or lies beyond the end that
 * its buffer now has: it has no elements then, and would pass for an empty one.
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

/** What such an array is, for messages. */
export const LOST_DATA = "a detached array";

/** What to do about it. */
export const DETACHED_FIX =
  "Transferring an array to another thread, or shrinking its buffer, detaches it: pass a copy.";
