import { SavedModelError } from "../../../base/errors.js";
import { TensorFlowError } from "../../../base/tensorflow-error.js";
import { firstLine, quote } from "../../../base/text.js";
import { isRejectedBySingleThread } from "../scheduling.js";

/**
 * Returns the error for a failed call: TensorFlow's status becomes the code, the first line of its message the message.
 *
 * @param advice for a call that reads a missing value
 */
export function runError(call: string, cause: unknown, advice?: string): unknown {
  if (!(cause instanceof TensorFlowError)) return cause;
  const op = /No OpKernel was registered to support Op '([^']+)'/.exec(cause.message)?.[1];
  if (op !== undefined) {
    const what = `${call} needs the operation ${quote(op)}, for which this TensorFlow has no kernel on this machine's devices`;
    return new SavedModelError("OP_NOT_REGISTERED", what, {
      fix: "Export the model for a CPU, or pass a shared library with such a kernel to load() as `opLibraries`.",
      cause,
    });
  }
  if (isRejectedBySingleThread(cause)) {
    return new SavedModelError(`TF_${cause.status}`, `${call}: TensorFlow failed: ${firstLine(cause.message)}`, {
      fix: 'Load the model with `scheduling: "caller"`.',
      cause,
    });
  }
  // Error of a read of a variable or table without a value.
  const isAbsence = cause.status === "FAILED_PRECONDITION" || cause.status === "NOT_FOUND";
  return new SavedModelError(`TF_${cause.status}`, `${call}: TensorFlow failed: ${firstLine(cause.message)}`, {
    ...(advice !== undefined && isAbsence ? { fix: advice } : {}),
    cause,
  });
}
