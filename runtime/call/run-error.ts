import { SavedModelError } from "../errors.js";
import { TensorFlowError } from "../native/status.js";
import { firstLine } from "../text.js";

/** What a failed call is reported as: TensorFlow's status becomes the code, the first line of its message the message. */
export function runError(call: string, cause: unknown): unknown {
  if (!(cause instanceof TensorFlowError)) return cause;
  return new SavedModelError(`TF_${cause.status}`, `${call}: TensorFlow failed: ${firstLine(cause.message)}`, {
    cause,
  });
}
