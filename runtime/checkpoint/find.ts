import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SavedModelError } from "../errors.js";
import { requireRegularFiles, UnreadableFile } from "../regular-file.js";
import { printable } from "../text.js";

/** A checkpoint on disk. */
export interface FoundCheckpoint {
  /** What the names of its files begin with. */
  readonly prefix: string;
  /** Whether it is in the folder of a SavedModel. */
  readonly isModel: boolean;
}

/**
 * Finds a checkpoint by what the names of its files begin with, or by the folder of the SavedModel that it is in.
 *
 * @throws SavedModelError `VARIABLES_NOT_FOUND`
 */
export function findCheckpoint(path: string): FoundCheckpoint {
  const given = resolve(path);
  const places = [given, join(given, "variables", "variables")];
  const prefix = places.find((place) => existsSync(`${place}.index`));
  const name = printable(given, 500);
  if (prefix === undefined) {
    throw new SavedModelError("VARIABLES_NOT_FOUND", `${name} is no SavedModel and no checkpoint`, {
      fix: /\.(index|data-\d+-of-\d+)$/.test(given)
        ? `Pass what the names of its files begin with: ${name.replace(/\.(index|data-\d+-of-\d+)$/, "")}.`
        : "Pass the folder of a SavedModel, or what the names of a checkpoint's files begin with.",
    });
  }
  if (!readdirSync(dirname(prefix)).some((file) => file.startsWith(`${basename(prefix)}.data-`))) {
    throw new SavedModelError("VARIABLES_NOT_FOUND", `${printable(prefix, 500)}.index has lost its data`, {
      fix: "Copy the whole checkpoint: the values are in the files .data-* beside it.",
    });
  }
  try {
    requireRegularFiles(dirname(prefix), (file) => file.startsWith(`${basename(prefix)}.`));
  } catch (cause) {
    if (!(cause instanceof UnreadableFile)) throw cause;
    throw new SavedModelError("VARIABLES_NOT_FOUND", cause.message, { cause });
  }
  return { prefix, isModel: prefix !== given };
}
