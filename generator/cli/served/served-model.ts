import { SavedModelError } from "../../../runtime/base/errors.js";
import { quote } from "../../../runtime/base/text.js";
import { kserve } from "../../../runtime/engines/kserve/index.js";
import { RemoteEngine } from "../../../runtime/engines/remote/remote-engine.js";
import { checkHeaders } from "../../../runtime/engines/remote/requests.js";
import { serving } from "../../../runtime/engines/serving/index.js";
import type { SignatureInfo } from "../../../runtime/saved-model/signature-info.js";
import type { ServedModel } from "./server-flags.js";
import type { ServerUrl } from "./server-url.js";

/** Names of the kinds of servers. */
export const SERVERS: Readonly<Record<ServerUrl["protocol"], string>> = {
  kserve: "a KServe server",
  serving: "TensorFlow Serving",
};

/** Key of the signature of a served model that is named as a whole: TensorFlow's own default. */
const ONLY = "serving_default";

/**
 * Makes an engine for the server.
 *
 * @param isWhole true where a served model of KServe's protocol has just this name, and not that of one of its signatures
 * @throws SavedModelError `INVALID_OPTION`
 */
export function engineAt(server: ServedModel, isWhole: boolean): RemoteEngine {
  const { protocol, url, model, headers, version } = server;
  checkHeaders("--header", headers);
  const options = { url, model, headers, ...(version !== undefined && { version }) };
  const engine =
    protocol === "serving" ? serving(options) : kserve({ ...options, ...(isWhole && { modelOf: () => model }) });
  if (engine instanceof RemoteEngine) return engine;
  throw new Error("unreachable: both are engines on servers");
}

/**
 * Reads the signatures of a served model from its server.
 *
 * @param keys the signatures, each of which is a served model in KServe's protocol; by default the model as a whole.
 * TensorFlow Serving lists all.
 * @throws SavedModelError `INVALID_OPTION`, `TF_<STATUS>`
 */
export async function describeServed(
  server: ServedModel,
  keys: readonly string[] | undefined,
): Promise<readonly SignatureInfo[]> {
  const engine = engineAt(server, keys === undefined);
  try {
    return await inServerFlags(server, engine.describe(server.protocol === "serving" ? undefined : (keys ?? [ONLY])));
  } finally {
    engine.dispose();
  }
}

/** Awaits a request; its error advises in terms of flags. */
export async function inServerFlags<T>({ protocol, model }: ServerUrl, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (protocol === "serving" || !(error instanceof SavedModelError) || error.code !== "TF_NOT_FOUND") throw error;
    const fix = `The served model is ${quote(model)} without --signature, and ${quote(`${model}.pred`)} with --signature pred.`;
    throw new SavedModelError(error.code, error.rawMessage, { fix, cause: error });
  }
}
