import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { currentFile, installFolder, lookUpInstalled } from "../../runtime/engines/local/library/library-cache.js";
import type { Platform } from "../../runtime/engines/local/library/platform.js";
import { codeOf } from "./install-error.js";
import { remove, type WorkFolder } from "./install-folder.js";

/**
 * Makes the complete folder `ready` the installed `version` (by its {@link installName}), by one atomic rename. A process that has the replaced
 * library open keeps it, since its files live until they are closed (on Windows the rename fails).
 *
 * @param replace True to replace a sound library of this version.
 */
export async function publish(
  ready: string,
  version: string,
  platform: Platform,
  replace: boolean,
  work: WorkFolder,
): Promise<void> {
  const isThere = (): boolean => !replace && lookUpInstalled(version, platform).found;
  await moveIntoPlace(ready, installFolder(version, platform), isThere, work);
}

/**
 * Makes the complete folder `ready` the folder `target`, by one atomic rename; an older one is moved away first.
 *
 * @param isThere returns true if `target` is to be kept
 */
export async function moveIntoPlace(
  ready: string,
  target: string,
  isThere: () => boolean,
  work: WorkFolder,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    if (isThere()) return;
    try {
      await rename(ready, target);
      return;
    } catch (error) {
      // The target exists: an older one, or one that another installation has just created.
      if (attempt === 20 || !isOccupied(error)) throw error;
      const old = join(work.path, `old-${attempt}`);
      await rename(target, old).catch((moved: unknown) => {
        if (codeOf(moved) !== "ENOENT") throw moved;
      });
      await remove(old);
    }
  }
}

/** Makes an installed version, by its name, the one in use. */
export async function makeCurrent(version: string): Promise<void> {
  const temporary = `${currentFile()}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    await writeFile(temporary, `${version}\n`);
    await rename(temporary, currentFile());
  } finally {
    await remove(temporary);
  }
}

function isOccupied(error: unknown): boolean {
  // Windows answers EPERM or EACCES for an existing folder.
  return ["ENOTEMPTY", "EEXIST", "EPERM", "EACCES"].includes(codeOf(error) ?? "");
}
