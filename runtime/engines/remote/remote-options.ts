import { checkCount, checkTimeout, invalidOption } from "../../base/check-options.js";
import { SavedModelError } from "../../base/errors.js";
import { isRecord } from "../../base/is-record.js";
import { quote, suggest } from "../../base/text.js";
import type { RequestEvent } from "../../client/diagnostics.js";
import { type Addresses, readAddresses } from "./addresses.js";

/** Headers of a request: metadata in gRPC. */
export type Headers = Readonly<Record<string, string>>;

/** Certificates for connections to `grpcs://` addresses; each in PEM form. */
export interface TlsOptions {
  /** Root certificates; by default those of Node.js. */
  readonly ca?: string | Uint8Array;
  /** Certificate chain of the client, with `key`, for servers that ask for one. */
  readonly cert?: string | Uint8Array;
  /** Private key of the client. */
  readonly key?: string | Uint8Array;
  /** Host name in the server's certificate, if it differs from that of the address. */
  readonly serverName?: string;
}

/** Options of the connections to servers. */
export interface ConnectionOptions {
  /** Deadline of a call in milliseconds, with the time that it waits; 30,000 by default. `Infinity` for none. */
  readonly timeoutMs?: number;
  /** Maximum number of requests in flight, 100 by default. Further calls wait; `maxQueue` of `connect` limits these. */
  readonly maxInFlight?: number;
  /**
   * Number of times that a request is repeated after a failure, 2 by default. A request that the server has received is
   * repeated only where the option `readOnly` of `connect` names its signature.
   */
  readonly retries?: number;
  /** Maximum size of a request and of a response in bytes; 256 MiB by default. */
  readonly maxMessageBytes?: number;
  /** Headers of every request, or a function that returns them for each, such as an `authorization` that expires. */
  readonly headers?: Headers | ((signature: string) => Headers | PromiseLike<Headers>);
  /** Called after each request. In Node.js the channel `savedmodel:request` has the same events. */
  readonly onRequest?: (event: RequestEvent) => void;
  /** Certificates for `grpcs://` addresses. */
  readonly tls?: TlsOptions;
}

/** Options of all engines that run a model on servers which have it already. */
export interface RemoteOptions extends ConnectionOptions {
  /**
   * Address of the server: `grpc://host:port`, `grpcs://…` for TLS, `http://…` or `https://…`; several addresses are
   * replicas of one model, among which calls are distributed.
   */
  readonly url: string | URL | readonly (string | URL)[];
  /** Name of the model on the server. */
  readonly model: string;
  /** Keys of the signatures that the server has, where those are not all of the client's; calls of others are rejected. */
  readonly signatures?: readonly string[];
  /** Replaces `fetch`, for `http://` and `https://` addresses. */
  readonly fetch?: typeof fetch;
}

/** The options of connections with their defaults. */
export interface ConnectionSettings extends Addresses {
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly retries: number;
  readonly maxMessageBytes: number;
  readonly headersOf: (signature: string) => Headers | PromiseLike<Headers>;
  readonly onRequest: ((event: RequestEvent) => void) | undefined;
  readonly tls: TlsOptions | undefined;
}

/** The options of an engine with their defaults. */
export interface RemoteSettings extends ConnectionSettings {
  readonly model: string;
  readonly signatures: readonly string[] | undefined;
  readonly fetch: typeof fetch;
}

const NAMES: readonly string[] = [
  "url",
  "timeoutMs",
  "maxInFlight",
  "retries",
  "maxMessageBytes",
  "headers",
  "onRequest",
  "tls",
];

const MIB = 2 ** 20;

/**
 * Checks the options of an engine.
 *
 * @param call for messages: `kserve()`
 * @param more the names of the engine's own options
 * @throws SavedModelError `INVALID_ARGUMENT`, `INVALID_OPTION`
 */
export function readRemoteOptions(call: string, options: RemoteOptions, more: readonly string[]): RemoteSettings {
  if (typeof options !== "object" || options === null) {
    throw new SavedModelError("INVALID_ARGUMENT", `${call} takes an object with \`url\` and \`model\``);
  }
  const { model, signatures } = options;
  const settings = readConnectionOptions(call, options, options.url, ["model", "signatures", "fetch", ...more]);
  if (typeof model !== "string" || model === "")
    throw invalidOption(call, "model", "the name of the model on the server");
  if (signatures !== undefined && !(Array.isArray(signatures) && signatures.every((key) => typeof key === "string"))) {
    throw invalidOption(call, "signatures", 'an array of keys of signatures, such as ["predict"]');
  }
  if (options.fetch !== undefined && typeof options.fetch !== "function") {
    throw invalidOption(call, "fetch", "a function");
  }
  return {
    ...settings,
    model,
    signatures,
    // Called as a method, browsers reject it.
    fetch: options.fetch ?? ((...parameters) => fetch(...parameters)),
  };
}

/**
 * Checks the options of connections.
 *
 * @param more the names of other options that there are
 * @throws SavedModelError `INVALID_OPTION`
 */
export function readConnectionOptions(
  call: string,
  options: ConnectionOptions,
  url: unknown,
  more: readonly string[],
): ConnectionSettings {
  const names = [...NAMES, ...more];
  for (const key of Object.keys(options)) {
    if (names.includes(key)) continue;
    throw new SavedModelError("INVALID_OPTION", `${call} has no option ${quote(key)}`, {
      fix: suggest(key, names, "Options", String),
    });
  }
  const { timeoutMs, maxInFlight, retries = 2, maxMessageBytes, headers = {}, onRequest, tls } = options;
  checkTimeout(call, timeoutMs);
  checkCount(call, "maxInFlight", maxInFlight);
  checkCount(call, "maxMessageBytes", maxMessageBytes);
  if (!Number.isSafeInteger(retries) || retries < 0) throw invalidOption(call, "retries", "a non-negative integer");
  if (typeof headers !== "function" && !areHeaders(headers)) {
    throw invalidOption(call, "headers", "an object of strings, or a function that returns one");
  }
  if (onRequest !== undefined && typeof onRequest !== "function") throw invalidOption(call, "onRequest", "a function");
  const addresses = readAddresses(call, url);
  if (tls !== undefined && (!isRecord(tls) || addresses.urls[0]?.protocol !== "grpcs:")) {
    throw invalidOption(call, "tls", "an object with certificates, for `grpcs://` addresses only");
  }
  return {
    ...addresses,
    timeoutMs: timeoutMs ?? 30_000,
    maxInFlight: maxInFlight ?? 100,
    retries,
    maxMessageBytes: maxMessageBytes ?? 256 * MIB,
    headersOf: typeof headers === "function" ? headers : () => headers,
    onRequest,
    tls,
  };
}

function areHeaders(headers: unknown): headers is Headers {
  return isRecord(headers) && Object.values(headers).every((value) => typeof value === "string");
}
