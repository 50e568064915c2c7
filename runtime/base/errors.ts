import { markError } from "./package-copies.js";

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
  | "GPU_NOT_FOUND"
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
  | "NOT_TEXT"
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
  | "UNSUPPORTED_BY_ENGINE"
  | "CONFIG_INVALID"
  | "READ_FAILED"
  | "CSV_INVALID"
  | "HISTORY_INVALID"
  | "NPY_INVALID"
  | "NPY_UNSUPPORTED"
  | "OUTPUT_CONFLICT"
  | "WRITE_FAILED";

/**
 * Location of the cause of an error, which decides what a program does about it:
 *
 * - `input`: in the values that were passed. Another value helps; a service answers 400.
 * - `model`: in the SavedModel, or in the client that was generated from another one.
 * - `library`: in TensorFlow's library, or in one of custom operations.
 * - `busy`: in the moment. The same call may succeed later, or elsewhere; a service answers 503.
 * - `internal`: in the program, its configuration or its machine.
 */
export type ErrorCategory = "input" | "model" | "library" | "busy" | "internal";

const CATEGORIES: Readonly<Record<ErrorCode, ErrorCategory>> = {
  UNSUPPORTED_PLATFORM: "library",
  LIBRARY_NOT_FOUND: "library",
  LIBRARY_INVALID: "library",
  INSTALL_FAILED: "library",
  GPU_NOT_FOUND: "library",
  MODEL_NOT_FOUND: "model",
  NOT_A_SAVED_MODEL: "model",
  MODEL_CORRUPT: "model",
  MODEL_TOO_LARGE: "model",
  MODEL_FORMAT_UNSUPPORTED: "model",
  TAGS_NOT_FOUND: "model",
  VARIABLES_NOT_FOUND: "model",
  OP_NOT_REGISTERED: "library",
  OP_LIBRARY_INVALID: "library",
  LOAD_FAILED: "model",
  SIGNATURE_NOT_FOUND: "model",
  SIGNATURE_MISMATCH: "model",
  SIGNATURE_UNSUPPORTED: "model",
  MISSING_INPUT: "input",
  UNKNOWN_INPUT: "input",
  TOO_MANY_INPUTS: "input",
  INVALID_DTYPE: "input",
  INVALID_RANK: "input",
  INVALID_SHAPE: "input",
  INVALID_SIZE: "input",
  RAGGED_ARRAY: "input",
  NOT_AN_INTEGER: "input",
  OUT_OF_RANGE: "input",
  CONFLICTING_INPUTS: "input",
  TF_CANCELLED: "busy",
  TF_UNKNOWN: "internal",
  TF_INVALID_ARGUMENT: "input",
  TF_DEADLINE_EXCEEDED: "busy",
  TF_NOT_FOUND: "model",
  TF_ALREADY_EXISTS: "internal",
  TF_PERMISSION_DENIED: "internal",
  TF_RESOURCE_EXHAUSTED: "busy",
  TF_FAILED_PRECONDITION: "model",
  TF_ABORTED: "busy",
  TF_OUT_OF_RANGE: "input",
  TF_UNIMPLEMENTED: "model",
  TF_INTERNAL: "internal",
  TF_UNAVAILABLE: "busy",
  TF_DATA_LOSS: "internal",
  TF_UNAUTHENTICATED: "internal",
  INVALID_RESULT: "model",
  INVALID_UTF8: "input",
  NOT_TEXT: "model",
  NOT_SAVEABLE: "model",
  SAVE_FAILED: "internal",
  RESTORE_FAILED: "model",
  DISPOSED: "busy",
  ABORTED: "busy",
  BUSY: "busy",
  QUEUE_FULL: "busy",
  INVALID_DATA: "input",
  NOT_TRAINABLE: "model",
  NOT_FINITE: "input",
  INVALID_ARGUMENT: "internal",
  INVALID_OPTION: "internal",
  NOT_FAKED: "internal",
  UNSUPPORTED_BY_ENGINE: "internal",
  CONFIG_INVALID: "internal",
  READ_FAILED: "input",
  CSV_INVALID: "input",
  HISTORY_INVALID: "input",
  NPY_INVALID: "input",
  NPY_UNSUPPORTED: "input",
  OUTPUT_CONFLICT: "internal",
  WRITE_FAILED: "internal",
};

/** Details of a {@link SavedModelError} beside its code and message. */
export interface SavedModelErrorOptions {
  /** One sentence that says what to do next, with the command where there is one. */
  readonly fix?: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * Error class of this package.
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
  /** Location of the cause; follows from the code. */
  readonly category: ErrorCategory;
  /** The message without the code in front and without the fix behind. */
  readonly rawMessage: string;
  /** Advice on what to do next; absent where none is known. */
  declare readonly fix?: string;

  static {
    markError(SavedModelError, "SavedModelError");
  }

  /** Joins the code, the message and the fix. Cuts message and fix where they are very long. */
  constructor(code: ErrorCode, message: string, options: SavedModelErrorOptions = {}) {
    const what = shorten(message, MAX_MESSAGE);
    const fix = options.fix === undefined ? undefined : shorten(options.fix, MAX_FIX);
    const text = `${code}: ${what}`;
    super(
      fix === undefined ? text : `${text}${/[.!?]$/.test(what) ? "" : "."} ${fix}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.category = CATEGORIES[code];
    this.rawMessage = what;
    if (fix !== undefined) this.fix = fix;
  }
}

/** Limit on the length of a whole message; its parts are cut where they are put together. */
const MAX_MESSAGE = 4000;
const MAX_FIX = 2000;

/** Returns a string of limited length; the end of the original may be the part that matters. */
function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = Math.floor(limit / 4);
  return `${text.slice(0, limit - end - 3).toWellFormed()} … ${text.slice(-end).toWellFormed()}`;
}
