/**
 * Whether the memory of a typed array was transferred to another thread: it has no elements then, and would pass for an
 * empty one.
 */
export function isDetached(view: ArrayBufferView): boolean {
  if (view.byteLength > 0) return false;
  try {
    new Uint8Array(view.buffer);
    return false;
  } catch {
    return true;
  }
}

/** What to do about it. */
export const DETACHED_FIX = "Data that was transferred to another thread is gone here.";
