import { TensorFlowError } from "../../../base/tensorflow-error.js";
import { type NativeApi, nonNull } from "./c-api.js";
import type { Pointer } from "./c-functions.js";

let shared: Pointer | undefined;

/** Returns the status that synchronous calls share, until {@link takeError} has read an error from it. */
export function sharedStatus(api: NativeApi): Pointer {
  shared ??= nonNull(api.TF_NewStatus(), "status");
  return shared;
}

/** Returns the error in the shared status, which is then not used again; undefined after success. */
export function takeError(api: NativeApi): TensorFlowError | undefined {
  const status = sharedStatus(api);
  const code = api.TF_GetCode(status);
  if (code === 0) return undefined;
  const error = new TensorFlowError(code, api.TF_Message(status));
  shared = undefined;
  api.TF_DeleteStatus(status);
  return error;
}

/**
 * Runs one native function that reports through a status, and throws its error.
 *
 * One status serves all synchronous calls until one of them fails. Not every function of the C API sets a status when it
 * succeeds (`TF_SetConfig` does not), so a failure that stayed in it would be reported again.
 *
 * @throws TensorFlowError
 */
export function withStatus<T>(api: NativeApi, run: (status: Pointer) => T): T {
  const result = run(sharedStatus(api));
  const error = takeError(api);
  if (error !== undefined) throw error;
  return result;
}

/** A separate status, for a function that runs on another thread. */
export class Status {
  readonly pointer: Pointer;
  readonly #api: NativeApi;

  constructor(api: NativeApi) {
    this.#api = api;
    this.pointer = nonNull(api.TF_NewStatus(), "status");
  }

  /** @throws TensorFlowError of the function's status */
  check(): void {
    const code = this.#api.TF_GetCode(this.pointer);
    if (code !== 0) throw new TensorFlowError(code, this.#api.TF_Message(this.pointer));
  }

  delete(): void {
    this.#api.TF_DeleteStatus(this.pointer);
  }
}
