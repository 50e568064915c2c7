import { TensorFlowError } from "../../../base/tensorflow-error.js";
import { type NativeApi, nonNull } from "./c-api.js";
import type { Pointer } from "./c-functions.js";

let shared: Pointer | undefined;

/**
 * Runs one native function that reports through a status, and throws its error.
 *
 * One status serves all synchronous calls until one of them fails. Not every function of the C API sets a status when it
 * succeeds (`TF_SetConfig` does not), so a failure that stayed in it would be reported again.
 *
 * @throws TensorFlowError
 */
export function withStatus<T>(api: NativeApi, run: (status: Pointer) => T): T {
  shared ??= nonNull(api.TF_NewStatus(), "status");
  const status = shared;
  const result = run(status);
  const code = api.TF_GetCode(status);
  if (code === 0) return result;
  const error = new TensorFlowError(code, api.TF_Message(status));
  shared = undefined;
  api.TF_DeleteStatus(status);
  throw error;
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
