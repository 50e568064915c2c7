import type { Form, Results } from "../call/call.js";
import { ownStaged, type PreparedCall, type Staged } from "../call/prepared-call.js";
import { SavedModelError } from "../errors.js";
import type { Tensor } from "../tensor.js";
import { aborted, forgetAbort, watchAbort } from "./abort.js";
import type { Lane } from "./lane.js";
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

/** Calls that wait for each other. */
interface Group {
  readonly requests: Request[];
  rows: number;
  /** Waits no longer. */
  readonly stop: () => void;
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
  readonly #groups: Map<string, Group> = new Map();

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
    return (await this.#add(ownStaged(staged, this.#call.name), rows, signal)) as readonly unknown[] as Results<F>;
  }

  /** Runs at once what waits for others. */
  flush(): void {
    for (const key of [...this.#groups.keys()]) this.#flush(key);
  }

  #add(staged: Staged, rows: number, signal: AbortSignal | undefined): Promise<readonly Tensor[]> {
    return new Promise((resolve, reject) => {
      const request: Request = {
        staged,
        rows,
        resolve: (results) => {
          forgetAbort(signal, onAbort);
          resolve(results);
        },
        reject: (error) => {
          forgetAbort(signal, onAbort);
          reject(error);
        },
        isWanted: true,
      };
      const onAbort = (): void => {
        request.isWanted = false;
        reject(aborted(this.#call.name, signal));
      };
      watchAbort(signal, onAbort);
      this.#lane.hold();
      this.#enqueue(request);
    });
  }

  #enqueue(request: Request): void {
    const key = rowFormOf(request.staged);
    const group = this.#groups.get(key) ?? this.#newGroup(key);
    if (group.rows + request.rows > this.#maxBatch) {
      this.#flush(key);
      this.#enqueue(request);
      return;
    }
    group.requests.push(request);
    group.rows += request.rows;
    if (group.rows === this.#maxBatch) this.#flush(key);
  }

  #newGroup(key: string): Group {
    const flush = (): void => this.#flush(key);
    const timer = this.#maxDelay > 0 ? setTimeout(flush, this.#maxDelay) : undefined;
    const immediate = this.#maxDelay > 0 ? undefined : setImmediate(flush);
    const stop = (): void => {
      clearTimeout(timer);
      clearImmediate(immediate);
    };
    const group = { requests: [], rows: 0, stop };
    this.#groups.set(key, group);
    return group;
  }

  #flush(key: string): void {
    const group = this.#groups.get(key);
    if (group === undefined) return;
    this.#groups.delete(key);
    // Else it would cut short the time of the next group, and keep the process from its end.
    group.stop();
    void this.#run(group.requests).then(() => this.#lane.letGo(group.requests.length));
  }

  /**
   * Runs requests as one; never rejects. When that fails, each half is run, down to single requests: only the one that is
   * to blame has to fail. One after the other, so that none is refused because all of them wait at the same time.
   */
  async #run(candidates: readonly Request[]): Promise<void> {
    const requests = candidates.filter(({ isWanted }) => isWanted);
    if (requests.length === 0) return;
    try {
      await (requests.length === 1 ? this.#runAlone(requests[0] as Request) : this.#runJoined(requests));
    } catch (error) {
      const isRefused = error instanceof SavedModelError && (error.code === "DISPOSED" || error.code === "QUEUE_FULL");
      if (isRefused || requests.length === 1) {
        for (const { reject } of requests) reject(error);
        return;
      }
      const half = requests.length >> 1;
      await this.#run(requests.slice(0, half));
      await this.#run(requests.slice(half));
    }
  }

  async #runJoined(requests: readonly Request[]): Promise<void> {
    const rows = requests.map((request) => request.rows);
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
  }

  async #runAlone({ staged, resolve }: Request): Promise<void> {
    resolve((await this.#call.startStaged(staged, "tensors")) as readonly Tensor[]);
  }
}
