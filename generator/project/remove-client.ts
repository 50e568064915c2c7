import { rmSync } from "node:fs";
import { SavedModelError } from "../../runtime/base/errors.js";
import { firstLine, printable, reasonOf } from "../../runtime/base/text.js";

/**
 * Removes a generated file whose model no longer exists.
 *
 * @throws SavedModelError `WRITE_FAILED`
 */
export function removeFile(path: string): void {
  try {
    rmSync(path);
  } catch (cause) {
    const message = `${printable(path, 500)} cannot be removed: ${firstLine(reasonOf(cause))}`;
    throw new SavedModelError("WRITE_FAILED", message, { cause });
  }
}
