import { markError } from "./copies.js";

/** The statuses with which TensorFlow reports a failure (`TF_Code` in tensorflow/c/tf_status.h, without `TF_OK`). */
export type StatusName =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/**
 * Every code that a {@link SavedModelError} can carry. Codes are stable: a code is never renamed or given another
 * meaning. `docs/errors.md` explains each of them.
 */
export type ErrorCode =
  // The native library
  | "UNSUPPORTED_PLATFORM"
  | "LIBRARY_NOT_FOUND"
  | "LIBRARY_INVALID"
  | "INSTALL_FAILED"
  // The model on disk
  | "MODEL_NOT_FOUND"
  | "NOT_A_SAVED_MODEL"
  | "MODEL_CORRUPT"
  | "MODEL_TOO_LARGE"
  | "MODEL_FORMAT_UNSUPPORTED"
  | "TAGS_NOT_FOUND"
  | "VARIABLES_NOT_FOUND"
  | "OP_NOT_REGISTERED"
  | "OP_LIBRARY_INVALID"
  | "LOAD_FAILED"
  | "SIGNATURE_NOT_FOUND"
  | "SIGNATURE_MISMATCH"
  | "SIGNATURE_UNSUPPORTED"
  // The inputs of a call
  | "MISSING_INPUT"
  | "UNKNOWN_INPUT"
  | "TOO_MANY_INPUTS"
  | "INVALID_DTYPE"
  | "INVALID_RANK"
  | "INVALID_SHAPE"
  | "INVALID_SIZE"
  | "RAGGED_ARRAY"
  | "NOT_AN_INTEGER"
  | "OUT_OF_RANGE"
  | "CONFLICTING_INPUTS"
  // Running and saving
  | `TF_${StatusName}`
  | "INVALID_RESULT"
  | "INVALID_UTF8"
  | "NOT_SAVEABLE"
  | "SAVE_FAILED"
  | "RESTORE_FAILED"
  | "DISPOSED"
  | "ABORTED"
  | "BUSY"
  | "QUEUE_FULL"
  // Training
  | "INVALID_DATA"
  | "NOT_TRAINABLE"
  | "NOT_FINITE"
  // Use of this package
  | "INVALID_ARGUMENT"
  | "INVALID_OPTION"
  | "NOT_FAKED"
  | "CONFIG_INVALID"
  | "READ_FAILED"
  | "CSV_INVALID"
  | "HISTORY_INVALID"
  | "NPY_INVALID"
  | "NPY_UNSUPPORTED"
  | "OUTPUT_CONFLICT"
  | "WRITE_FAILED";

/** What a {@link SavedModelError} is made of, beside its code and message. */
export interface SavedModelErrorOptions {
  /** One sentence that says what to do next, with the command where there is one. */
  readonly fix?: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * The one error class of this package.
 *
 * `message` is `CODE: what is wrong. What to do.`, ready to be shown to a person; programs compare `code`.
 *
 * @example
 * ```ts
 * try {
 *   model.train([[1, 1, 1]], [[0]]);
 * } catch (error) {
 *   if (error instanceof SavedModelError && error.code === "INVALID_SHAPE") console.error(error.rawMessage);
 * }
 * ```
 */
export class SavedModelError extends Error {
  override readonly name: string = "SavedModelError";
  /** Stable, machine-readable. */
  readonly code: ErrorCode;
  /** The message without the code in front and without the fix behind. */
  readonly rawMessage: string;
  /** What to do next, if it is known. */
  readonly fix: string | undefined;

  static {
    markError(SavedModelError, "SavedModelError");
  }

  /** Puts the code in front of the message, and the fix behind it. */
  constructor(code: ErrorCode, message: string, options: SavedModelErrorOptions = {}) {
    const text = `${code}: ${message}`;
    super(
      options.fix === undefined ? text : `${text}${/[.!?]$/.test(message) ? "" : "."} ${options.fix}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.rawMessage = message;
    this.fix = options.fix;
  }
}
