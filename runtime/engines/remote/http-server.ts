import { firstLine, printable } from "../../base/text.js";
import type { RunLimits } from "../../engine.js";
import { forgetAbort, watchAbort } from "../../queue/abort.js";
import { isTimeout, ServerError, statusOfHttp } from "./server-error.js";
import type { Server } from "./server-pool.js";

/** Request by HTTP. */
export interface HttpRequest extends RunLimits {
  readonly method: "GET" | "POST";
  /** Path below the address: `/v2/models/custom.pred/infer`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

export interface HttpResponse {
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** Error codes of connections that were never made. */
const UNSENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** A server that is reached through `fetch`, which keeps connections for the next request. */
export class HttpServer implements Server {
  readonly address: string;
  readonly #checkPath: string;
  readonly #maxBytes: number;
  readonly #fetch: typeof fetch;

  /** @param checkPath path that answers while the server is alive */
  constructor(address: string, checkPath: string, maxBytes: number, fetcher: typeof fetch) {
    this.address = address;
    this.#checkPath = checkPath;
    this.#maxBytes = maxBytes;
    this.#fetch = fetcher;
  }

  /**
   * Sends a request, and reads the whole response.
   *
   * @throws ServerError for a response that is not a success, with the server's text; for a connection that fails
   */
  async request({ method, path, headers = {}, body, ...limits }: HttpRequest): Promise<HttpResponse> {
    const size = typeof body === "string" ? body.length : (body?.byteLength ?? 0);
    if (size > this.#maxBytes) {
      throw new ServerError("RESOURCE_EXHAUSTED", this.address, `the request has ${size} bytes, ${this.#limit}`);
    }
    let response: Response;
    let bytes: Uint8Array;
    const { signal, forget } = signalFor(limits);
    try {
      response = await this.#fetch(`${this.address}${path}`, {
        method,
        headers,
        // A redirect would repeat the request, with its headers, somewhere else.
        redirect: "error",
        ...(body === undefined ? {} : { body }),
        signal,
      });
      bytes = await this.#read(response);
    } catch (error) {
      throw error instanceof ServerError ? error : this.#failure(error, signal);
    } finally {
      forget();
    }
    if (response.ok) return { headers: response.headers, body: bytes };
    const text = new TextDecoder().decode(bytes.subarray(0, 100_000));
    throw new ServerError(statusOfHttp(response.status), this.address, errorText(text, response));
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.request({ method: "GET", path: this.#checkPath, signal });
  }

  reset(): void {
    // `fetch` drops connections that fail.
  }

  close(): void {
    // `fetch` closes connections that nobody uses.
  }

  get #limit(): string {
    return `more than the option \`maxMessageBytes\` (${this.#maxBytes}) allows`;
  }

  /** Reads a body of limited size. */
  async #read(response: Response): Promise<Uint8Array> {
    const tooLarge = (size: number | string): ServerError =>
      new ServerError("RESOURCE_EXHAUSTED", this.address, `the response has ${size} bytes, ${this.#limit}`);
    const announced = response.headers.get("content-length");
    if (announced !== null && Number(announced) > this.#maxBytes) {
      await response.body?.cancel();
      throw tooLarge(announced);
    }
    if (response.body === null) return new Uint8Array();
    const parts: Uint8Array[] = [];
    let size = 0;
    const reader = response.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      size += part.value.byteLength;
      if (size <= this.#maxBytes) continue;
      await reader.cancel();
      throw tooLarge(`at least ${size}`);
    }
    const [first] = parts;
    if (first !== undefined && parts.length === 1) return first;
    const bytes = new Uint8Array(size);
    let offset = 0;
    for (const part of parts) {
      bytes.set(part, offset);
      offset += part.byteLength;
    }
    return bytes;
  }

  #failure(error: unknown, signal: AbortSignal): ServerError {
    if (signal.aborted) {
      const isLate = isTimeout(signal);
      const status = isLate ? "DEADLINE_EXCEEDED" : "CANCELLED";
      return new ServerError(status, this.address, isLate ? "no answer in time" : "the request was aborted", {
        cause: error,
      });
    }
    const { code, text } = deepestCause(error);
    return new ServerError("UNAVAILABLE", this.address, text, {
      cause: error,
      isUnsent: code !== undefined && UNSENT.has(code),
      isUnreachable: true,
    });
  }
}

/** Returns a signal that is aborted with the caller's, or at the deadline; `forget` ends that. */
function signalFor({ signal, deadline = Number.POSITIVE_INFINITY }: RunLimits): {
  readonly signal: AbortSignal;
  readonly forget: () => void;
} {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  else watchAbort(signal, onAbort);
  const onDeadline = (): void => controller.abort(new DOMException("the deadline has passed", "TimeoutError"));
  const left = deadline - performance.now();
  const timer = left === Number.POSITIVE_INFINITY ? undefined : setTimeout(onDeadline, Math.max(0, left));
  return {
    signal: controller.signal,
    forget: () => {
      clearTimeout(timer);
      forgetAbort(signal, onAbort);
    },
  };
}

/** Returns the error code and the message of what made `fetch` fail, which is the innermost cause in Node.js. */
function deepestCause(error: unknown): { readonly code?: string; readonly text: string } {
  let at = error;
  for (let depth = 0; depth < 5; depth++) {
    const inner: unknown =
      at instanceof AggregateError
        ? at.errors[0]
        : at instanceof Error && at.cause instanceof Error
          ? at.cause
          : undefined;
    if (inner === undefined) break;
    at = inner;
  }
  if (!(at instanceof Error)) return { text: String(at) };
  const code: unknown = Reflect.get(at, "code");
  const text = at.message === "" ? String(code ?? at.name) : at.message;
  return typeof code === "string" ? { code, text } : { text };
}

/** Returns the message of a response with an error: of its JSON where it has one. */
function errorText(text: string, { status, statusText }: Response): string {
  const fallback = `${status} ${statusText}`.trim();
  try {
    const parsed: unknown = JSON.parse(text);
    const found = typeof parsed === "object" && parsed !== null ? messageIn(parsed) : undefined;
    if (found !== undefined) return found;
  } catch {
    // Proxies answer with HTML or plain text.
  }
  const isMarkup = text.trimStart().startsWith("<");
  return text.trim() === "" || isMarkup ? fallback : `${fallback}: ${firstLine(text.trim())}`;
}

/** `{"error": "…"}` of KServe and TensorFlow Serving; `{"detail": …}` of FastAPI. */
function messageIn(parsed: object): string | undefined {
  for (const key of ["error", "detail", "message"]) {
    const value: unknown = Reflect.get(parsed, key);
    if (typeof value === "string") return value;
    if (typeof value === "object" && value !== null) return printable(JSON.stringify(value), 2000);
  }
  return undefined;
}
