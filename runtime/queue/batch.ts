import type { Staged } from "../call/call.js";
import { writeTargets } from "../call/result-targets.js";
import type { SignatureCall } from "../call/signature-call.js";
import type { Targets } from "../engine.js";
import type { Tensor } from "../tensor/tensor.js";
import { aborted } from "./abort.js";
import { joinRows, splitRows } from "./batch-rows.js";
import { CallEnd, type CallLimits } from "./deadline.js";
import type { Collecting, Job, ReadWriteQueue } from "./read-write-queue.js";

/** A call that is run with others. */
interface Request {
  readonly staged: Staged;
  readonly rows: number;
  readonly into: Targets | undefined;
  readonly deadline: number | undefined;
  readonly resolve: (results: readonly Tensor[]) => void;
  readonly reject: (error: unknown) => void;
  /** Tells its caller that it was aborted. */
  readonly giveUp: () => void;
  /** Returns true while its caller still waits for it. */
  readonly isWanted: () => boolean;
}

/**
 * Calls that are run as one. It is open at first, and collects them; once flushed it is a job of the queue, behind all
 * earlier ones.
 */
export class Batch implements Job, Collecting {
  readonly writes: boolean = false;
  readonly #call: SignatureCall;
  readonly #queue: ReadWriteQueue;
  readonly #onClose: () => void;
  readonly #requests: Set<Request> = new Set();
  readonly #stopWaiting: () => void;
  #rows = 0;
  #isOpen = true;
  #hasBegun = false;
  /** Called when a call is aborted: ends the run where no call wants its results. */
  #onUnwanted: () => void = () => {};

  /**
   * @param maxDelayMs delay in milliseconds until it is flushed; 0 is the end of this turn of the event loop
   * @param onClose is called when it takes no more calls
   */
  constructor(call: SignatureCall, queue: ReadWriteQueue, maxDelayMs: number, onClose: () => void) {
    this.#call = call;
    this.#queue = queue;
    this.#onClose = onClose;
    this.#stopWaiting = later(maxDelayMs, () => this.flush());
    queue.collect(this);
  }

  get name(): string {
    return this.#call.name;
  }

  get rows(): number {
    return this.#rows;
  }

  get calls(): number {
    return this.#requests.size;
  }

  /** Adds a call, which the queue holds. */
  add(staged: Staged, rows: number, limits: CallLimits, into: Targets | undefined): Promise<readonly Tensor[]> {
    const { signal, deadline } = limits;
    return new Promise((resolve, reject) => {
      let isWanted = true;
      const end = new CallEnd(this.name, limits, (error) => {
        isWanted = false;
        reject(error);
        this.#drop(request);
        this.#onUnwanted();
      });
      const request: Request = {
        staged,
        rows,
        into,
        deadline,
        resolve: (results) => {
          end.forget();
          resolve(results);
        },
        reject: (error) => {
          end.forget();
          reject(error);
        },
        giveUp: () => request.reject(aborted(this.name, signal)),
        // Of the calls that a signal aborts, some may be started by the end of another.
        isWanted: () => isWanted && !signal?.aborted,
      };
      this.#requests.add(request);
      this.#rows += rows;
    });
  }

  /** Accepts no more calls, and gets its place in the queue. */
  flush(): void {
    if (!this.#isOpen) return;
    this.#close();
    this.#queue.submitHeld(this);
  }

  wait(): void {
    // The values of its calls were copied when they were added.
  }

  /**
   * Runs the calls as one. When that fails, each half is run, down to single calls: only the one that is to blame has to
   * fail. All of it is one job: nothing that was asked for later comes between.
   */
  async start(): Promise<void> {
    this.#hasBegun = true;
    const parts: (readonly Request[])[] = [[...this.#requests]];
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const requests: Request[] = [];
      for (const request of part) {
        if (request.isWanted()) requests.push(request);
        // Another listener may have kept the event from its own.
        else request.giveUp();
      }
      if (requests.length === 0) continue;
      try {
        this.#handOut(await this.#runTogether(requests), requests);
      } catch (error) {
        const half = requests.length >> 1;
        if (half === 0) requests[0]?.reject(error);
        else parts.push(requests.slice(half), requests.slice(0, half));
      }
    }
  }

  refuse(error: unknown): void {
    for (const { reject } of this.#requests) reject(error);
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // Else it would keep the process from its end.
    this.#stopWaiting();
    this.#queue.stopCollecting(this);
    this.#onClose();
  }

  /** Removes a call whose caller is gone, unless it is too late. */
  #drop(request: Request): void {
    if (this.#hasBegun) return;
    this.#requests.delete(request);
    this.#rows -= request.rows;
    if (this.#requests.size === 0) {
      this.#close();
      this.#queue.drop(this);
    }
    this.#queue.letGo();
  }

  /** Returns the results for all rows; none where no caller waits for them any more. */
  async #runTogether(requests: readonly Request[]): Promise<readonly Tensor[]> {
    const isWanted = (): boolean => requests.some((request) => request.isWanted());
    const controller = new AbortController();
    this.#onUnwanted = () => {
      if (!isWanted()) controller.abort();
    };
    // The run is over when the last of its calls has to be.
    const later = (latest: number, { deadline = Number.POSITIVE_INFINITY }: Request): number =>
      Math.max(latest, deadline);
    const limits = { signal: controller.signal, deadline: requests.reduce(later, Number.NEGATIVE_INFINITY) };
    const into = requests.length === 1 ? requests[0]?.into : undefined;
    // A signature that is batched has dense outputs only.
    return (await this.#call.start(this.#join(requests), "tensors", isWanted, into, limits)) as readonly Tensor[];
  }

  #join(requests: readonly Request[]): Staged {
    const [first] = requests;
    if (first !== undefined && requests.length === 1) return first.staged;
    return this.#call.inputs.map(({ dtype }, input) =>
      joinRows(
        requests.map(({ staged }) => staged[input]),
        dtype,
      ),
    );
  }

  #handOut(results: readonly Tensor[], requests: readonly Request[]): void {
    if (requests.length === 1) {
      requests[0]?.resolve(results);
      return;
    }
    const rows = requests.map((request) => request.rows);
    const parts = results.map((result, output) =>
      splitRows(
        result,
        rows,
        this.name,
        requests.map(({ into }) => into?.[output] !== undefined),
      ),
    );
    for (const [index, request] of requests.entries()) {
      const own = parts.map((part) => part[index] as Tensor);
      const { into } = request;
      if (into === undefined || !request.isWanted()) request.resolve(own);
      else this.#writeInto(own, into, request);
    }
  }

  /** Rejects the one call whose targets do not fit: the others have their results. */
  #writeInto(results: readonly Tensor[], into: Targets, { resolve, reject }: Request): void {
    try {
      resolve(writeTargets<"tensors">(results, into, this.#call) as readonly Tensor[]);
    } catch (error) {
      reject(error);
    }
  }
}

/**
 * Calls back after a delay in milliseconds, or with 0 at the end of this turn of the event loop; returns a function
 * that cancels it.
 */
function later(milliseconds: number, callback: () => void): () => void {
  if (milliseconds > 0) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  }
  const immediate = setImmediate(callback);
  return () => clearImmediate(immediate);
}
