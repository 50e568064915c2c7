import { SavedModelError } from "../../../runtime/base/errors.js";
import { quote } from "../../../runtime/base/text.js";

/** A served model: `kserve+grpc://host:8001/custom`. */
export interface ServerUrl {
  readonly protocol: "kserve" | "serving";
  /** Address of the server: `grpc://host:8001`. */
  readonly url: string;
  /** Name of the model on the server. */
  readonly model: string;
}

/** Examples of the value, for help and messages. */
export const SERVER_URLS = "serving+grpc://host:8500/model, kserve+http://host:8000/model";

/**
 * Parses the address of a served model. What is before the last segment of its path belongs to the server.
 *
 * @param option for messages: `--connect`
 * @throws SavedModelError `INVALID_OPTION`
 */
export function parseServerUrl(option: string, text: string): ServerUrl {
  const [, protocol, url, model] = /^(kserve|serving)\+((?:grpc|http)s?:\/\/[^?#]+)\/([^/?#]+)$/.exec(text) ?? [];
  if ((protocol === "kserve" || protocol === "serving") && url !== undefined && model !== undefined) {
    const name = decoded(model);
    if (name !== undefined && !url.endsWith("/")) return { protocol, url, model: name };
  }
  throw new SavedModelError("INVALID_OPTION", `${option}: ${quote(text)} is not the address of a served model`, {
    fix: `Write <protocol>+<scheme>://<host>:<port>/<model>, such as ${SERVER_URLS}.`,
  });
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
