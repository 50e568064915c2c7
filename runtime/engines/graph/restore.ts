import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkFlag, checkOptions } from "../../base/check-options.js";
import { SavedModelError } from "../../base/errors.js";
import { printable, reasonOf } from "../../base/text.js";
import { PreparedCall } from "../../call/prepared-call.js";
import { readSaveFunction } from "../../saved-model/graph/duplicated-variables.js";
import { openGraph, operationOf } from "../../saved-model/graph/graph.js";
import type { Session } from "../local/session.js";
import { addOperation, firstOutput } from "./add-operation.js";
import { differences } from "./checkpoint/check-checkpoint.js";
import { CheckpointReader } from "./checkpoint/checkpoint-reader.js";
import { findCheckpoint } from "./checkpoint/find-checkpoint.js";
import { type Keys, matchObjects } from "./checkpoint/match-keys.js";
import { renameKeys } from "./checkpoint/rename-keys.js";
import { type RestoredTensor, restoredTensors } from "./checkpoint/restored-tensors.js";
import { completeReport, planPartialRestore, type RestoreReport } from "./partial-restore.js";

/** How a model restores its variables: the same for all checkpoints. */
interface Restorer {
  readonly tensors: readonly RestoredTensor[];
  /** The TrackableObjectGraph of its checkpoints, if they have one. */
  readonly objectGraph: Uint8Array | undefined;
  /** Takes the path prefix of a checkpoint. */
  readonly call: PreparedCall;
}

const restorers = new WeakMap<Session, Restorer>();

/** How {@link Model.restore} takes a checkpoint. */
export interface RestoreOptions {
  /**
   * Whether to take what the checkpoint and the model have in common, and to leave the rest. By default a checkpoint that
   * lacks something is rejected.
   */
  readonly partial?: boolean;
}

/** @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT` */
export function checkRestoreOptions(options: RestoreOptions): void {
  checkOptions("restore()", options, ["partial"]);
  checkFlag("restore()", "partial", options.partial);
}

/** A checkpoint that was compared with the model, and what is to be done with it. */
interface Plan {
  readonly report: RestoreReport;
  run(): void;
}

/**
 * Gives a session's variables the values of a checkpoint. All that is needed of the checkpoint is read and compared with
 * the model before any variable changes.
 *
 * @param path the path prefix of a checkpoint, or the folder of a SavedModel or of checkpoints
 * @throws SavedModelError `VARIABLES_NOT_FOUND` or `RESTORE_FAILED`
 */
export function restoreVariables(session: Session, path: string, { partial = false }: RestoreOptions): RestoreReport {
  const { prefix, isModel } = findCheckpoint(path);
  const failed = (cause: unknown, changed: string): SavedModelError => {
    const reason = printable(cause instanceof SavedModelError ? cause.rawMessage : reasonOf(cause), 500);
    const [from, to] = [printable(prefix, 500), printable(session.directory, 500)];
    return new SavedModelError("RESTORE_FAILED", `${from} cannot be restored into ${to}: ${reason}; ${changed}`, {
      cause,
    });
  };
  let plan: Plan;
  try {
    plan = (partial ? planPart : planWhole)(session, restorerOf(session), prefix);
  } catch (cause) {
    throw failed(cause, "no variable was changed");
  }
  try {
    plan.run();
    // A model is restored as it is loaded. A checkpoint is restored as in Python, where what a session has twice is one.
    session.copyFromSaved(isModel ? "unsaved" : "all");
  } catch (cause) {
    throw failed(cause, "some variables may have been changed");
  }
  return plan.report;
}

/** Takes all that the model restores. */
function planWhole(session: Session, restorer: Restorer, prefix: string): Plan {
  const { keys, report } = check(session, restorer, prefix);
  const run = (): void => {
    if (keys === undefined) restorer.call.run([prefix], "tensors");
    else restoreRenamed(session, restorer, keys, prefix);
  };
  return { report, run };
}

/** Takes what there is. */
function planPart(session: Session, { tensors, objectGraph }: Restorer, prefix: string): Plan {
  const reader = new CheckpointReader(session.api, prefix);
  try {
    const { report, run } = planPartialRestore(session, tensors, objectGraph, reader);
    return {
      report,
      run: () => {
        // What is not restored keeps the value that signatures work on.
        session.copyToSaved();
        run(prefix);
      },
    };
  } finally {
    reader.close();
  }
}

function restorerOf(session: Session): Restorer {
  let restorer = restorers.get(session);
  if (restorer === undefined) {
    restorer = prepare(session);
    restorers.set(session, restorer);
  }
  return restorer;
}

function prepare(session: Session): Restorer {
  const { filenameTensorName = "", restoreOpName = "", saveTensorName = "" } = session.saver ?? {};
  if (!filenameTensorName || !restoreOpName)
    throw new Error("the model was exported without a way to restore variables");
  const graphDef = session.graphDef();
  const tensors = restoredTensors(graphDef, restoreOpName);
  if (tensors.length === 0) throw new Error("its graph does not tell what it restores");
  const { api } = session;
  const NAME = "savedmodel/restored";
  const operation = (name: string): bigint => session.requireOperation(operationOf(name));
  const [filename, restore] = [operation(filenameTensorName), operation(restoreOpName)];
  // A call needs something to fetch.
  addOperation(session, "Identity", NAME, (description) => {
    api.TF_AddInput(description, firstOutput(filename));
    api.TF_AddControlInput(description, restore);
  });
  const call = new PreparedCall(
    session,
    "restore",
    [{ key: "filename", dtype: "string", shape: [], tensor: filenameTensorName }],
    [{ key: "restored", dtype: "string", shape: null, tensor: NAME }],
  );
  return { tensors, call, objectGraph: readSaveFunction(saveTensorName, openGraph(graphDef))?.objectGraph };
}

/**
 * Reads a checkpoint, and refuses one that the model cannot take all its values from.
 *
 * @returns under which keys it has them, where these are others than the model's
 */
function check(
  { api }: Session,
  { tensors, objectGraph }: Restorer,
  prefix: string,
): { readonly keys: Keys | undefined; readonly report: RestoreReport } {
  const reader = new CheckpointReader(api, prefix);
  try {
    const wanted = tensors.map(({ key }) => key);
    const isComplete = wanted.every((key) => reader.describe(key) !== undefined);
    const mayRename = !isComplete && objectGraph !== undefined && tensors.every(({ slice }) => slice === "");
    const keys = mayRename ? matchObjects(wanted, objectGraph, reader) : undefined;
    const wrong = differences(tensors, reader, keys);
    if (wrong.length > 0) throw new Error(wrong.join("; "));
    for (const key of wanted) reader.verify(keys?.get(key) ?? key);
    return { keys, report: completeReport(tensors, keys, reader) };
  } finally {
    reader.close();
  }
}

function restoreRenamed(session: Session, { tensors, call }: Restorer, keys: Keys, prefix: string): void {
  const folder = mkdtempSync(join(tmpdir(), "savedmodel-restore-"));
  try {
    const renamed = join(folder, "renamed");
    renameKeys(session, tensors, keys, prefix, renamed);
    call.run([renamed], "tensors");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
