import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SavedModelError } from "../../../base/errors.js";
import { requireNoPattern } from "../../../base/path-pattern.js";
import { runNow } from "../../../base/steps.js";
import { requireSaver, saveFailed, writeCheckpoint } from "../../graph/save-call.js";
import type { Session } from "../session.js";
import { syncFolder, syncNewFolders, syncTree } from "./fsync.js";
import { keepFilePermissions } from "./permissions.js";
import { removeLeftOvers, Scratch } from "./scratch-folder.js";

/**
 * Writes a session's variables as a checkpoint. Its files are written beside and renamed, the index last: a checkpoint
 * exists only with its index.
 *
 * @throws SavedModelError `NOT_SAVEABLE`, `SAVE_FAILED`, `INVALID_ARGUMENT`
 */
export function saveWeights(session: Session, prefix: string): void {
  if (/[\\/]$/.test(prefix)) {
    throw new SavedModelError(
      "INVALID_ARGUMENT",
      "saveWeights(): the path of a checkpoint is the prefix of its files' names",
      {
        fix: "Pass a path such as folder/weights.",
      },
    );
  }
  requireNoPattern("saveWeights()", resolve(prefix));
  requireSaver(session.graph);
  try {
    writeWeights(session, resolve(prefix));
  } catch (cause) {
    throw saveFailed(session.graph, resolve(prefix), cause);
  }
}

function writeWeights(session: Session, prefix: string): void {
  const folder = dirname(prefix);
  syncNewFolders(folder, mkdirSync(folder, { recursive: true }));
  const scratch = Scratch.beside(prefix);
  try {
    const written = join(scratch.path, "own");
    mkdirSync(written);
    runNow(writeCheckpoint(session.graph, join(written, basename(prefix))));
    const names = readdirSync(written).sort(indexLast);
    for (const name of names) keepFilePermissions(join(folder, name), join(written, name));
    syncTree(written);
    for (const name of names) renameSync(join(written, name), join(folder, name));
    syncFolder(folder);
  } finally {
    scratch.remove();
  }
  removeLeftOvers(folder);
}

function indexLast(a: string, b: string): number {
  return Number(a.endsWith(".index")) - Number(b.endsWith(".index"));
}
