import { SavedModelError } from "../base/errors.js";
import type { Pool, Waiting } from "../engine.js";

/** A run on a worker thread. */
export interface Job {
  /** For messages: `train()`. */
  readonly name: string;
  /** True if it may change what others see, and so has to run alone. */
  readonly writes: boolean;
  /** Number of its calls; while it waits, only those whose callers still wait. */
  readonly calls: number;
  /** Begins, and settles when the worker is free again; never rejects. */
  start(): Promise<void>;
  /** Called when it has to wait: its values may change meanwhile. */
  wait(): void;
  /** Called when it will never start. */
  refuse(error: unknown): void;
}

/** Calls that are put together, to be submitted as one job. */
export interface Collecting {
  /** Submits what there is: waits for no more. */
  flush(): void;
}

/** Limits on the runs of a model. */
export interface QueueOptions {
  /**
   * Number of calls of this model that run at the same time; by default as many as there are worker threads to spare.
   */
  readonly concurrency?: number | undefined;
  /**
   * Number of calls that may wait; one more is rejected with `QUEUE_FULL`. Unlimited by default. Calls that are
   * collected for a batch wait too.
   */
  readonly maxQueue?: number | undefined;
}

/**
 * The runs of one model on worker threads, in the order in which they were asked for. A run that changes variables has the
 * model to itself, so that no update is lost and no run sees half of one; the others run side by side. Calls that are still
 * collected for a batch count as asked for: a run that changes variables does not overtake them.
 */
export class ReadWriteQueue implements Waiting {
  readonly #pool: Pool;
  readonly #limit: number;
  readonly #maxQueue: number;
  readonly #queue: Set<Job> = new Set();
  /** Position in the queue. A new iterator would pass over all that has left the queue, for every job. */
  #position: Iterator<Job> | undefined;
  /** The job at this position. */
  #first: Job | undefined;
  readonly #collecting: Set<Collecting> = new Set();
  #running = 0;
  /** Number of calls in the active runs. */
  #runningCalls = 0;
  /** Number of calls that are collected, or in the queue. */
  #waitingCalls = 0;
  /** Number of jobs that change variables and run or wait. */
  #writers = 0;
  #isWriting = false;
  #isInTurn = false;
  #closed: SavedModelError | undefined;
  readonly #onIdle: (() => void)[] = [];

  constructor(pool: Pool, { concurrency = pool.capacity, maxQueue = Number.POSITIVE_INFINITY }: QueueOptions = {}) {
    this.#pool = pool;
    this.#limit = concurrency;
    this.#maxQueue = maxQueue;
  }

  /** True if any call runs, waits or is collected at this moment. */
  get isBusy(): boolean {
    return this.pending > 0;
  }

  /** Number of calls that have not ended yet. */
  get pending(): number {
    return this.#runningCalls + this.#waitingCalls;
  }

