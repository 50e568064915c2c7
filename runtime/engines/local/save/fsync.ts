import { closeSync, fsyncSync, openSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** Syncs a folder and its contents to the disk, so that they survive a power failure. */
export function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else if (entry.isFile()) syncFile(path);
  }
  syncFolder(folder);
}

/** Syncs a file's contents to the disk: a full or failing disk is reported here at the latest. */
function syncFile(path: string): void {
  // Windows syncs only files that are open for writing; elsewhere a file may be read-only.
  const file = openSync(path, process.platform === "win32" ? "r+" : "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Systems that cannot do this with folders, or not with this one, need not or cannot be helped. */
const NO_SYNC: ReadonlySet<unknown> = new Set(["EACCES", "EINVAL", "EISDIR", "ENOTSUP", "EPERM", "EROFS"]);

/** Syncs the names in a folder to the disk. */
export function syncFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch (error) {
    if (!NO_SYNC.has((error as NodeJS.ErrnoException).code)) throw error;
  }
}

/**
 * Syncs the new folders on the path to a folder to the disk.
 *
 * @param first the uppermost new folder
 */
export function syncNewFolders(path: string, first: string | undefined): void {
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder)) syncFolder(dirname(folder));
}
