import { availableParallelism } from "node:os";

/** Something with runs that wait for a worker thread. */
export interface Waiting {
  readonly isWaiting: boolean;
  /** Starts one of them, if one may start. */
  startNext(): boolean;
}

/** libuv's own default (uv_threadpool: `UV_THREADPOOL_SIZE`, at most 1,024). */
const DEFAULT_POOL = 4;

/**
 * How many runs there are at a time in this thread of JavaScript. They share libuv's pool with file I/O, DNS and the like,
 * which find one thread free where the pool has two or more; and no more run than there are processors, because each run is
 * work for one.
 */
export function capacity(): number {
  known ??= findCapacity();
  return known;
}

let known: number | undefined;

function findCapacity(): number {
  const size = Number.parseInt(process.env.UV_THREADPOOL_SIZE ?? "", 10);
  const pool = size > 0 ? Math.min(size, 1024) : DEFAULT_POOL;
  return Math.max(1, Math.min(pool - 1, availableParallelism()));
}

/** The worker threads of the process, which its models take in turn. */
class Workers {
  readonly #waiting: Set<Waiting> = new Set();
  #running = 0;

  get hasRoom(): boolean {
    return this.#running < capacity();
  }

  /** A run has begun. */
  take(): void {
    this.#running++;
  }

  /** A run has ended. */
  giveBack(): void {
    this.#running--;
    this.#startWaiting();
  }

  /** Somebody has runs that wait. */
  wait(who: Waiting): void {
    this.#waiting.add(who);
    this.#startWaiting();
  }

  #startWaiting(): void {
    // Each pass starts at most one run of everybody who waits, so that no model keeps the others from their turn.
    for (let started = true; started && this.hasRoom; ) {
      started = false;
      for (const who of this.#waiting) {
        if (!this.hasRoom) return;
        if (!who.startNext()) {
          if (!who.isWaiting) this.#waiting.delete(who);
          continue;
        }
        started = true;
        // To the end of the line.
        this.#waiting.delete(who);
        if (who.isWaiting) this.#waiting.add(who);
        break;
      }
    }
  }
}

export const workers: Workers = new Workers();
