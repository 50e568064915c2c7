import { chmodSync, closeSync, lstatSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pause } from "../../../base/pause.js";
import { isModelEntry } from "../../../saved-model/files/model-entries.js";
import { lockFolder } from "./lock-folder.js";
import { moveOtherEntries } from "./other-entries.js";

/**
 * A folder beside a target, for the replacement of the target. While it is in use it is locked, and the system releases
 * the lock of a process that ends in any way: an unlocked folder was left behind by a process that was killed.
 */
export class Scratch {
  readonly path: string;
  readonly #target: string;
  readonly #lock: number | undefined;

  private constructor(path: string, target: string, lock: number | undefined) {
    this.path = path;
    this.#target = target;
    this.#lock = lock;
  }

  /** Makes a folder that nothing else uses. */
  static beside(target: string): Scratch {
    for (;;) {
      const path = mkdtempSync(join(dirname(target), prefixOf(target)));
      const lock = lockFolder(path);
      if (lock !== "taken") return new Scratch(path, target, lock);
      // Another process mistook it for a left-over one, and removes it.
    }
  }

  /** The folders of models in it: those that were replaced, after the new one has taken their place. */
  models(): readonly string[] {
    return readdirSync(this.path)
      .filter((name) => MODEL_PART.test(name))
      .map((name) => join(this.path, name));
  }

  /** Removes the folder, but for a model that is nowhere else. What cannot be removed is tried again by a later save. */
  remove(): void {
    removeScratch(this.path, this.#target);
    if (this.#lock !== undefined) closeSync(this.#lock);
  }
}

/** A folder that a scratch folder has: a new or a replaced model, or checkpoints. */
const PART = /^(?:new|old-\d+|own|kept)$/;
const MODEL_PART = /^(?:new|old-\d+)$/;

/**
 * Removes what killed saves of any kind have left in a folder. A model that such a process has moved away, and that is
 * nowhere else, stays. Never throws.
 */
export function removeLeftOvers(folder: string): void {
  for (const { path, target } of leftOversIn(folder)) {
    const lock = lockFolder(path);
    if (typeof lock !== "number") continue;
    try {
      removeLeftOver(path, target);
    } catch {
      // A later save tries again.
    }
    closeSync(lock);
  }
}

function removeLeftOver(path: string, target: string): void {
  const parts = readdirSync(path);
  // Only the entries that a save made are removed.
  if (!parts.every((name) => PART.test(name))) return;
  if (isFolder(target)) {
    const models = parts.filter((name) => MODEL_PART.test(name));
    for (const name of models) moveOtherEntries(join(path, name), target);
  }
  removeScratch(path, target);
}

/** Time for which a process that is between two renames is waited for. */
const LONGEST_WAIT_MS = 2000;

/**
 * Puts back the folder that a process moved away before it was killed, between the two renames of a save. Nothing is
 * changed if its place is taken.
 *
 * @param target a folder that does not exist, or is empty
 * @returns the previous path of the folder; undefined where a save left none
 * @throws Error when it cannot be moved, or another process is still saving
 */
export function putBackLeftOver(target: string): string | undefined {
  const end = performance.now() + LONGEST_WAIT_MS;
  for (;;) {
    const left = movedAway(target);
    if (left === undefined) return undefined;
    const lock = lockFolder(left.path);
    try {
      const isOver = performance.now() >= end;
      // Without locks, it is unknown if the process still runs.
      if (typeof lock === "number" || (lock === undefined && isOver)) {
        if (isFolder(target)) rmdirSync(target);
        renameSync(left.folder, target);
        return left.folder;
      }
      if (isOver) throw new Error(`another process is saving to it, from ${left.path}`);
    } finally {
      if (typeof lock === "number") closeSync(lock);
    }
    pause(5);
  }
}

/** Returns the scratch folder of a missing target, and the newest folder in it that was moved away. */
function movedAway(target: string): { readonly path: string; readonly folder: string } | undefined {
  if (isFolder(target) && readdirSync(target).length > 0) return undefined;
  const moved = leftOversIn(dirname(target))
    .filter((left) => left.target === target)
    .flatMap(({ path }) =>
      namesIn(path)
        .filter((name) => name.startsWith("old-") && isFolder(join(path, name)))
        .map((name) => ({ path, folder: join(path, name) })),
    );
  const timeOf = (folder: string): number => lstatSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return moved.sort((a, b) => timeOf(b.folder) - timeOf(a.folder))[0];
}

/** Tells whether the old model was moved away, and nothing is in its place: the save ended between two renames. */
function holdsOnlyCopy(parts: readonly string[], target: string): boolean {
  return parts.some((name) => name.startsWith("old-")) && !isFolder(target);
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** `.model.saving-`, which six letters or digits follow. */
function prefixOf(target: string): string {
  return `.${basename(target)}.saving-`;
}

function leftOversIn(folder: string): readonly { readonly path: string; readonly target: string }[] {
  return namesIn(folder).flatMap((name) => {
    const [, target] = /^\.(.+)\.saving-\w{6}$/s.exec(name) ?? [];
    return target === undefined ? [] : [{ path: join(folder, name), target: join(folder, target) }];
  });
}

/** The names in a folder; none of one that cannot be read, or that another process has removed. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Removes a scratch folder, but not the only copy of a model, nor what is not part of a model and was moved there with one.
 * Never throws.
 */
function removeScratch(path: string, target: string): void {
  try {
    const parts = readdirSync(path);
    if (holdsOnlyCopy(parts, target)) return;
    for (const name of parts) removePart(join(path, name));
    rmdirSync(path);
  } catch {
    // It disturbs nothing.
  }
}

function removePart(folder: string): void {
  const isModel = MODEL_PART.test(basename(folder));
  chmodSync(folder, 0o700);
  const removed = readdirSync(folder).filter((name) => !isModel || isModelEntry(name));
  for (const name of removed) removeTree(join(folder, name));
  rmdirSync(folder);
}

/** Removes a folder, also one whose folders may not be written to. */
function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    makeWritable(path);
    rmSync(path, { recursive: true, force: true });
  }
}

function makeWritable(path: string): void {
  if (!lstatSync(path).isDirectory()) return;
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) makeWritable(join(path, name));
}
