import { type BigIntStats, type Dirent, lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { SavedModelError } from "../../base/errors.js";
import { pause, pauseLater } from "../../base/pause.js";
import { runNow, type Steps, step } from "../../base/steps.js";
import { printable } from "../../base/text.js";

/** The parts of a SavedModel that a load reads. */
const READ_FILES: readonly string[] = ["saved_model.pb", "saved_model.pbtxt", "saved_model.cpb", "fingerprint.pb"];
const READ_FOLDERS: readonly string[] = ["variables", "assets"];

/** Attempts to read a model that others keep replacing. */
const ATTEMPTS = 50;

/** Options for reading a model that may be replaced meanwhile. */
export interface ReadOptions<T> {
  /** The folder of the model. */
  readonly folder: string;
  /** A participle for the message: `loaded`. */
  readonly what: string;
  readonly read: () => T;
  /** Releases a result that may be a mixture of two models. */
  readonly discard?: (result: T) => void;
  /** Asks saves not to replace the model before the function that it returns is called. */
  readonly hold?: () => () => void;
}

/**
 * Reads a model, again if it was replaced meanwhile: the result, or the error, is of one model and never of a mixture.
 *
 * @throws SavedModelError `LOAD_FAILED` when the model was replaced during every attempt; the errors of `read`
 */
export function readUnchanged<T>({ read, ...options }: ReadOptions<T>): T {
  return runNow(readingUnchanged({ ...options, read: () => step(read, async () => read()) }));
}

/** Reads a model in steps: see {@link readUnchanged}. */
export function* readingUnchanged<T>({
  folder,
  what,
  read,
  discard,
  hold,
}: Omit<ReadOptions<T>, "read"> & { readonly read: () => Steps<T> }): Steps<T> {
  let identity = folderIdentity(folder);
  let failure: unknown;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const release = attempt === 1 ? undefined : hold?.();
    if (release !== undefined) identity = folderIdentity(folder);
    const outcome = yield* attemptTo(read);
    release?.();
    const before = identity;
    identity = folderIdentity(folder);
    if (identity === before) {
      if ("error" in outcome) throw outcome.error;
      return outcome.result;
    }
    if ("error" in outcome) {
      failure = outcome.error;
      // A writer that changes the model in place needs time to complete it.
      const milliseconds = Math.min(2 * attempt, 50);
      yield* step(
        () => pause(milliseconds),
        () => pauseLater(milliseconds),
      );
      identity = folderIdentity(folder);
    } else {
      discard?.(outcome.result);
    }
  }
  throw new SavedModelError(
    "LOAD_FAILED",
    `${printable(folder, 500)} was replaced each of the ${ATTEMPTS} times that it was ${what}`,
    { fix: "Save each version to a new folder, and load that.", ...(failure === undefined ? {} : { cause: failure }) },
  );
}

function* attemptTo<T>(run: () => Steps<T>): Steps<{ readonly result: T } | { readonly error: unknown }> {
  try {
    return { result: yield* run() };
  } catch (error) {
    return { error };
  }
}

/**
 * Returns a string that differs after any part of a model that a load reads was changed or replaced, or a link to it
 * switched.
 */
function folderIdentity(folder: string): string {
  const files = READ_FILES.map((name) => fileIdentity(join(folder, name)));
  const folders = READ_FOLDERS.map((name) => treeIdentity(join(folder, name)));
  return [linksIdentity(folder), fileIdentity(folder), ...files, ...folders].join("\n");
}

/** Returns a string that identifies a file or folder and its state; empty where there is none. */
export function fileIdentity(path: string): string {
  const stat = look(path, statSync);
  return stat === undefined ? "" : identityOf(stat);
}

function identityOf({ dev, ino, birthtimeNs, ctimeNs, mtimeNs, size }: BigIntStats): string {
  return [dev, ino, birthtimeNs, ctimeNs, mtimeNs, size].join(" ");
}

function treeIdentity(folder: string): string {
  const found = [fileIdentity(folder)];
  // A link may lead to a folder of any size.
  if (look(folder, lstatSync)?.isDirectory() !== true) return found.join("\n");
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    found.push(entry.isDirectory() ? treeIdentity(path) : fileIdentity(path));
  }
  return found.join("\n");
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** The identity of each symbolic link on the way to a folder: a link that is switched to another folder and back is a new link. */
function linksIdentity(folder: string): string {
  const path = resolve(folder);
  if (realPathOf(path) === path) return "";
  const found: string[] = [];
  for (let place = path; ; place = dirname(place)) {
    const stat = look(place, lstatSync);
    if (stat?.isSymbolicLink()) found.push(identityOf(stat));
    if (dirname(place) === place) return found.join("\n");
  }
}

function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Returns the status of a path, if there is anything: a path may be too long, or lead through a file. */
function look(
  path: string,
  stat: (path: string, options: { bigint: true; throwIfNoEntry: false }) => BigIntStats | undefined,
): BigIntStats | undefined {
  try {
    return stat(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
