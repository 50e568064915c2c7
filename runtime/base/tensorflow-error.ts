import type { StatusName } from "./errors.js";
import { markError } from "./package-copies.js";

/** The values of `TF_Code` by number; 0 is success. They are those of gRPC. */
const STATUSES: readonly (StatusName | undefined)[] = [
  undefined,
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** TensorFlow's own error: the `cause` of the {@link SavedModelError} that reports it. */
export class TensorFlowError extends Error {
  override readonly name: string = "TensorFlowError";
  /** The name of its status, as in the code `TF_…` of the error that reports it. */
  readonly status: StatusName;

  static {
    markError(TensorFlowError, "TensorFlowError");
  }

  /** From a number of `TF_Code` and TensorFlow's own message. */
  constructor(code: number, message: string) {
    super(message);
    this.status = STATUSES[code] ?? "UNKNOWN";
  }
}
