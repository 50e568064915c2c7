import { SavedModelError } from "../../base/errors.js";
import type { Steps } from "../../base/steps.js";
import { printable, reasonOf } from "../../base/text.js";
import { copyToSaved } from "./copy-variables.js";
import type { GraphSession } from "./graph-session.js";
import { stringTensor } from "./string-feeds.js";

/** Names of the tensors by which a model saves its variables. */
interface Saver {
  /** Tensor that takes the prefix of the file names. */
  readonly filename: string;
  /** Tensor to be fetched; its value is not used. */
  readonly saved: string;
}

/**
 * Returns the tensors by which a model saves its variables.
 *
 * @throws SavedModelError `NOT_SAVEABLE` when it cannot
 */
export function requireSaver({ saver, directory }: Pick<GraphSession, "saver" | "directory">): Saver {
  if (saver?.saveTensorName && saver.filenameTensorName) {
    return { filename: saver.filenameTensorName, saved: saver.saveTensorName };
  }
  const source = printable(directory, 500);
  throw new SavedModelError("NOT_SAVEABLE", `${source} was exported without a way to save its variables`);
}

/** Writes a checkpoint with the model's own operations: `<prefix>.index` and `<prefix>.data-…`. */
export function* writeCheckpoint(session: GraphSession, prefix: string): Steps<void> {
  const { filename, saved } = requireSaver(session);
  yield* copyToSaved(session, "save()");
  yield* session.run("save()", { feeds: [[filename, stringTensor(prefix)]], fetches: [saved] });
}

/** Returns the error of a failed save, with its cause. */
export function saveFailed({ directory }: GraphSession, to: string, cause: unknown): SavedModelError {
  const reason = cause instanceof SavedModelError ? cause.rawMessage : reasonOf(cause);
  const [from, name] = [printable(directory, 500), printable(to, 500)];
  return new SavedModelError("SAVE_FAILED", `${from} could not be saved to ${name}: ${printable(reason, 1000)}`, {
    cause,
    ...(cause instanceof SavedModelError && cause.fix !== undefined ? { fix: cause.fix } : {}),
  });
}
