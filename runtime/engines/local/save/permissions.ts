import { chmodSync, chownSync, lstatSync, readdirSync, type Stats } from "node:fs";
import { join } from "node:path";

/** Permissions of a file; set-user-id and set-group-id make programs of files. */
const FILE_MODE = 0o777;
/** Permissions of a folder, with the bits by which new files get its group and only owners remove them. */
const FOLDER_MODE = 0o3777;
const GROUP_MODE = 0o070;

/**
 * Copies the modes, owners and groups of the folder to be replaced to a new folder and its contents. A new entry gets
 * those of the folder's own files or of the folder.
 */
export function keepPermissions(old: string, fresh: string): void {
  const folder = lstatSync(old, { throwIfNoEntry: false });
  if (folder === undefined) return;
  const names = ["saved_model.pb", ...readdirSync(old)];
  const stats = names.map((name) => lstatSync(join(old, name), { throwIfNoEntry: false }));
  keepIn(old, fresh, { file: stats.find((stat) => stat?.isFile()), folder });
}

/** Copies the mode, owner and group of the file to be replaced, if any, to a new file. */
export function keepFilePermissions(old: string, fresh: string): void {
  const stat = lstatSync(old, { throwIfNoEntry: false });
  if (stat?.isFile()) apply(fresh, stat, FILE_MODE);
}

interface Defaults {
  readonly file: Stats | undefined;
  readonly folder: Stats;
}

function keepIn(old: string, fresh: string, defaults: Defaults): void {
  const was = lstatSync(old, { throwIfNoEntry: false });
  const is = lstatSync(fresh);
  if (is.isDirectory()) {
    for (const name of readdirSync(fresh)) keepIn(join(old, name), join(fresh, name), defaults);
    apply(fresh, was?.isDirectory() ? was : defaults.folder, FOLDER_MODE);
  } else if (is.isFile()) {
    const like = was?.isFile() ? was : defaults.file;
    if (like !== undefined) apply(fresh, like, FILE_MODE);
  }
}

function apply(path: string, { mode, uid, gid }: Stats, mask: number): void {
  const kept = mode & mask;
  const hasGroup = keepOwners(path, uid, gid);
  // Rights that only the old group had are not granted to another one.
  const allowed = hasGroup ? kept : (kept & ~GROUP_MODE) | (kept & GROUP_MODE & ((kept & 0o007) << 3));
  chmodSync(path, allowed);
}

/** Sets the owner and the group as far as this process may. Returns whether the group is the same. */
function keepOwners(path: string, uid: number, gid: number): boolean {
  const is = lstatSync(path);
  if (is.uid === uid && is.gid === gid) return true;
  try {
    chownSync(path, uid, gid);
    return true;
  } catch {
    // Only root gives files away, but an owner may give a file to each of their groups.
  }
  try {
    chownSync(path, is.uid, gid);
    return true;
  } catch {
    return is.gid === gid;
  }
}
