import { existsSync, mkdirSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { SavedModelError } from "./errors.js";
import { MODEL_FILES } from "./model-file.js";
import { copyTree } from "./save/copy-tree.js";
import { syncNewFolders, syncTree } from "./save/durable.js";
import { putInPlace } from "./save/put-in-place.js";
import { requireSaver, saveFailed, writeCheckpoint } from "./save/save-call.js";
import { removeLeftOvers, Scratch } from "./save/scratch.js";
import type { Session } from "./session.js";
import { printable, quote } from "./text.js";

/** What TensorFlow and Keras put into a SavedModel's folder. */
const OWN_ENTRIES: ReadonlySet<string> = new Set([
  ...MODEL_FILES,
  "variables",
  "assets",
  "assets.extra",
  "debug",
  "fingerprint.pb",
  "keras_metadata.pb",
]);

/**
 * Writes a session's variables and everything else of its SavedModel to a folder. The folder appears, or is replaced, as
 * a whole: everything is written beside it and, when it is on the disk, exchanged with it.
 *
 * @throws SavedModelError `NOT_SAVEABLE`, `OUTPUT_CONFLICT` or `SAVE_FAILED`
 */
export function saveModel(session: Session, directory: string): void {
  requireSaver(session);
  session.file.requireUnchanged();
  try {
    writeModel(session, requirePlace(directory, session.directory));
  } catch (cause) {
    if (cause instanceof SavedModelError && cause.code === "OUTPUT_CONFLICT") throw cause;
    throw saveFailed(session, resolve(directory), cause);
  }
}

/**
 * The folder, links resolved, that a model is to be saved to.
 *
 * @param source the folder of the model
 * @throws SavedModelError `OUTPUT_CONFLICT` when there is something that may not be replaced
 */
export function requirePlace(directory: string, source: string): string {
  const target = realPath(resolve(directory));
  requireReplaceable(target, realPath(source));
  return target;
}

/** Where links lead to; a path that does not exist yet is itself. */
function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/**
 * Refuses to replace what is more than a SavedModel: nothing is ever deleted but what this package or TensorFlow wrote.
 *
 * @throws SavedModelError `OUTPUT_CONFLICT`
 */
function requireReplaceable(target: string, source: string): void {
  const conflict = (what: string): SavedModelError =>
    new SavedModelError("OUTPUT_CONFLICT", `${printable(target, 500)} ${what}`, { fix: "Save to another folder." });
  if (target !== source && isInside(target, source)) throw conflict("is inside the model that is saved");
  if (target !== source && isInside(source, target)) throw conflict("holds the model that is saved");
  const stat = statSync(target, { throwIfNoEntry: false });
  if (stat === undefined || target === source) return;
  if (!stat.isDirectory()) throw conflict("is a file");
  const entries = readdirSync(target);
  if (entries.length > 0 && !MODEL_FILES.some((file) => entries.includes(file))) {
    throw conflict("exists and is no SavedModel");
  }
  // Whatever the saved model has as well is replaced by its own.
  const replaced = new Set([...OWN_ENTRIES, ...readdirSync(source)]);
  const foreign = entries.find((entry) => !replaced.has(entry));
  if (foreign !== undefined) throw conflict(`holds ${quote(foreign)}, which is no part of a SavedModel`);
}

function isInside(path: string, folder: string): boolean {
  const steps = relative(folder, path);
  return steps !== "" && !steps.startsWith("..") && !isAbsolute(steps);
}

/** Writes the whole model beside the target and puts it in the target's place. */
function writeModel(session: Session, target: string): void {
  const folder = dirname(target);
  syncNewFolders(folder, mkdirSync(folder, { recursive: true }));
  // Until a new model is in place, what a killed process left may be all that there is.
  if (existsSync(target)) removeLeftOvers(target);
  const scratch = Scratch.beside(target);
  try {
    const copy = join(scratch.path, "new");
    copyTree(session.directory, copy, ["variables"]);
    // Another process may have replaced the model while it was copied.
    session.file.requireUnchanged();
    mkdirSync(join(copy, "variables"));
    writeCheckpoint(session, join(copy, "variables", "variables"));
    syncTree(copy);
    putInPlace(target, copy, scratch.path);
  } finally {
    scratch.remove();
  }
  removeLeftOvers(target);
}
