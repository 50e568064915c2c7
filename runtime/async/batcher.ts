import type { Form, Results } from "../call/call.js";
import { ownStaged, type PreparedCall, type Staged } from "../call/prepared-call.js";
import { SavedModelError } from "../errors.js";
import type { Tensor } from "../tensor.js";
import type { Lane } from "./lane.js";
import { aborted } from "./queued-run.js";
import { joinRows, rowFormOf, rowsOf, splitRows } from "./rows.js";

/** How concurrent calls of a signature are run as one. */
export interface BatchingOptions {
  /** The most rows of one run. A call with more of its own is run alone. */
  readonly maxBatch: number;
  /**
   * How long the first call waits for others, in milliseconds. By default 0: the calls of one turn of the event loop are
   * run together.
   */
  readonly maxDelay?: number;
}

/** A call that waits to be run with others. */
interface Request {
  readonly staged: Staged;
  readonly rows: number;
  readonly resolve: (results: readonly Tensor[]) => void;
  readonly reject: (error: unknown) => void;
  isWanted: boolean;
}

/**
 * Runs concurrent calls of one signature as one: their rows (the leading dimension) are put together for a single run, and
 * its results are handed out again. Calls that differ in another dimension, or in what they leave out, are run apart.
 */
export class Batcher {
  readonly #call: PreparedCall;
  readonly #lane: Lane;
  readonly #maxBatch: number;
  readonly #maxDelay: number;
  readonly #groups: Map<string, Request[]> = new Map();

  constructor(call: PreparedCall, lane: Lane, { maxBatch, maxDelay = 0 }: BatchingOptions) {
    this.#call = call;
    this.#lane = lane;
    this.#maxBatch = maxBatch;
    this.#maxDelay = maxDelay;
  }

  /** Runs a call together with others. */
  async start<F extends Form>(values: readonly unknown[], form: F, signal?: AbortSignal): Promise<Results<F>> {
    const staged = this.#call.stage(values);
    if (signal?.aborted) throw aborted(this.#call.name, signal);
    const rows = rowsOf(staged);
    if (rows === undefined || rows >= this.#maxBatch) return this.#call.startStaged(staged, form, signal);
    // No output of a signature that is batched is a scalar: plain results are tensors too.
    return (await this.#add(ownStaged(staged), rows, signal)) as readonly unknown[] as Results<F>;
  }

  #add(staged: Staged, rows: number, signal: AbortSignal | undefined): Promise<readonly Tensor[]> {
    return new Promise((resolve, reject) => {
      const request: Request = {
        staged,
        rows,
        resolve: (results) => {
          signal?.removeEventListener("abort", onAbort);
          resolve(results);
        },
        reject: (error) => {
          signal?.removeEventListener("abort", onAbort);
          reject(error);
        },
        isWanted: true,
      };
      const onAbort = (): void => {
        request.isWanted = false;
        reject(aborted(this.#call.name, signal));
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#lane.hold();
      this.#enqueue(request);
    });
  }

  #enqueue(request: Request): void {
    const key = rowFormOf(request.staged);
    const group = this.#groups.get(key);
    if (group === undefined) {
      this.#groups.set(key, [request]);
      if (this.#maxDelay > 0) setTimeout(() => this.#flush(key), this.#maxDelay);
      else setImmediate(() => this.#flush(key));
      return;
    }
    const waiting = group.reduce((sum, { rows }) => sum + rows, 0);
    if (waiting + request.rows > this.#maxBatch) {
      this.#flush(key);
      this.#enqueue(request);
      return;
    }
    group.push(request);
    if (waiting + request.rows === this.#maxBatch) this.#flush(key);
  }

  #flush(key: string): void {
    const group = this.#groups.get(key) ?? [];
    this.#groups.delete(key);
    const requests = group.filter(({ isWanted }) => isWanted);
    void this.#run(requests).then(() => this.#lane.letGo(group.length));
  }

  /** Runs requests as one; never rejects. When it fails, each is run alone: only the one that is to blame has to fail. */
  async #run(requests: readonly Request[]): Promise<void> {
    if (requests.length === 0) return;
    const rows = requests.map((request) => request.rows);
    try {
      const joined = this.#call.inputs.map(({ dtype }, input) =>
        joinRows(
          requests.map(({ staged }) => staged[input]),
          dtype,
        ),
      );
      // A signature that is batched has dense outputs only.
      const results = (await this.#call.startStaged(joined, "tensors")) as readonly Tensor[];
      const parts = results.map((result) => splitRows(result, rows, this.#call.name));
      for (const [index, { resolve }] of requests.entries()) resolve(parts.map((part) => part[index] as Tensor));
    } catch (error) {
      const isRefused =
        error instanceof SavedModelError && !error.code.startsWith("TF_") && error.code !== "INVALID_RESULT";
      if (isRefused || requests.length === 1) {
        for (const { reject } of requests) reject(error);
        return;
      }
      await Promise.all(requests.filter(({ isWanted }) => isWanted).map((request) => this.#runAlone(request)));
    }
  }

  async #runAlone({ staged, resolve, reject }: Request): Promise<void> {
    try {
      resolve((await this.#call.startStaged(staged, "tensors")) as readonly Tensor[]);
    } catch (error) {
      reject(error);
    }
  }
}
