import { createHash } from "node:crypto";
import { kebabCase } from "./names.js";

/** Names that Windows gives to devices, with whatever extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$|clock\$)$/;

/** File systems allow 255 bytes, and the file is written beside its place, under a longer name. */
const MAX_BYTES = 200;

const EXTENSION = ".ts";

/**
 * The file of a class: `CustomModel` → `custom-model.ts`. A name that not every file system takes is replaced, with a
 * note.
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

/** As many characters as fit into so many bytes. */
function beginning(text: string, bytes: number): string {
  let part = "";
  for (const character of text) {
    if (Buffer.byteLength(part + character) > bytes) break;
    part += character;
  }
  return part;
}
