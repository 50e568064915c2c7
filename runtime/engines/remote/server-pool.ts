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

/** A server of a pool. */
export interface Replica<S> {
  readonly server: S;
  inFlight: number;
  /** Number of failures since it last answered. */
  failures: number;
  /** True while it gets no requests, unless all others are ejected too. */
  isEjected: boolean;
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
  readonly #timers: Set<ReturnType<typeof setTimeout>> = new Set();
  /** Place of the replica that is chosen first among equals. */
  #next = 0;
  #isClosed = false;

  constructor(servers: readonly S[]) {
    this.#replicas = servers.map((server) => ({ server, inFlight: 0, failures: 0, isEjected: false }));
  }

  get servers(): readonly S[] {
    return this.#replicas.map(({ server }) => server);
  }

  /** Returns the replica with the fewest requests, for one more: one that answers and was not tried, if there is one. */
  take(tried: readonly Replica<S>[]): Replica<S> {
    const replica = this.#choose(tried);
    replica.inFlight++;
    return replica;
  }

  /** Ends a request that {@link take} has begun. */
  giveBack(replica: Replica<S>): void {
    replica.inFlight--;
  }

  /** Returns true if another replica than those answers. */
  hasOther(tried: readonly Replica<S>[]): boolean {
    return this.#replicas.some((replica) => !tried.includes(replica) && !replica.isEjected);
  }

  /** Notes how a request to a replica ended, and ejects one that does not answer. */
  note(replica: Replica<S>, error?: ServerError): void {
    if (error === undefined || isAnswer(error)) {
      replica.failures = 0;
      return;
    }
    // A request is canceled at its deadline.
    const isSlow = error.status === "DEADLINE_EXCEEDED" || error.status === "CANCELLED";
    replica.failures++;
    if (replica.isEjected || (isSlow && replica.failures < MISSED_DEADLINES)) return;
    replica.isEjected = true;
    replica.server.reset();
    this.#checkLater(replica, FIRST_CHECK_MS);
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { server } of this.#replicas) server.close();
  }

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
