import { SavedModelError } from "../../base/errors.js";
import { quote } from "../../base/text.js";

/** Protocol of the addresses of an engine. */
type Transport = "grpc" | "rest";

/** Addresses of the servers of one model, which speak one protocol. */
export interface Addresses {
  readonly transport: Transport;
  readonly urls: readonly URL[];
}

const TRANSPORTS: ReadonlyMap<string, Transport> = new Map([
  ["grpc:", "grpc"],
  ["grpcs:", "grpc"],
  ["http:", "rest"],
  ["https:", "rest"],
]);

/**
 * Reads the option `url`.
 *
 * @param call for messages: `kserve()`
 * @throws SavedModelError `INVALID_OPTION`
 */
export function readAddresses(call: string, url: unknown): Addresses {
  const given: readonly unknown[] = Array.isArray(url) ? url : [url];
  if (given.length === 0) throw new SavedModelError("INVALID_OPTION", `${call}: url has no addresses`);
  const urls = given.map((address) => readAddress(call, address));
  const [first] = urls;
  const other = urls.find(({ protocol }) => protocol !== first?.protocol);
  if (first === undefined || other !== undefined) {
    const schemes = `${first?.protocol}// and ${other?.protocol}//`;
    throw new SavedModelError("INVALID_OPTION", `${call}: the addresses of url have different schemes: ${schemes}`);
  }
  return { transport: TRANSPORTS.get(first.protocol) ?? "rest", urls };
}

function readAddress(call: string, address: unknown): URL {
  const fix = "Pass `grpc://host:port`, `grpcs://…`, `http://…` or `https://…`, or an array of these.";
  const text = address instanceof URL ? address.href : address;
  if (typeof text !== "string") throw new SavedModelError("INVALID_OPTION", `${call}: url must be a string`, { fix });
  // A host and port without a scheme parse as a scheme and a path.
  const url = /^\w+:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  const transport = url && TRANSPORTS.get(url.protocol);
  if (url === undefined || transport === undefined || url.hostname === "") {
    throw new SavedModelError("INVALID_OPTION", `${call}: url ${quote(text)} is not the address of a server`, { fix });
  }
  const problem = problemOf(url, transport);
  if (problem === undefined) return url;
  throw new SavedModelError("INVALID_OPTION", `${call}: url ${quote(text.replace(/\/\/.*@/, "//…@"))} ${problem}`);
}

function problemOf(url: URL, transport: Transport): string | undefined {
  // They would be printed with every error.
  if (url.username !== "" || url.password !== "") return "has a user name or password: pass `headers` instead";
  if (url.search !== "" || url.hash !== "") return "has a query or a fragment";
  if (transport === "rest") return undefined;
  if (url.port === "") return "needs a port, as in grpc://localhost:8001";
  return url.pathname === "" || url.pathname === "/" ? undefined : "has a path, which gRPC does not support";
}

/** Returns an address for messages and requests: without a slash at its end. */
export function addressOf(url: URL): string {
  return url.href.replace(/\/+$/, "");
}
