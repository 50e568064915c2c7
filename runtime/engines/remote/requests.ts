import { SavedModelError } from "../../base/errors.js";
import { isThenable } from "../../base/is-thenable.js";
import { firstLine, printable, quote } from "../../base/text.js";
import { areRequestsObserved, publishRequest, type RequestEvent } from "../../client/diagnostics.js";
import type { RunLimits } from "../../engine.js";
import type { ConnectionSettings, Headers } from "./remote-options.js";
import { mayRepeat, pauseAfter } from "./retry.js";
import { ServerError } from "./server-error.js";
import type { Replica, Server, ServerPool } from "./server-pool.js";

/** Headers and limits of a request. */
export interface SendOptions extends RunLimits {
  readonly headers: Headers;
}

/** Request of a call. */
export interface CallRequest {
  /** For messages: `pred()`. */
  readonly name: string;
  /** Raw key of the signature. */
  readonly key: string;
  /** False for a request that no event tells of: one that does not call a signature. */
  readonly isObserved: boolean;
}

/** Names of headers, and their values, which neither HTTP nor gRPC escape. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/** Sends requests to servers, with headers, events and the errors of calls. */
export class Requests<S extends Server> {
  readonly #engine: string;
  readonly #settings: ConnectionSettings;
  readonly #servers: ServerPool<S>;

  /** @param engine for events: `kserve` */
  constructor(engine: string, settings: ConnectionSettings, servers: ServerPool<S>) {
    this.#engine = engine;
    this.#settings = settings;
    this.#servers = servers;
  }

  /**
   * Sends a request to one of the servers, and repeats it where that is safe.
   *
   * @throws SavedModelError `TF_<STATUS>`, with a ServerError as its cause
   */
  async send<T extends object>(
    { name, key, isObserved }: CallRequest,
    limits: RunLimits,
    send: (server: S, options: SendOptions) => Promise<T>,
  ): Promise<T> {
    const tried: Replica<S>[] = [];
    for (let number = 1; ; number++) {
      const given = this.#headers(name, key);
      const headers = given instanceof Promise ? await given : given;
      const { signal, deadline } = limits;
      const replica = this.#servers.take(tried);
      const { server } = replica;
      const begin = performance.now();
      const report = (more: Pick<RequestEvent, "version" | "error">): void => {
        const durationMs = performance.now() - begin;
        const { address } = server;
        this.#report({ engine: this.#engine, address, signature: key, attempt: number, durationMs, ...more });
      };
      try {
        const answer = await send(server, { signal, deadline, headers });
        this.#servers.note(replica);
        if (isObserved && this.#hasObservers) {
          report("version" in answer && typeof answer.version === "string" ? { version: answer.version } : {});
        }
        return answer;
      } catch (cause) {
        const error = isUnreadable(cause) ? unreadable(server.address, cause) : cause;
        if (isObserved && this.#hasObservers) report({ error });
        if (!(error instanceof ServerError)) throw error;
        if (signal?.aborted !== true) this.#servers.note(replica, error);
        if (number > this.#settings.retries || !mayRepeat(error, limits)) throw callError(name, error);
      } finally {
        this.#servers.giveBack(replica);
      }
      tried.push(replica);
      // Another replica is asked at once.
      if (!this.#servers.hasOther(tried)) await pauseAfter(number, limits);
    }
  }

  /** Closes the connections. */
  close(): void {
    this.#servers.close();
  }

  #headers(call: string, key: string): Headers | Promise<Headers> {
    const headers = this.#settings.headersOf(key);
    return isThenable(headers)
      ? Promise.resolve(headers).then((resolved) => checkHeaders(call, resolved))
      : checkHeaders(call, headers);
  }

  get #hasObservers(): boolean {
    return this.#settings.onRequest !== undefined || areRequestsObserved();
  }

  #report(event: RequestEvent): void {
    publishRequest(event);
    try {
      this.#settings.onRequest?.(event);
    } catch (error) {
      // An observer must not change a call; its error is an uncaught one.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/**
 * Returns headers if all of them can be sent.
 *
 * @param call for messages: `pred()`
 * @throws SavedModelError `INVALID_OPTION`
 */
export function checkHeaders(call: string, headers: Headers): Headers {
  for (const [name, value] of Object.entries(headers)) {
    if (HEADER_NAME.test(name) && typeof value === "string" && HEADER_VALUE.test(value)) continue;
    // The value may be a secret.
    throw new SavedModelError("INVALID_OPTION", `${call}: the header ${quote(name)} is not a valid name and value`);
  }
  return headers;
}

/** Returns true for what decoders throw when bytes are not a message, or not the tensors that it says. */
function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof ServerError) && !(error instanceof SavedModelError);
}

function unreadable(address: string, cause: Error): ServerError {
  const text = `the answer cannot be read: ${firstLine(cause.message)}`;
  return new ServerError("INTERNAL", address, text, { cause });
}

const TASK = /^From \/job:[^\n]*\n/;

/** Returns the error of a call for that of a server. */
function callError(call: string, error: ServerError): SavedModelError {
  const { address, fix, message, status } = error;
  // The first line of TensorFlow's own servers may tell only where it was.
  const what = status === "DEADLINE_EXCEEDED" ? "no answer in time" : firstLine(message.replace(TASK, ""));
  return new SavedModelError(`TF_${status}`, `${call}: ${printable(address, 500)} failed: ${what}`, {
    cause: error,
    ...(fix === undefined ? {} : { fix }),
  });
}