  /**
   * Throws where an action on the calling thread would conflict with asynchronous calls: one changes what the other
   * uses.
   *
   * @throws SavedModelError `BUSY`
   */
  requireFree(name: string, writes: () => boolean): void {
    if (this.#isInTurn || !this.isBusy || !(this.#writers > 0 || writes())) return;
    const what = this.#writers > 0 ? "a call that changes variables is" : "calls that read variables are";
    const where = this.#isRunning(this.#writers > 0) ? "running on a worker thread" : "waiting to be run";
    throw new SavedModelError("BUSY", `${name}: ${what} ${where}`, {
      fix: "Await it first, or call this signature through `async` too: asynchronous calls wait for each other.",
    });
  }

  /** Runs an action at once that has the model to itself: as part of a job that changes variables. */
  doInTurn<T>(action: () => T): T {
    this.#isInTurn = true;
    try {
      return action();
    } finally {
      this.#isInTurn = false;
    }
  }

  /**
   * Runs a job as soon as it can.
   *
   * @throws SavedModelError `QUEUE_FULL`
   */
  submit(job: Job): void {
    if (this.#closed !== undefined) throw this.#closed;
    // Collected calls were made before it, and must not see its changes.
    if (job.writes) this.flush();
    if (!this.#mayStartNow(job.writes)) this.#requireRoom(job.name);
    this.#put(job, job.calls);
  }

  /**
   * Counts a call that is collected, to be run together with others.
   *
   * @throws SavedModelError `QUEUE_FULL`
   */
  hold(name: string): void {
    if (this.#closed !== undefined) throw this.#closed;
    // No call is rejected because of calls that could run.
    if (this.#isFull && this.#mayStartNow(false)) this.flush();
    this.#requireRoom(name);
    this.#waitingCalls++;
  }

  /** Aborts a call that was held, and has not begun. */
  letGo(): void {
    this.#waitingCalls--;
    this.#tellIdle();
  }

  /** Runs calls that were held as soon as possible; rejects them when the queue is closed. */
  submitHeld(job: Job): void {
    if (this.#closed !== undefined) this.#refuse(job, this.#closed);
    else this.#put(job, 0);
  }

  /** Registers a batch that collects calls. */
  collect(calls: Collecting): void {
    this.#collecting.add(calls);
  }

  stopCollecting(calls: Collecting): void {
    this.#collecting.delete(calls);
  }

  /** Moves collected calls to their place in the queue. */
  flush(): void {
    for (const calls of [...this.#collecting]) calls.flush();
  }

  /** Drops a job, if it still waits. */
  drop(job: Job): void {
    if (!this.#queue.delete(job)) return;
    this.#waitingCalls -= job.calls;
    if (job.writes) this.#writers--;
    // It may have been what the others waited for.
    if (this.isWaiting) this.#pool.wait(this);
    this.#tellIdle();
  }

  /** Starts the next job if it may start now; called by the workers when one is free. */
  startNext(): boolean {
    const job = this.#findFirst();
    if (job === undefined || !this.#mayStart(job.writes)) return false;
    this.#queue.delete(job);
    // Not kept until the next one is found: it has the values of its call.
    this.#first = undefined;
    this.#start(job);
    return true;
  }

  #findFirst(): Job | undefined {
    if (this.#queue.size === 0) {
      this.#position = undefined;
      return undefined;
    }
    this.#position ??= this.#queue.values();
    while (this.#first === undefined || !this.#queue.has(this.#first)) this.#first = this.#position.next().value;
    return this.#first;
  }

  get isWaiting(): boolean {
    return this.#queue.size > 0;
  }

  /** Rejects calls that wait, are collected or are still to come. */
  close(error: SavedModelError): void {
    this.#closed = error;
    const jobs = [...this.#queue];
    this.#queue.clear();
    for (const job of jobs) {
      if (job.writes) this.#writers--;
      this.#refuse(job, error);
    }
    this.flush();
    this.#tellIdle();
  }

  /** Calls back when no call is left: at once if that is so now. No batch waits for more calls from now on. */
  whenIdle(callback: () => void): void {
    this.flush();
    if (this.pending === 0) callback();
    else this.#onIdle.push(callback);
  }

  get #isFull(): boolean {
    return this.#waitingCalls >= this.#maxQueue;
  }

  /** @throws SavedModelError `QUEUE_FULL` */
  #requireRoom(name: string): void {
    if (!this.#isFull) return;
    throw new SavedModelError("QUEUE_FULL", `${name}: ${this.#waitingCalls} calls are already waiting`, {
      fix: "Apply back-pressure or raise `maxQueue`.",
    });
  }

  /** Returns true while runs of this kind are active: those that change variables, or those that read. */
  #isRunning(writing: boolean): boolean {
    return this.#running > 0 && this.#isWriting === writing;
  }

  #mayStart(writes: boolean): boolean {
    if (this.#isWriting || this.#running >= this.#limit) return false;
    return this.#running === 0 || !writes;
  }

  #mayStartNow(writes: boolean): boolean {
    return this.#queue.size === 0 && this.#mayStart(writes) && this.#pool.hasRoom;
  }

  /** Starts a job, or puts it in the queue; `calls` is the number of its calls that were not counted before. */
  #put(job: Job, calls: number): void {
    const mayStart = this.#mayStartNow(job.writes);
    if (!mayStart) job.wait();
    this.#waitingCalls += calls;
    if (job.writes) this.#writers++;
    if (mayStart) {
      this.#start(job);
      return;
    }
    this.#queue.add(job);
    this.#pool.wait(this);
  }

  #start(job: Job): void {
    const { calls, writes } = job;
    this.#waitingCalls -= calls;
    this.#runningCalls += calls;
    this.#running++;
    this.#isWriting = writes;
    this.#pool.take();
    void job.start().then(() => {
      this.#running--;
      this.#runningCalls -= calls;
      this.#isWriting = false;
      if (writes) this.#writers--;
      this.#pool.giveBack();
      this.#tellIdle();
    });
  }

  #refuse(job: Job, error: SavedModelError): void {
    this.#waitingCalls -= job.calls;
    job.refuse(error);
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.pending === 0) for (const callback of this.#onIdle.splice(0)) callback();
  }
}
