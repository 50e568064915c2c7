/**
 * Runs signatures on servers of the Open Inference Protocol, version 2: Triton, MLServer, KServe, OpenVINO.
 *
 * @module
 */

import { invalidOption } from "../../base/check-options.js";
import type { Engine } from "../../engine.js";
import { RemoteEngine } from "../remote/remote-engine.js";
import { type RemoteOptions, readRemoteOptions } from "../remote/remote-options.js";
import { kserveRest } from "./kserve-rest.js";

export type { RequestEvent } from "../../client/diagnostics.js";
export type { Headers, RemoteOptions, TlsOptions } from "../remote/remote-options.js";
export { ServerError } from "../remote/server-error.js";

/** Options of {@link kserve}. */
export interface KServeOptions extends RemoteOptions {
  /** Version of the served models; by default the server chooses. */
  readonly version?: string;
  /**
   * Returns the name of the served model for a signature. The protocol has one signature per model; by default signature
   * `pred` of the model `custom` is served as `custom.pred`.
   */
  readonly modelOf?: (signature: string) => string;
}

/**
 * Makes an engine for the static method `connect` of a client: its signatures run on one or several servers.
 *
 * @example
 * ```ts
 * await using model = await CustomModel.connect(kserve({ url: "grpc://models:8001", model: "custom" }));
 * ```
 * @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT`
 */
export function kserve(options: KServeOptions): Engine {
  const call = "kserve()";
  const settings = readRemoteOptions(call, options, ["version", "modelOf"]);
  const { version = "", modelOf = (signature: string) => `${settings.model}.${signature}` } = options;
  if (typeof version !== "string") throw invalidOption(call, "version", "a string");
  if (typeof modelOf !== "function") throw invalidOption(call, "modelOf", "a function");
  const naming = { modelOf, version };
  return new RemoteEngine("kserve", settings, async (caller) => {
    if (settings.transport === "rest") return kserveRest(settings, naming);
    const { kserveGrpc } = await import("./kserve-grpc.js");
    return kserveGrpc(caller, settings, naming);
  });
}
