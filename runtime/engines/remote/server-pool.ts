import type { RunLimits } from "../../engine.js";
import { forgetAbort, watchAbort } from "../../queue/abort.js";
import { ServerError } from "./server-error.js";

/** Connection to one server. */
export interface Server {
  readonly address: string;
  /**
   * Rejects where the server does not answer.
   *
   * @throws ServerError
   */
  check(signal: AbortSignal): Promise<void>;
  /** Drops connections that may be dead; the next request connects again. */
  reset(): void;
  close(): void;
}

interface Replica<S> {
  readonly server: S;
  inFlight: number;
  /** Number of failures since it last answered. */
  failures: number;
  /** True while it gets no requests, unless all others are ejected too. */
  isEjected: boolean;
}

/** One attempt of a request. */
export interface Attempt<S> {
  readonly server: S;
  /** 1 for the first. */
  readonly number: number;
}

/** Pause before a server that was ejected is checked, after the first failure, and after many. */
const FIRST_CHECK_MS = 200;
const LAST_CHECK_MS = 10_000;
/** Time in which a server answers a check. */
const CHECK_TIMEOUT_MS = 5_000;
/** Deadlines that pass one after another until a server is checked: it may be slow, or its connection dead. */
const MISSED_DEADLINES = 3;

/**
 * Servers that are replicas of one model. Each request goes to the one with the fewest in flight. One that does not answer
 * is ejected: it gets no requests until it answers a check.
 */
export class ServerPool<S extends Server> {
  readonly #replicas: readonly Replica<S>[];
  readonly #retries: number;
  readonly #timers: Set<ReturnType<typeof setTimeout>> = new Set();
  /** Place of the replica that is chosen first among equals. */
  #next = 0;
  #isClosed = false;

  /** @param retries number of times that a request is repeated */
  constructor(servers: readonly S[], retries: number) {
    this.#replicas = servers.map((server) => ({ server, inFlight: 0, failures: 0, isEjected: false }));
    this.#retries = retries;
  }

  get servers(): readonly S[] {
    return this.#replicas.map(({ server }) => server);
  }

  /**
   * Sends a request, and repeats it where that is safe: where the server certainly did not receive it, or the request may be
   * repeated and the server failed.
   *
   * @throws ServerError of the last attempt
   */
  async send<T>(limits: RunLimits, send: (attempt: Attempt<S>) => Promise<T>): Promise<T> {
    const tried: Replica<S>[] = [];
    for (let number = 1; ; number++) {
      const replica = this.#choose(tried);
      tried.push(replica);
      replica.inFlight++;
      try {
        const result = await send({ server: replica.server, number });
        replica.failures = 0;
        return result;
      } catch (error) {
        if (!(error instanceof ServerError)) throw error;
        if (!limits.signal?.aborted) this.#record(replica, error);
        const mayRepeat = error.isUnsent || (limits.mayRepeat === true && isTemporary(error));
        if (!mayRepeat || number > this.#retries || limits.signal?.aborted || millisecondsLeft(limits) <= 0)
          throw error;
      } finally {
        replica.inFlight--;
      }
      // Another replica is asked at once.
      const isOther = this.#replicas.some((other) => !tried.includes(other) && !other.isEjected);
      if (!isOther) await pause(Math.min(backoffMs(number), millisecondsLeft(limits)), limits.signal);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { server } of this.#replicas) server.close();
  }

  /** Returns the replica with the fewest requests: one that answers and was not tried, if there is one. */
  #choose(tried: readonly Replica<S>[]): Replica<S> {
    const [only] = this.#replicas;
    if (only !== undefined && this.#replicas.length === 1) return only;
    const rank = (replica: Replica<S>): number => (replica.isEjected ? 2 : 0) + (tried.includes(replica) ? 1 : 0);
    let best: Replica<S> | undefined;
    const count = this.#replicas.length;
    for (let offset = 0; offset < count; offset++) {
      const replica = this.#replicas[(this.#next + offset) % count];
      if (replica === undefined) continue;
      const order = best === undefined ? -1 : rank(replica) - rank(best) || replica.inFlight - best.inFlight;
      if (order < 0) best = replica;
    }
    if (best === undefined) throw new Error("a pool without servers");
    this.#next = (this.#next + 1) % count;
    return best;
  }

  #record(replica: Replica<S>, error: ServerError): void {
    // A request is canceled at its deadline.
    const isSlow = error.status === "DEADLINE_EXCEEDED" || error.status === "CANCELLED";
    if (isAnswer(error)) {
      replica.failures = 0;
      return;
    }
    replica.failures++;
    if (replica.isEjected || (isSlow && replica.failures < MISSED_DEADLINES)) return;
    replica.isEjected = true;
    replica.server.reset();
    this.#checkLater(replica, FIRST_CHECK_MS);
  }

  /** Checks a server that was ejected until it answers. */
  #checkLater(replica: Replica<S>, delayMs: number): void {
    if (this.#isClosed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const readmit = (): void => {
        replica.isEjected = false;
        replica.failures = 0;
      };
      replica.server.check(AbortSignal.timeout(CHECK_TIMEOUT_MS)).then(readmit, (error: unknown) => {
        // A server without such a check answers too.
        if (error instanceof ServerError && isAnswer(error)) readmit();
        else this.#checkLater(replica, Math.min(2 * delayMs, LAST_CHECK_MS));
      });
    }, delayMs);
    this.#timers.add(timer);
    // It must not keep a program from its end; browsers have numbers.
    if (typeof timer === "object") timer.unref();
  }
}

/** Returns true for the error of a server that is there, and speaks the protocol. */
function isAnswer({ status, isUnreachable }: ServerError): boolean {
  return !isUnreachable && status !== "UNAVAILABLE" && status !== "DEADLINE_EXCEEDED" && status !== "CANCELLED";
}

/** Returns true if the same request may succeed elsewhere, or a moment later: Ray Serve answers INTERNAL for a dead replica. */
function isTemporary({ status, isUnreachable }: ServerError): boolean {
  return isUnreachable || status === "UNAVAILABLE" || status === "INTERNAL";
}

function millisecondsLeft({ deadline = Number.POSITIVE_INFINITY }: RunLimits): number {
  return deadline - performance.now();
}

/** Pause after an attempt: doubled each time, with a random part, so that many clients do not come back at once. */
function backoffMs(attempt: number): number {
  return Math.min(50 * 2 ** (attempt - 1), 2_000) * (0.5 + Math.random() / 2);
}

/** Waits, unless the signal is aborted meanwhile. */
function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      forgetAbort(signal, end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    watchAbort(signal, end);
  });
}
