import { closeSync, existsSync, fstatSync, lstatSync, openSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { pause } from "../../../base/pause.js";
import { fileFunctions } from "../native/libc.js";

/**
 * Locks a folder until it is closed or the process ends in any way.
 *
 * @returns the open folder; `taken` where another process has it or it is gone; undefined where folders cannot be
 * locked, as on some file systems of a network: none is taken for left over there
 */
export function lockFolder(path: string): number | "taken" | undefined {
  const { lock } = fileFunctions();
  if (lock === undefined) return undefined;
  const folder = openFolder(path);
  if (folder === undefined) return "taken";
  const error = lock(folder);
  // Between opening and locking it may have been removed.
  if (error === 0 && isStill(path, folder)) return folder;
  closeSync(folder);
  return error === 0 || error === constants.errno.EWOULDBLOCK ? "taken" : undefined;
}

function openFolder(path: string): number | undefined {
  try {
    return lstatSync(path).isDirectory() ? openSync(path, "r") : undefined;
  } catch {
    return undefined;
  }
}

function isStill(path: string, folder: number): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.ino === fstatSync(folder).ino;
}

/** Time for which a save waits for a load of the model that it replaces: a load that takes longer is repeated. */
const LONGEST_WAIT_MS = 2000;

/**
 * Runs a function while the folder is locked: neither a load that was disturbed before nor another save works with it
 * then. Where that takes too long, or folders cannot be locked, it runs all the same.
 */
export function whileLocked(folder: string, run: () => void): void {
  const end = performance.now() + LONGEST_WAIT_MS;
  let lock = lockFolder(folder);
  while (lock === "taken" && existsSync(folder) && performance.now() < end) {
    pause(1);
    lock = lockFolder(folder);
  }
  try {
    run();
  } finally {
    if (typeof lock === "number") closeSync(lock);
  }
}

/** Makes saves wait with replacing a folder, unless it is already held; returns the function that ends it. */
export function holdFolder(folder: string): () => void {
  const path = realPath(folder);
  const lock = path === undefined ? undefined : lockFolder(path);
  return () => {
    if (typeof lock === "number") closeSync(lock);
  };
}

function realPath(folder: string): string | undefined {
  try {
    return realpathSync(folder);
  } catch {
    return undefined;
  }
}
