import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SavedModelError } from "../../base/errors.js";
import { oncePer } from "../../base/once.js";
import type { Steps } from "../../base/steps.js";
import { printable, quote, reasonOf } from "../../base/text.js";
import type { RestoreOptions, RestoreReport } from "../../engine.js";
import { readSaveFunction } from "../../saved-model/graph/duplicated-variables.js";
import { openGraph, operationOf } from "../../saved-model/graph/graph.js";
import { differences } from "./checkpoint/check-checkpoint.js";
import { type Keys, matchObjects } from "./checkpoint/match-keys.js";
import { renameKeys } from "./checkpoint/rename-keys.js";
import { type RestoredTensor, restoredTensors } from "./checkpoint/restored-tensors.js";
import { copyFromSaved, copyToSaved } from "./copy-variables.js";
import type { GraphSession } from "./graph-session.js";
import { completeReport, planPartialRestore, prepareRenamed } from "./partial-restore.js";
import { stringTensor } from "./string-feeds.js";

/** Operations by which a model restores its variables: the same for all checkpoints. */
interface Restorer {
  readonly tensors: readonly RestoredTensor[];
  /** The TrackableObjectGraph of its checkpoints, if they have one. */
  readonly objectGraph: Uint8Array | undefined;
  /** The tensor that takes the path prefix of a checkpoint. */
  readonly filename: string;
  /** The operation that restores all. */
  readonly restore: string;
}

/** For messages. */
const CALL = "restore()";

/** A checkpoint that was compared with the model, and the restore to be run. */
interface Plan {
  readonly report: RestoreReport;
  run(): Steps<void>;
}

/**
 * Restores a session's variables from a checkpoint. All that is needed of the checkpoint is read and compared with the
 * model before any variable changes.
 *
 * @param path the path prefix of a checkpoint, or the folder of a SavedModel or of checkpoints
 * @throws SavedModelError `VARIABLES_NOT_FOUND` or `RESTORE_FAILED`
 */
export function* restoreVariables(
  session: GraphSession,
  path: string,
  { partial = false }: RestoreOptions,
): Steps<RestoreReport> {
  const { prefix, isModel } = yield* session.findCheckpoint(path);
  const failed = (cause: unknown, changed: string): SavedModelError => {
    const reason = printable(cause instanceof SavedModelError ? cause.rawMessage : reasonOf(cause), 500);
    const [from, to] = [printable(prefix, 500), printable(session.directory, 500)];
    return new SavedModelError("RESTORE_FAILED", `${from} cannot be restored into ${to}: ${reason}; ${changed}`, {
      cause,
    });
  };
  let plan: Plan;
  try {
    plan = yield* (partial ? planPart : planWhole)(session, restorerOf(session), prefix);
  } catch (cause) {
    throw failed(cause, "no variable was changed");
  }
  try {
    yield* plan.run();
    // A model is restored as it is loaded. A checkpoint is restored as in Python, where what a session has twice is one.
    yield* copyFromSaved(session, CALL, isModel ? "unsaved" : "all");
  } catch (cause) {
    throw failed(cause, "some variables may have been changed");
  }
  return plan.report;
}

/** Restores all tensors of the model. */
function* planWhole(session: GraphSession, restorer: Restorer, prefix: string): Steps<Plan> {
  const { keys, report } = yield* check(session, restorer, prefix);
  if (keys === undefined) return { report, run: () => runRestore(session, restorer, prefix) };
  if (session.isLocal) return { report, run: () => restoreRenamed(session, restorer, keys, prefix) };
  // A server removes no files.
  const assign = prepareRenamed(session, restorer.tensors, keys);
  return { report, run: () => assign(prefix) };
}

/** Restores the tensors that both have. */
function* planPart(session: GraphSession, { tensors, objectGraph }: Restorer, prefix: string): Steps<Plan> {
  const reader = yield* session.openCheckpoint(prefix);
  try {
    const { report, run } = yield* planPartialRestore(session, tensors, objectGraph, reader);
    return {
      report,
      run: function* () {
        // Variables that are not restored keep the value that signatures use.
        yield* copyToSaved(session, CALL);
        yield* run(prefix);
      },
    };
  } finally {
    reader.close();
  }
}

const restorerOf = oncePer((session: GraphSession): Restorer => {
  const { filenameTensorName = "", restoreOpName = "", saveTensorName = "" } = session.saver ?? {};
  if (!filenameTensorName || !restoreOpName)
    throw new Error("the model was exported without a way to restore variables");
  const graphDef = session.graphDef();
  const tensors = restoredTensors(graphDef, restoreOpName);
  if (tensors.length === 0) throw new Error("its graph does not tell what it restores");
  const graph = openGraph(graphDef);
  // Checked before anything is changed.
  const filenameOperation = operationOf(filenameTensorName);
  if (graph.edges(filenameOperation) === undefined) {
    throw new Error(`the operation ${quote(filenameOperation)} is not in the graph`);
  }
  return {
    tensors,
    filename: filenameTensorName,
    restore: operationOf(restoreOpName),
    objectGraph: readSaveFunction(saveTensorName, graph)?.objectGraph,
  };
});

/** Runs the model's own restore operation, for a checkpoint with the model's keys. */
function* runRestore(session: GraphSession, { filename, restore }: Restorer, prefix: string): Steps<void> {
  yield* session.run(CALL, { feeds: [[filename, stringTensor(prefix)]], targets: [restore] });
}

/**
 * Reads a checkpoint, and rejects one that does not have all values of the model.
 *
 * @returns the checkpoint's keys, where they differ from the model's
 */
function* check(
  session: GraphSession,
  { tensors, objectGraph }: Restorer,
  prefix: string,
): Steps<{ readonly keys: Keys | undefined; readonly report: RestoreReport }> {
  const reader = yield* session.openCheckpoint(prefix);
  try {
    const wanted = tensors.map(({ key }) => key);
    const isComplete = wanted.every((key) => reader.describe(key) !== undefined);
    const mayRename = !isComplete && objectGraph !== undefined && tensors.every(({ slice }) => slice === "");
    const keys = mayRename ? yield* matchObjects(wanted, objectGraph, reader) : undefined;
    const wrong = differences(tensors, reader, keys);
    if (wrong.length > 0) throw new Error(wrong.join("; "));
    yield* reader.verify(wanted.map((key) => keys?.get(key) ?? key));
    return { keys, report: completeReport(tensors, keys, reader) };
  } finally {
    reader.close();
  }
}

function* restoreRenamed(session: GraphSession, restorer: Restorer, keys: Keys, prefix: string): Steps<void> {
  const folder = mkdtempSync(join(tmpdir(), "savedmodel-restore-"));
  try {
    const renamed = join(folder, "renamed");
    yield* renameKeys(session, restorer.tensors, keys, prefix, renamed);
    yield* runRestore(session, restorer, renamed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
