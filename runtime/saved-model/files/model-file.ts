import { createHash } from "node:crypto";
import { closeSync, openSync, read, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { SavedModelError } from "../../base/errors.js";
import { runNow, type Steps, step } from "../../base/steps.js";
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

  private constructor(path: string, identity: string, digest: string) {
    this.path = path;
    this.#identity = identity;
    this.#digest = digest;
  }

  /** Reads a file. */
  static *reading(path: string): Steps<ModelFile> {
    const identity = fileIdentity(path);
    const digest = yield* digesting(path);
    return new ModelFile(path, identity, digest);
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
  return runNow(digesting(path));
}

function* digesting(path: string): Steps<string> {
  const hash = createHash("sha256");
  try {
    const file = openSync(path, "r");
    try {
      const chunk = new Uint8Array(CHUNK_BYTES);
      for (let position = 0; position < MAX_BYTES; ) {
        const count = yield* readChunk(file, chunk, position);
        if (count === 0) break;
        hash.update(chunk.subarray(0, count));
        position += count;
      }
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
  return hash.digest("hex");
}

/** As much as is hashed in a millisecond. */
const CHUNK_BYTES = 1 << 20;

function readChunk(file: number, chunk: Uint8Array, position: number): Steps<number> {
  return step(
    () => readSync(file, chunk, 0, chunk.length, position),
    async () => (await readLater(file, chunk, 0, chunk.length, position)).bytesRead,
  );
}

const readLater = promisify(read);
