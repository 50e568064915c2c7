import { aborted } from "./abort.js";
import { CallEnd, type CallLimits } from "./deadline.js";
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
 * Puts work into a queue, and ends it when its signal is aborted or its deadline passes.
 *
 * @throws SavedModelError `ABORTED`, `QUEUE_FULL` or `DISPOSED` where that is so already
 */
export function enqueue<T>(queue: ReadWriteQueue, work: Work<T>, limits: CallLimits = {}): Promise<T> {
  const { signal } = limits;
  if (signal?.aborted) throw aborted(work.name, signal);
  const refusals: unknown[] = [];
  const result = new Promise<T>((resolve, reject) => {
    const job = new QueuedCall(queue, work, resolve, reject, limits);
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
  readonly #end: CallEnd | undefined;
  #isWanted = true;

  constructor(
    queue: ReadWriteQueue,
    work: Work<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
    limits: CallLimits,
  ) {
    this.name = work.name;
    this.writes = work.writes;
    this.#queue = queue;
    this.#work = work;
    this.#resolve = resolve;
    this.#reject = reject;
    const { signal, timeoutMs } = limits;
    this.#signal = signal;
    if (signal !== undefined || timeoutMs !== undefined) {
      this.#end = new CallEnd(this.name, limits, (error) => this.#giveUp(error));
    }
  }

  wait(): void {
    this.#work.own();
  }

  async start(): Promise<void> {
    // Of the calls that a signal aborts, one may be started by the end of another.
    if (this.#signal?.aborted) {
      // Another listener may keep the event from this one.
      this.#giveUp(aborted(this.name, this.#signal));
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

  /** Stops watching the signal and the deadline. */
  forget(): void {
    this.#end?.forget();
  }

  #giveUp(error: unknown): void {
    this.forget();
    // Its results are discarded: the promise settles once.
    this.#isWanted = false;
    this.#queue.drop(this);
    this.#reject(error);
  }
}
