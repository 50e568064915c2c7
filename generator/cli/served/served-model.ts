import { SavedModelError } from "../../../runtime/base/errors.js";
import { quote } from "../../../runtime/base/text.js";
import { kserve } from "../../../runtime/engines/kserve/index.js";
import { RemoteEngine } from "../../../runtime/engines/remote/remote-engine.js";
import { serving } from "../../../runtime/engines/serving/index.js";
import type { SignatureInfo } from "../../../runtime/saved-model/signature-info.js";
import type { ServerUrl } from "./server-url.js";

/** Names of the kinds of servers. */
export const SERVERS: Readonly<Record<ServerUrl["protocol"], string>> = {
  kserve: "a KServe server",
  serving: "TensorFlow Serving",
};

/** Makes an engine for the server. @throws SavedModelError `INVALID_OPTION` */
export function engineAt({ protocol, url, model }: ServerUrl, signatures?: readonly string[]): RemoteEngine {
  const options = { url, model, ...(signatures && { signatures }) };
  const engine = protocol === "kserve" ? kserve(options) : serving(options);
  if (engine instanceof RemoteEngine) return engine;
  throw new Error("unreachable: both are engines on servers");
}

/**
 * Reads the signatures of a served model from its server.
 *
 * @param keys the signatures, which servers of the Open Inference Protocol do not list; TensorFlow Serving lists all
 * @throws SavedModelError `INVALID_OPTION`, `SIGNATURE_NOT_FOUND`, `TF_<STATUS>`
 */
export async function describeServed(
  server: ServerUrl,
  keys: readonly string[] | undefined,
): Promise<readonly SignatureInfo[]> {
  const isListed = server.protocol === "serving";
  if (!isListed && keys === undefined) {
    throw new SavedModelError(
      "INVALID_OPTION",
      "--signature is missing: servers of KServe's protocol do not list them",
      {
        fix: `Pass --signature: signature "pred" is the served model ${quote(`${server.model}.pred`)}.`,
      },
    );
  }
  const engine = engineAt(server);
  try {
    return await engine.describe(isListed ? undefined : keys);
  } catch (error) {
    if (isListed || !(error instanceof SavedModelError) || error.code !== "TF_NOT_FOUND") throw error;
    const fix = `Signature "pred" is the served model ${quote(`${server.model}.pred`)}.`;
    throw new SavedModelError(error.code, error.rawMessage, { fix, cause: error });
  } finally {
    engine.dispose();
  }
}
