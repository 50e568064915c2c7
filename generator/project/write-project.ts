import { relative, resolve } from "node:path";
import { type Change, planChange } from "./planned-change.js";
import type { ProjectFile } from "./project.js";
import { removeFile } from "./remove-client.js";
import { writeFiles } from "./write-client.js";

/** A file of a project that was written, or was as it should be. */
export interface WrittenFile {
  readonly file: ProjectFile;
  /** Absolute. */
  readonly path: string;
  readonly change: Change;
}

/**
 * Writes those files of a project that are not there or have another text; all of them, or none.
 *
 * @param root the folder that their paths are relative to
 * @throws SavedModelError `OUTPUT_CONFLICT` where a file is in the way that this package did not generate, `WRITE_FAILED`
 */
export function writeProject(files: readonly ProjectFile[], root: string): readonly WrittenFile[] {
  const plan = files.map((file) => ({ file, path: resolve(root, file.path), change: planFile(file, root) }));
  const changed = plan.filter(({ change }) => change !== "unchanged");
  writeFiles(changed.map(({ file, path }) => ({ path: relative("", path), data: file.text })));
  return plan;
}

/**
 * Removes what {@link findOrphans} found.
 *
 * @throws SavedModelError `WRITE_FAILED`
 */
export function removeOrphans(orphans: readonly string[], root: string): void {
  for (const path of orphans) removeFile(relative("", resolve(root, path)));
}

/**
 * What writing a file of a project would do.
 *
 * @throws SavedModelError `OUTPUT_CONFLICT`
 */
export function planFile({ path, text }: ProjectFile, root: string): Change {
  // Messages name the file as seen from where the command runs.
  return planChange(relative("", resolve(root, path)), text);
}
