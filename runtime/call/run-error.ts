import { SavedModelError } from "../errors.js";
import { TensorFlowError } from "../native/status.js";
import { firstLine } from "../text.js";

/**
 * What a failed call is reported as: TensorFlow's status becomes the code, the first line of its message the message.
 *
 * @param advice what to do where a value is missing that the call reads
 */
export function runError(call: string, cause: unknown, advice?: string): unknown {
  if (!(cause instanceof TensorFlowError)) return cause;
  // What a read of a variable or table without a value ends with.
  const isAbsence = cause.status === "FAILED_PRECONDITION" || cause.status === "NOT_FOUND";
  return new SavedModelError(`TF_${cause.status}`, `${call}: TensorFlow failed: ${firstLine(cause.message)}`, {
    ...(advice !== undefined && isAbsence ? { fix: advice } : {}),
    cause,
  });
}
