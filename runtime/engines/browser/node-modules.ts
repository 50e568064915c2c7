// Replacements of the modules and globals of Node.js that the code for browsers uses: a bundle has no others.

/** Of `node:util`. */
export const inspect: { (value: unknown): string; readonly custom: symbol } = Object.assign(
  (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value)),
  { custom: Symbol.for("nodejs.util.inspect.custom") },
);

const PlatformDecoder: typeof TextDecoder = TextDecoder;

export { PlatformDecoder as TextDecoder };

/** Of `node:diagnostics_channel`: nobody subscribes. */
export function channel(): { readonly hasSubscribers: boolean; publish(): void } {
  return { hasSubscribers: false, publish: () => {} };
}

/** Of `node:buffer`: typed arrays are allocated as such, whatever their size. */
export const constants: { readonly MAX_LENGTH: number } = { MAX_LENGTH: -1 };

export function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Of `node:url`. */
export function fileURLToPath(url: string | URL): string {
  return String(url);
}
