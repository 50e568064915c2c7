import { lstatSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../../../base/text.js";
import { isModelEntry } from "../../../saved-model/files/model-entries.js";

/**
 * Moves entries that are not part of a SavedModel, such as a README or `.git`, from a folder that was replaced to the
 * one in its place. An entry whose name is taken there stays.
 *
 * @throws Error when an entry cannot be moved
 */
export function moveOtherEntries(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    if (isModelEntry(name) || lstatSync(join(to, name), { throwIfNoEntry: false }) !== undefined) continue;
    try {
      renameSync(join(from, name), join(to, name));
    } catch (cause) {
      throw new Error(`the model was saved, but ${join(from, name)} cannot be moved back: ${reasonOf(cause)}`, {
        cause,
      });
    }
  }
}
