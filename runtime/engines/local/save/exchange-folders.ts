import { existsSync, renameSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { getSystemErrorName } from "node:util";
import { pause } from "../../../base/pause.js";
import { fileFunctions } from "../native/libc.js";
import { syncFolder } from "./fsync.js";
import { whileLocked } from "./lock-folder.js";

/** Error codes of a file system that cannot exchange two folders. */
const CANNOT_EXCHANGE: ReadonlySet<number> = new Set([
  constants.errno.EINVAL,
  constants.errno.ENOSYS,
  constants.errno.ENOTSUP,
  constants.errno.EOPNOTSUPP,
]);

/**
 * Error codes that another process may cause: one that saves to the same place, or, on Windows, one that has a file of a
 * folder open, such as a load or a virus scanner.
 */
const RACES: ReadonlySet<unknown> = new Set([
  "EEXIST",
  "ENOENT",
  "ENOTEMPTY",
  ...(process.platform === "win32" ? ["EACCES", "EBUSY", "EPERM"] : []),
]);

/**
 * Puts a folder in the place of another, or of nothing, in one step where the system can: readers see the one or the
 * other. When it fails, what was there stays.
 *
 * @param scratch an empty place of the same file system; what was replaced may be in it afterwards
 */
export function putInPlace(target: string, replacement: string, scratch: string): void {
  const ATTEMPTS = 100;
  for (let attempt = 1; ; attempt++) {
    try {
      whileLocked(target, () => replace(target, replacement, join(scratch, `old-${attempt}`)));
      break;
    } catch (error) {
      const isRace = RACES.has((error as NodeJS.ErrnoException).code) && existsSync(replacement);
      if (!isRace || attempt === ATTEMPTS) throw error;
      // Elsewhere folders are locked, and one that is open can be renamed.
      if (process.platform === "win32") pause(20);
    }
  }
  syncFolder(dirname(target));
}

function replace(target: string, replacement: string, backup: string): void {
  if (!existsSync(target)) {
    renameSync(replacement, target);
    return;
  }
  if (exchange(target, replacement)) return;
  renameSync(target, backup);
  // A process that is killed here leaves no folder at the target, and the old one at `backup`.
  try {
    renameSync(replacement, target);
  } catch (error) {
    // Another process may have put its own there meanwhile.
    if (!existsSync(target)) renameSync(backup, target);
    throw error;
  }
}

/** @returns false where the system or the file system cannot do it */
function exchange(target: string, replacement: string): boolean {
  const error = fileFunctions().exchange?.(replacement, target) ?? constants.errno.ENOSYS;
  if (error === 0) return true;
  if (CANNOT_EXCHANGE.has(error)) return false;
  const code = getSystemErrorName(-error);
  throw Object.assign(new Error(`${code}: '${replacement}' cannot be exchanged with '${target}'`), { code });
}
