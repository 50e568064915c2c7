import { chmodSync, closeSync, fstatSync, lstatSync, mkdtempSync, openSync, readdirSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileFunctions } from "../native/c-library.js";

/**
 * A folder beside a target, for what is to be put in the target's place. While it is in use it is locked, and the system
 * takes the lock from a process that ends in any way: what is not locked was left behind by a process that was killed.
 */
export class Scratch {
  readonly path: string;
  readonly #lock: number | undefined;

  private constructor(path: string, lock: number | undefined) {
    this.path = path;
    this.#lock = lock;
  }

  /** Makes a folder that nobody else uses. */
  static beside(target: string): Scratch {
    for (;;) {
      const path = mkdtempSync(join(dirname(target), prefixOf(target)));
      const lock = lockFolder(path);
      if (lock !== "taken") return new Scratch(path, lock);
      // Another process took it for a left-over one, and removes it.
    }
  }

  /** Removes the folder. What cannot be removed stays, and is tried again by a later save. */
  remove(): void {
    removeTree(this.path);
    if (this.#lock !== undefined) closeSync(this.#lock);
  }
}

/** Removes what processes that were killed have left beside a target. Never throws. */
export function removeLeftOvers(target: string): void {
  for (const path of leftOversOf(target)) {
    const lock = lockFolder(path);
    if (typeof lock !== "number") continue;
    if (holdsOurs(path)) removeTree(path);
    closeSync(lock);
  }
}

/** `.model.saving-`, which six letters or digits follow. */
function prefixOf(target: string): string {
  return `.${basename(target)}.saving-`;
}

function leftOversOf(target: string): readonly string[] {
  const folder = dirname(target);
  const prefix = prefixOf(target);
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith(prefix) && /^\w{6}$/.test(name.slice(prefix.length)))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** Nothing is removed but what a save made. */
function holdsOurs(path: string): boolean {
  try {
    return readdirSync(path).every((name) => /^(new|old-\d+)$/.test(name));
  } catch {
    return false;
  }
}

/**
 * Locks a folder.
 *
 * @returns the open folder; `taken` where somebody else has it or it is gone; undefined where folders cannot be locked, as
 * on some file systems of a network: none is taken for left over there
 */
function lockFolder(path: string): number | "taken" | undefined {
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

/** Removes a folder, also one whose folders may not be written to. Never throws. */
function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    try {
      makeWritable(path);
      rmSync(path, { recursive: true, force: true });
    } catch {
      // It is in nobody's way.
    }
  }
}

function makeWritable(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(folder, entry.name));
  }
}
