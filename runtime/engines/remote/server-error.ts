import type { StatusName } from "../../base/errors.js";
import { markError } from "../../base/package-copies.js";

/** Details of a {@link ServerError} beside its status and message. */
interface ServerErrorOptions {
  readonly cause?: unknown;
  /** True where the server has certainly not run the request, because it never received it. */
  readonly isUnsent?: boolean;
  /** True where the server did not answer: the connection failed, or the answer is not of its protocol. */
  readonly isUnreachable?: boolean;
  /** Advice on what to do next. */
  readonly fix?: string;
}

/** A server's own error: the `cause` of the `SavedModelError` that reports it. Its message is the server's text. */
export class ServerError extends Error {
  override readonly name: string = "ServerError";
  /** The name of its status, as in the code `TF_…` of the error that reports it. */
  readonly status: StatusName;
  /** Address of the server. */
  readonly address: string;
  /** True where the server has certainly not run the request, because it never received it. */
  readonly isUnsent: boolean;
  /** True where the server did not answer in its protocol. */
  readonly isUnreachable: boolean;

  /** Advice on what to do next; absent where none is known. */
  declare readonly fix?: string;

  static {
    markError(ServerError, "ServerError");
  }

  /** Makes the error of a server; called by this package. */
  constructor(status: StatusName, address: string, message: string, options: ServerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.address = address;
    this.isUnsent = options.isUnsent ?? false;
    this.isUnreachable = options.isUnreachable ?? this.isUnsent;
    if (options.fix !== undefined) this.fix = options.fix;
  }
}

/** Statuses of HTTP, as TensorFlow and gRPC name them. */
const STATUS_OF_HTTP: ReadonlyMap<number, StatusName> = new Map([
  [400, "INVALID_ARGUMENT"],
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
  [408, "DEADLINE_EXCEEDED"],
  [409, "ABORTED"],
  [412, "FAILED_PRECONDITION"],
  [413, "RESOURCE_EXHAUSTED"],
  [422, "INVALID_ARGUMENT"],
  [429, "RESOURCE_EXHAUSTED"],
  [499, "CANCELLED"],
  [501, "UNIMPLEMENTED"],
  [502, "UNAVAILABLE"],
  [503, "UNAVAILABLE"],
  [504, "DEADLINE_EXCEEDED"],
]);

/** Returns the status for the status code of an HTTP response that is not a success. */
export function statusOfHttp(code: number): StatusName {
  return STATUS_OF_HTTP.get(code) ?? (code >= 500 ? "INTERNAL" : code >= 400 ? "INVALID_ARGUMENT" : "UNKNOWN");
}

/** Returns true if a signal was aborted by `AbortSignal.timeout`. */
export function isTimeout({ reason }: AbortSignal): boolean {
  return reason instanceof Error && reason.name === "TimeoutError";
}
