import { aborted, forgetAbort, watchAbort } from "./abort.js";
import type { Job, ReadWriteQueue } from "./read-write-queue.js";

/** Work of a queued run when its turn comes. */
export interface Work<T> {
  /** For messages: `train()`. */
  readonly name: string;
  readonly writes: boolean;
  /** Copies the values that the caller might change. */
  own(): void;
  /**
   * Runs, and returns the results.
   *
   * @param isWanted returns true while they are wanted
   */
  run(isWanted: () => boolean): Promise<T>;
}

/**
 * Puts work into a queue, and aborts it with the signal.
 *
 * @throws SavedModelError `ABORTED`, `QUEUE_FULL` or `DISPOSED` where that is so already
 */
export function enqueue<T>(queue: ReadWriteQueue, work: Work<T>, signal?: AbortSignal): Promise<T> {
  if (signal?.aborted) throw aborted(work.name, signal);
  const refusals: unknown[] = [];
  const result = new Promise<T>((resolve, reject) => {
    const job = new QueuedCall(queue, work, resolve, reject, signal);
    try {
      queue.submit(job);
    } catch (error) {
      job.forget();
      refusals.push(error);
    }
  });
  if (refusals.length > 0) throw refusals[0];
  return result;
}

class QueuedCall<T> implements Job {
  readonly name: string;
  readonly writes: boolean;
  readonly calls: number = 1;
  readonly #queue: ReadWriteQueue;
  readonly #work: Work<T>;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#abort();
  #isWanted = true;

  constructor(
    queue: ReadWriteQueue,
    work: Work<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
    signal: AbortSignal | undefined,
  ) {
    this.name = work.name;
    this.writes = work.writes;
    this.#queue = queue;
    this.#work = work;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    watchAbort(signal, this.#onAbort);
  }

  wait(): void {
    this.#work.own();
  }

  async start(): Promise<void> {
    // Of the calls that a signal aborts, one may be started by the end of another.
    if (this.#signal?.aborted) {
      // Another listener may keep the event from this one.
      this.#abort();
      return;
    }
    try {
      this.#resolve(await this.#work.run(() => this.#isWanted));
    } catch (error) {
      this.#reject(error);
    } finally {
      this.forget();
    }
  }

  refuse(error: unknown): void {
    this.forget();
    this.#reject(error);
  }

  /** Stops watching the signal. */
  forget(): void {
    forgetAbort(this.#signal, this.#onAbort);
  }

  #abort(): void {
    this.forget();
    // Its results are discarded: the promise settles once.
    this.#isWanted = false;
    this.#queue.drop(this);
    this.#reject(aborted(this.name, this.#signal));
  }
}
