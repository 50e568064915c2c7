import type { Staged } from "../call/call.js";
import { ownStaged, type SignatureCall } from "../call/signature-call.js";
import type { Form, Results, Targets } from "../engine.js";
import { aborted } from "./abort.js";
import { Batch } from "./batch.js";
import { rowFormOf, rowsOf } from "./batch-rows.js";
import type { CallLimits } from "./deadline.js";
import type { ReadWriteQueue } from "./read-write-queue.js";

/** Options for running concurrent calls of a signature as one. */
export interface BatchingOptions {
  /** Maximum number of rows of one run. A call with more rows is run alone. */
  readonly maxBatch: number;
  /**
   * Maximum time in milliseconds that the first call waits for others. By default 0: the calls of one turn of the event
   * loop are run together. A call that changes variables, and is made meanwhile, ends the waiting.
   */
  readonly maxDelayMs?: number;
  /** @deprecated Use `maxDelayMs`, which has the same meaning. */
  readonly maxDelay?: number;
}

/**
 * Runs concurrent calls of one signature as one: their rows (the leading dimension) are put together for a single run,
 * and its results are handed out again. Calls that differ in another dimension, or in their omitted inputs, are run
 * apart.
 */
export class Batcher {
  readonly #call: SignatureCall;
  readonly #queue: ReadWriteQueue;
  readonly #maxBatch: number;
  readonly #maxDelayMs: number;
  /** Those that collect calls, by what their calls have in common. */
  readonly #open: Map<string, Batch> = new Map();

  constructor(
    call: SignatureCall,
    queue: ReadWriteQueue,
    { maxBatch, maxDelay = 0, maxDelayMs = maxDelay }: BatchingOptions,
  ) {
    this.#call = call;
    this.#queue = queue;
    this.#maxBatch = maxBatch;
    this.#maxDelayMs = maxDelayMs;
  }

  /**
   * Runs a call together with others.
   *
   * @param runAlone runs one that has as many rows as a batch, or none
   * @throws SavedModelError `ABORTED`, `QUEUE_FULL`
   */
  start<F extends Form>(
    staged: Staged,
    runAlone: () => Promise<Results<F>>,
    limits: CallLimits = {},
    into?: Targets,
  ): Promise<Results<F>> {
    const { signal } = limits;
    if (signal?.aborted) throw aborted(this.#call.name, signal);
    const rows = rowsOf(staged);
    if (rows === undefined || rows >= this.#maxBatch) return runAlone();
    const own = ownStaged(staged, this.#call.name);
    const batch = this.#batchFor(rowFormOf(staged), rows);
    const results = batch.add(own, rows, limits, into);
    if (batch.rows === this.#maxBatch) batch.flush();
    // No output of a signature that is batched is a scalar: plain results are tensors too.
    return results as Promise<readonly unknown[]> as Promise<Results<F>>;
  }

  /** A batch that has room for a call, which the queue holds from now on. */
  #batchFor(key: string, rows: number): Batch {
    const open = this.#open.get(key);
    if (open !== undefined && open.rows + rows > this.#maxBatch) open.flush();
    // Where the queue is full, this may flush the batch that was open.
    this.#queue.hold(this.#call.name);
    const found = this.#open.get(key);
    if (found !== undefined) return found;
    const batch = new Batch(this.#call, this.#queue, this.#maxDelayMs, () => this.#open.delete(key));
    this.#open.set(key, batch);
    return batch;
  }
}
