/**
 * Runs signatures on TensorFlow Serving.
 *
 * @module
 */

import { invalidOption } from "../../base/check-options.js";
import type { Engine } from "../../engine.js";
import { RemoteEngine } from "../remote/remote-engine.js";
import { type RemoteOptions, readRemoteOptions } from "../remote/remote-options.js";
import { servingRest } from "./serving-rest.js";

export type { RequestEvent } from "../../client/diagnostics.js";
export type { Headers, RemoteOptions, TlsOptions } from "../remote/remote-options.js";
export { ServerError } from "../remote/server-error.js";

/** Options of {@link serving}. */
export interface ServingOptions extends RemoteOptions {
  /** Version of the model; by default the newest that the server has. */
  readonly version?: number | bigint | string;
  /** Label of a version, such as `stable`, in place of its number. */
  readonly label?: string;
  /**
   * Form of requests by REST: each input as a whole, or one object per row. By default `columns`; `rows` is for servers
   * that batch them, and needs inputs and outputs with the same number of rows.
   */
  readonly format?: "columns" | "rows";
}

/**
 * Makes an engine for the static method `connect` of a client: its signatures run on one or several servers.
 *
 * @example
 * ```ts
 * await using model = await CustomModel.connect(serving({ url: "grpc://models:8500", model: "custom" }));
 * ```
 * @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT`
 */
export function serving(options: ServingOptions): Engine {
  const call = "serving()";
  const settings = readRemoteOptions(call, options, ["version", "label", "format"]);
  const { version, label, format } = options;
  if (version !== undefined && !isVersion(version)) throw invalidOption(call, "version", "a non-negative integer");
  if (label !== undefined && (typeof label !== "string" || label === "")) {
    throw invalidOption(call, "label", "a string");
  }
  if (version !== undefined && label !== undefined)
    throw invalidOption(call, "label", "omitted where there is a version");
  if (format !== undefined && (settings.transport !== "rest" || !["columns", "rows"].includes(format))) {
    throw invalidOption(call, "format", '"columns" or "rows", for `http://` addresses only');
  }
  const choice = { version: version === undefined ? undefined : String(version), label };
  return new RemoteEngine("serving", settings, async (caller) => {
    if (settings.transport === "rest") return servingRest(settings, choice, format ?? "columns");
    const { servingGrpc } = await import("./serving-grpc.js");
    return servingGrpc(caller, settings, choice);
  });
}

function isVersion(version: unknown): boolean {
  if (typeof version === "number") return Number.isSafeInteger(version) && version >= 0;
  return /^\d{1,19}$/.test(String(version)) && BigInt(String(version)) < 2n ** 63n;
}
