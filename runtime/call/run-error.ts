import { SavedModelError } from "../errors.js";
import { TensorFlowError } from "../native/status.js";
import { printable } from "../text.js";

/** What a failed call is reported as: TensorFlow's status becomes the code, the first line of its message the message. */
export function runError(call: string, cause: unknown): unknown {
  if (!(cause instanceof TensorFlowError)) return cause;
  const message = printable(cause.message.split("\n", 1)[0] ?? "", 500);
  return new SavedModelError(`TF_${cause.status}`, `${call}: TensorFlow failed: ${message}`, { cause });
}
