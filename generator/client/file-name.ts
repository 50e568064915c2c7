import { createHash } from "node:crypto";
import { kebabCase } from "./names.js";

/** Names that Windows reserves for devices, with any extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$|clock\$)$/;

/**
 * Limit of a name: file systems allow 255 bytes, and the file is first written beside its place, under a longer name.
 */
const MAX_BYTES = 200;

const EXTENSION = ".ts";

/**
 * Returns the file name of a class: `CustomModel` → `custom-model.ts`. A name that not every file system accepts is
 * replaced, with a note.
 */
export function fileNameOf(className: string, notes: string[]): string {
  const name = kebabCase(className);
  if (DEVICE.test(name)) {
    const safe = `${name}-client${EXTENSION}`;
    notes.push(`the file of ${className} is called ${safe}, because Windows reserves the name ${name}`);
    return safe;
  }
  if (Buffer.byteLength(name + EXTENSION) <= MAX_BYTES) return name + EXTENSION;
  // Another long name may begin in the same way.
  const end = `-${createHash("sha256").update(name).digest("hex").slice(0, 8)}${EXTENSION}`;
  const safe = beginning(name, MAX_BYTES - end.length) + end;
  notes.push(`the file is called ${safe}, because the name of the class is too long for one`);
  return safe;
}

/** Returns as many characters as fit into this number of bytes. */
function beginning(text: string, bytes: number): string {
  let part = "";
  for (const character of text) {
    if (Buffer.byteLength(part + character) > bytes) break;
    part += character;
  }
  return part;
}
