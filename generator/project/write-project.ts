import { relative, resolve } from "node:path";
import { type Change, planChange } from "./planned-change.js";
import type { ProjectFile } from "./project.js";
import { removeFile } from "./remove-client.js";
import { writeFiles } from "./write-client.js";

/** A file of a project that was written, or was up to date. */
export interface WrittenFile {
  readonly file: ProjectFile;
  /** Absolute path. */
  readonly path: string;
  readonly change: Change;
}

/**
 * Writes the missing and changed files of a project; all of them, or none.
 *
 * @param root the folder that their paths are relative to
 * @throws SavedModelError `OUTPUT_CONFLICT` when a file that this package did not generate is in the way,
 * `WRITE_FAILED`
 */
export function writeProject(files: readonly ProjectFile[], root: string): readonly WrittenFile[] {
  const plan = files.map((file) => ({ file, path: resolve(root, file.path), change: planFile(file, root) }));
  const changed = plan.filter(({ change }) => change !== "unchanged");
  writeFiles(changed.map(({ file, path }) => ({ path: relative("", path), data: file.text })));
  return plan;
}

/**
 * Removes the files that {@link findOrphans} returned.
 *
 * @throws SavedModelError `WRITE_FAILED`
 */
export function removeOrphans(orphans: readonly string[], root: string): void {
  for (const path of orphans) removeFile(relative("", resolve(root, path)));
}

/**
 * Returns what writing a file of a project would do.
 *
 * @throws SavedModelError `OUTPUT_CONFLICT`
 */
export function planFile({ path, text }: ProjectFile, root: string): Change {
  // Messages name the file relative to the working directory.
  return planChange(relative("", resolve(root, path)), text);
}
