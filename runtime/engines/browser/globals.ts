// Globals of Node.js that the code uses, for the bundle for browsers.

const utf8 = new TextEncoder();

/** The part of Node.js's `Buffer` that values need. */
export const Buffer = {
  from(source: string | ArrayBuffer, byteOffset?: number, length?: number): Uint8Array {
    return typeof source === "string" ? utf8.encode(source) : new Uint8Array(source, byteOffset, length);
  },
  byteLength(text: string): number {
    return utf8.encode(text).length;
  },
  compare(a: Uint8Array, b: Uint8Array): number {
    const length = Math.min(a.length, b.length);
    for (let index = 0; index < length; index++) {
      const difference = (a[index] ?? 0) - (b[index] ?? 0);
      if (difference !== 0) return Math.sign(difference);
    }
    return Math.sign(a.length - b.length);
  },
};

/** Calls back at the end of this turn of the event loop. */
export function setImmediate(callback: () => void): ReturnType<typeof setTimeout> {
  return setTimeout(callback, 0);
}

export function clearImmediate(timer: ReturnType<typeof setTimeout>): void {
  clearTimeout(timer);
}
