import { SavedModelError } from "../../base/errors.js";
import { printable, reasonOf } from "../../base/text.js";
import type { Session } from "../local/session.js";
import { FileCall } from "./file-call.js";

const calls = new WeakMap<Session, FileCall>();

/**
 * Refuses a model that has no way to save its variables.
 *
 * @throws SavedModelError `NOT_SAVEABLE`
 */
export function requireSaver({ saver, directory }: Session): void {
  if (saver?.saveTensorName && saver.filenameTensorName) return;
  const source = printable(directory, 500);
  throw new SavedModelError("NOT_SAVEABLE", `${source} was exported without a way to save its variables`);
}

/** Has the model write a checkpoint: `<prefix>.index` and `<prefix>.data-…`. */
export function writeCheckpoint(session: Session, prefix: string): void {
  session.copyToSaved();
  saveCall(session).run([prefix], "tensors");
}

/** It takes the path prefix, and its result is of no interest. */
function saveCall(session: Session): FileCall {
  let call = calls.get(session);
  if (call === undefined) {
    const { filenameTensorName = "", saveTensorName = "" } = session.saver ?? {};
    const inputs = [{ key: "filename", dtype: "string", shape: [], tensor: filenameTensorName }];
    const outputs = [{ key: "saved", dtype: "string", shape: null, tensor: saveTensorName }];
    call = new FileCall(session, "save", inputs, outputs);
    calls.set(session, call);
  }
  return call;
}

/** The error of a save that failed, with what led to it. */
export function saveFailed(session: Session, to: string, cause: unknown): SavedModelError {
  const reason = cause instanceof SavedModelError ? cause.rawMessage : reasonOf(cause);
  const [from, name] = [printable(session.directory, 500), printable(to, 500)];
  return new SavedModelError("SAVE_FAILED", `${from} could not be saved to ${name}: ${printable(reason, 1000)}`, {
    cause,
    ...(cause instanceof SavedModelError && cause.fix !== undefined ? { fix: cause.fix } : {}),
  });
}
