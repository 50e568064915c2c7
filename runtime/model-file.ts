import { statSync } from "node:fs";
import { SavedModelError } from "./errors.js";
import { printable } from "./text.js";

/** The files that hold a model, in binary and in text format; the first that is there counts. */
export const MODEL_FILES: readonly string[] = ["saved_model.pb", "saved_model.pbtxt"];

/** The `saved_model.pb` that a model was loaded from: saving copies it, so it must still be the same. */
export class ModelFile {
  readonly #path: string;
  readonly #stamp: string;

  constructor(path: string) {
    this.#path = path;
    this.#stamp = stampOf(path);
  }

  /** Whether the file is still the one that was loaded. */
  get isUnchanged(): boolean {
    return stampOf(this.#path) === this.#stamp;
  }

  /**
   * Refuses to go on when the file is no longer the one that was loaded.
   *
   * @throws SavedModelError `SAVE_FAILED`
   */
  requireUnchanged(): void {
    if (this.isUnchanged) return;
    throw new SavedModelError("SAVE_FAILED", `${printable(this.#path, 500)} has changed or gone since it was loaded`, {
      fix: "Saving copies the graph from there: put the loaded model back, or load the new one.",
    });
  }
}

/** Tells one version of a file from another, by size and millisecond. A copy that keeps the time, such as one that was saved, is the same. */
function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.size} ${Math.round(stat.mtimeMs)}`;
}
