import { constants } from "node:buffer";
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { SavedModelError } from "../../runtime/base/errors.js";
import { readRegularFile } from "../../runtime/base/regular-file.js";
import { printable, reasonOf } from "../../runtime/base/text.js";

/** A file that is to be written. */
export interface NewFile {
  readonly path: string;
  readonly data: string | Uint8Array;
}

/**
 * Writes a file atomically.
 *
 * @throws SavedModelError `WRITE_FAILED`
 */
export function writeWhole(path: string, data: string | Uint8Array): void {
  writeFiles([{ path, data }]);
}

/**
 * Writes all files, each atomically, or none of them if one cannot be created. Creates missing folders.
 *
 * @throws SavedModelError `WRITE_FAILED`
 */
export function writeFiles(files: readonly NewFile[]): void {
  const planned = files.map((file) => ({ ...file, scratch: `${file.path}.${process.pid}.tmp` }));
  try {
    for (const { path, data, scratch } of planned) {
      attempt(path, () => {
        // Renaming would detect that too late: after other files.
        if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error("it is a folder");
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(scratch, data);
      });
    }
    for (const { path, scratch } of planned) attempt(path, () => renameSync(scratch, path));
  } finally {
    for (const { scratch } of planned) if (existsSync(scratch)) rmSync(scratch);
  }
}

function attempt(path: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    const what = `${printable(path, 500)} cannot be written: ${printable(reasonOf(cause), 500)}`;
    throw new SavedModelError("WRITE_FAILED", what, { cause });
  }
}

/** Reads a file that may have been generated. @throws Error when it cannot be read, or is not a regular file */
export function readGenerated(path: string): string {
  return readRegularFile(path, constants.MAX_STRING_LENGTH).toString("utf8");
}
