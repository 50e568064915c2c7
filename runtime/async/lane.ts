import { SavedModelError } from "../errors.js";
import { capacity, type Waiting, workers } from "./workers.js";

/** A run on a worker thread. */
export interface Job {
  /** For messages: `train()`. */
  readonly name: string;
  /** Whether it may change what others see, and so has to run alone. */
  readonly writes: boolean;
  /** Begins, and settles when the worker is free again; never rejects. */
  start(): Promise<void>;
  /** It has to wait: what it was given may change meanwhile. */
  wait(): void;
  /** It will never start. */
  refuse(error: unknown): void;
}

/** How many runs of a model there may be at a time. */
export interface LaneOptions {
  /** How many calls of this model run at the same time; by default as many as there are worker threads to spare. */
  readonly concurrency?: number | undefined;
  /** How many calls may wait; one more is refused with `QUEUE_FULL`. By default any number. */
  readonly maxQueue?: number | undefined;
}

/**
 * The runs of one model on worker threads, in the order in which they were asked for. A run that changes variables has the
 * model to itself, so that no update is lost and no run sees half of one; the others run side by side.
 */
export class Lane implements Waiting {
  readonly #limit: number;
  readonly #maxQueue: number;
  readonly #queue: Set<Job> = new Set();
  #running = 0;
  #held = 0;
  #isWriting = false;
  #closed: SavedModelError | undefined;
  readonly #onIdle: (() => void)[] = [];

  constructor({ concurrency = capacity(), maxQueue = Number.POSITIVE_INFINITY }: LaneOptions = {}) {
    this.#limit = concurrency;
    this.#maxQueue = maxQueue;
  }

  /** Whether a run is on a worker at this moment. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** How many runs have not ended yet. */
  get pending(): number {
    return this.#running + this.#queue.size + this.#held;
  }

  /** Counts a call that is to be run together with others: the end of the model waits for it. */
  hold(): void {
    this.#held++;
  }

  /** So many of them have ended. */
  letGo(count: number): void {
    this.#held -= count;
    this.#tellIdle();
  }

  /**
   * Refuses to run something on the calling thread beside what is running on workers, where one of them changes what the
   * other works on.
   *
   * @throws SavedModelError `BUSY`
   */
  requireFree(name: string, writes: () => boolean): void {
    if (!this.isBusy || !(this.#isWriting || writes())) return;
    const what = this.#isWriting ? "a call that changes variables is" : "calls that read variables are";
    throw new SavedModelError("BUSY", `${name}: ${what} running on a worker thread`, {
      fix: "Await it first, or call this signature through `async` too: asynchronous calls wait for each other.",
    });
  }

  /**
   * Runs a job as soon as it can.
   *
   * @throws SavedModelError `QUEUE_FULL`
   */
  submit(job: Job): void {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#queue.size === 0 && this.#mayStart(job) && workers.hasRoom) {
      this.#start(job);
      return;
    }
    if (this.#queue.size >= this.#maxQueue) {
      throw new SavedModelError("QUEUE_FULL", `${job.name}: ${this.#queue.size} calls are waiting already`, {
        fix: "Slow down, or raise `maxQueue`.",
      });
    }
    job.wait();
    this.#queue.add(job);
    workers.wait(this);
  }

  /** Drops a job, if it still waits. */
  drop(job: Job): void {
    if (!this.#queue.delete(job)) return;
    // It may have been what the others waited for.
    if (this.isWaiting) workers.wait(this);
    this.#tellIdle();
  }

  /** Starts the next job if it may start now; called by the workers when one is free. */
  startNext(): boolean {
    const [job] = this.#queue;
    if (job === undefined || !this.#mayStart(job)) return false;
    this.#queue.delete(job);
    this.#start(job);
    return true;
  }

  get isWaiting(): boolean {
    return this.#queue.size > 0;
  }

  /** Refuses what waits and what is still to come. */
  close(error: SavedModelError): void {
    this.#closed = error;
    const jobs = [...this.#queue];
    this.#queue.clear();
    for (const job of jobs) job.refuse(error);
    this.#tellIdle();
  }

  /** Calls back when nothing runs or waits any more: at once if that is so now. */
  whenIdle(callback: () => void): void {
    if (this.pending === 0) callback();
    else this.#onIdle.push(callback);
  }

  #mayStart(job: Job): boolean {
    if (this.#isWriting || this.#running >= this.#limit) return false;
    return this.#running === 0 || !job.writes;
  }

  #start(job: Job): void {
    this.#running++;
    this.#isWriting = job.writes;
    workers.take();
    void job.start().then(() => {
      this.#running--;
      this.#isWriting = false;
      workers.giveBack();
      this.#tellIdle();
    });
  }

  #tellIdle(): void {
    if (this.pending === 0) for (const callback of this.#onIdle.splice(0)) callback();
  }
}
