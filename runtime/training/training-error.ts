import { SavedModelError } from "../base/errors.js";
import { markError } from "../base/package-copies.js";
import type { History } from "./history/history.js";

/**
 * Error of a training that ended before its last epoch, because it was aborted (`ABORTED`) or a number was not finite
 * (`NOT_FINITE`).
 */
export class TrainingError extends SavedModelError {
  override readonly name: string = "TrainingError";
  /** Epochs that were finished until then. */
  readonly history: History;

  static {
    markError(TrainingError, "TrainingError");
  }

  /** Takes code, message, advice and cause of the error that ended it. */
  constructor({ code, rawMessage, fix, cause }: SavedModelError, history: History) {
    super(code, rawMessage, { ...(fix !== undefined && { fix }), ...(cause !== undefined && { cause }) });
    this.history = history;
  }
}
