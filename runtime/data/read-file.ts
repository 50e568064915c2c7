import { fileURLToPath } from "node:url";
import { SavedModelError } from "../base/errors.js";
import { UnreadableFile } from "../base/regular-file.js";
import { printable, reasonOf } from "../base/text.js";

/**
 * Checks a file that was passed by a user.
 *
 * @throws SavedModelError `INVALID_ARGUMENT`
 */
export function filePath(call: string, file: string | URL): string {
  const path = file instanceof URL && file.protocol === "file:" ? fileURLToPath(file) : file;
  if (typeof path === "string" && path !== "" && !path.includes("\0")) return path;
  throw new SavedModelError("INVALID_ARGUMENT", `${call} takes a path or a file: URL`);
}

/** Returns a path, fit for a message. */
export function showPath(path: string): string {
  return printable(path, 500);
}

/** Returns the error for a file that cannot be read. */
export function readFailed(path: string, cause: unknown): SavedModelError {
  const reason = printable(reasonOf(cause), 500);
  return new SavedModelError("READ_FAILED", `${showPath(path)} cannot be read: ${reason}`, { cause });
}

/** Returns true for an error that says that a file cannot be read: a file system error, or not a regular file. */
export function isSystemError(error: unknown): boolean {
  return error instanceof UnreadableFile || (error instanceof Error && "syscall" in error);
}
