import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { SavedModelError } from "../../base/errors.js";
import { printable } from "../../base/text.js";
import { fileIdentity } from "./folder-identity.js";

/** Files that hold a model, in binary and in text format; the first that exists counts. */
export const MODEL_FILES: readonly string[] = ["saved_model.pb", "saved_model.pbtxt"];

/** Returns true if a folder is a SavedModel by the names of its files; false where it cannot be read. */
export function isModel(folder: string): boolean {
  try {
    return MODEL_FILES.some((file) => statSync(join(folder, file), { throwIfNoEntry: false })?.isFile());
  } catch {
    return false;
  }
}

/** The `saved_model.pb` that a model was loaded from: saving copies it, so it must still be the same. */
export class ModelFile {
  readonly path: string;
  readonly #digest: string;
  #identity: string;

  constructor(path: string) {
    this.path = path;
    this.#identity = fileIdentity(path);
    this.#digest = digestOf(path);
  }

  /** True if the file, or one that was put in its place, has the bytes that were loaded. */
  get isUnchanged(): boolean {
    const identity = fileIdentity(this.path);
    if (identity === this.#identity) return true;
    // A save over the folder puts a copy there.
    if (digestOf(this.path) !== this.#digest) return false;
    this.#identity = identity;
    return true;
  }

  /**
   * Throws unless the file is still the one that was loaded.
   *
   * @throws SavedModelError `SAVE_FAILED`
   */
  requireUnchanged(): void {
    if (!this.isUnchanged) throw this.#changed();
  }

  /** Returns true if another file has the bytes that were loaded. */
  isCopy(path: string): boolean {
    return digestOf(path) === this.#digest;
  }

  /**
   * Rejects a copy of the file that differs from the one that was loaded.
   *
   * @throws SavedModelError `SAVE_FAILED`
   */
  requireCopy(path: string): void {
    if (!this.isCopy(path)) throw this.#changed();
  }

  #changed(): SavedModelError {
    return new SavedModelError(
      "SAVE_FAILED",
      `${printable(this.path, 500)} was changed or removed after it was loaded`,
      {
        fix: "Saving copies the graph from there: put the loaded model back, or load the new one.",
      },
    );
  }
}

/** Protocol buffers end at 2 GiB; the target of a link may have no end. */
const MAX_BYTES = 2 ** 31;

/** Returns the SHA-256 of a file; empty where it cannot be read. */
function digestOf(path: string): string {
  const hash = createHash("sha256");
  try {
    const file = openSync(path, "r");
    try {
      const chunk = new Uint8Array(1 << 20);
      let position = 0;
      for (let read = readSync(file, chunk, 0, chunk.length, position); read > 0 && position < MAX_BYTES; ) {
        hash.update(chunk.subarray(0, read));
        position += read;
        read = readSync(file, chunk, 0, chunk.length, position);
      }
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
  return hash.digest("hex");
}
