import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { SavedModelError } from "../../../base/errors.js";
import { requireNoPattern } from "../../../base/path-pattern.js";
import { runNow } from "../../../base/steps.js";
import { printable, quote } from "../../../base/text.js";
import { readUnchanged } from "../../../saved-model/files/folder-identity.js";
import { isModelEntry } from "../../../saved-model/files/model-entries.js";
import { MODEL_FILES } from "../../../saved-model/files/model-file.js";
import { readMetaGraphs } from "../../../saved-model/files/saved-model-file.js";
import { assetsOf } from "../../../saved-model/graph/loader-operations.js";
import { mergeCheckpoints } from "../../graph/checkpoint/merge-checkpoints.js";
import { requireSaver, saveFailed, writeCheckpoint } from "../../graph/save-call.js";
import type { Session } from "../session.js";
import { copyModel } from "./copy-model.js";
import { putInPlace } from "./exchange-folders.js";
import { syncNewFolders, syncTree } from "./fsync.js";
import { keepOtherTensors } from "./keep-tensors.js";
import { moveOtherEntries } from "./other-entries.js";
import { keepPermissions } from "./permissions.js";
import { removeLeftOvers, Scratch } from "./scratch-folder.js";

/**
 * Writes a session's variables and everything else of its SavedModel to a folder. The folder appears, or is replaced, as
 * a whole: everything is written beside it and, when it is on the disk, exchanged with it.
 *
 * @param add writes additional files of the folder
 * @throws SavedModelError `NOT_SAVEABLE`, `INVALID_ARGUMENT`, `OUTPUT_CONFLICT` or `SAVE_FAILED`
 */
export function saveModel(session: Session, directory: string, add?: (folder: string) => void): void {
  requireSaver(session.graph);
  session.file.requireUnchanged();
  requireNoPattern("save()", resolve(directory));
  try {
    writeModel(session, requirePlace(directory, session.directory), add);
  } catch (cause) {
    if (cause instanceof SavedModelError && cause.code === "OUTPUT_CONFLICT") throw cause;
    throw saveFailed(session.graph, resolve(directory), cause);
  }
}

/**
 * The folder, links resolved, that a model is to be saved to.
 *
 * @param source the folder of the model
 * @throws SavedModelError `OUTPUT_CONFLICT` when the target may not be replaced
 */
export function requirePlace(directory: string, source: string): string {
  const target = realPath(resolve(directory));
  requireReplaceable(target, realPath(source));
  return target;
}

/** Resolves links; a path that does not exist yet is returned as it is. */
function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/**
 * Rejects a target that is more than a SavedModel: only what this package or TensorFlow wrote is ever deleted.
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
    throw conflict("exists and is not a SavedModel");
  }
  // Other entries of the model's own folder may be here too; they stay.
  const known = new Set(readdirSync(source));
  const foreign = entries.find((entry) => !isModelEntry(entry) && !known.has(entry));
  if (foreign !== undefined) throw conflict(`holds ${quote(foreign)}, which is not part of a SavedModel`);
}

function isInside(path: string, folder: string): boolean {
  const steps = relative(folder, path);
  return steps !== "" && !steps.startsWith("..") && !isAbsolute(steps);
}

/** Writes the whole model beside the target and puts it in the target's place. */
function writeModel(session: Session, target: string, add: ((folder: string) => void) | undefined): void {
  const folder = dirname(target);
  syncNewFolders(folder, mkdirSync(folder, { recursive: true }));
  removeLeftOvers(folder);
  const scratch = Scratch.beside(target);
  try {
    const fresh = join(scratch.path, "new");
    mkdirSync(join(scratch.path, "own"));
    runNow(writeCheckpoint(session.graph, join(scratch.path, "own", "variables")));
    const hasKept = readUnchanged({
      folder: session.directory,
      what: "saved",
      read: () => copyRest(session, target, scratch.path),
    });
    putVariables(session, scratch.path, hasKept);
    add?.(fresh);
    keepPermissions(target, fresh);
    syncTree(fresh);
    putInPlace(target, fresh, scratch.path);
    for (const replaced of scratch.models()) moveOtherEntries(replaced, target);
  } finally {
    scratch.remove();
  }
  removeLeftOvers(folder);
}

/**
 * Copies the parts that a save takes over from the current model, all of one version.
 *
 * @returns true if there are tensors among them
 */
function copyRest(session: Session, target: string, scratch: string): boolean {
  const [fresh, kept] = [join(scratch, "new"), join(scratch, "kept")];
  for (const path of [fresh, kept]) rmSync(path, { recursive: true, force: true });
  const { directory, file } = session;
  const source = realpathSync(directory);
  const graphFile = join(source, basename(file.path));
  const metaGraphs = readMetaGraphs(source);
  const assets = metaGraphs.flatMap((metaGraph) => assetsOf(metaGraph).map(({ filename }) => filename));
  const inPlace = source === target;
  copyModel({ source, target: fresh, graphFile, assets, inPlace });
  // Another process may have replaced the model since it was loaded.
  file.requireCopy(inPlace ? graphFile : join(fresh, basename(graphFile)));
  mkdirSync(kept);
  const [old, own] = [join(directory, "variables", "variables"), join(scratch, "own", "variables")];
  const places = { old, own, kept: join(kept, "variables") };
  return runNow(keepOtherTensors(session.graph, places, metaGraphs.length === 1));
}

/** Puts the checkpoint into the new model, together with the tensors that are kept. */
function putVariables(session: Session, scratch: string, hasKept: boolean): void {
  const [own, kept, variables] = [join(scratch, "own"), join(scratch, "kept"), join(scratch, "new", "variables")];
  if (hasKept) {
    mkdirSync(variables);
    const prefixes = [own, kept].map((folder) => join(folder, "variables"));
    runNow(mergeCheckpoints(session.graph, prefixes, join(variables, "variables")));
  } else {
    renameSync(own, variables);
  }
}
