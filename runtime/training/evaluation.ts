import type { BoundMethod } from "../bound-methods.js";
import { SavedModelError } from "../errors.js";
import type { Method } from "../methods.js";
import { printable } from "../text.js";
import { type BatchSource, batchSource } from "./batches.js";
import type { Metrics } from "./events.js";
import type { Validation } from "./options.js";
import { MetricOutputs } from "./scalars.js";
import type { Turns } from "./turns.js";

/** Asks a signature for its metrics over a set of rows. */
export class Evaluation {
  readonly #bound: BoundMethod;
  readonly #name: string;
  readonly #method: Method;
  readonly #metrics: MetricOutputs;
  readonly #source: BatchSource;

  /** Checks what can be known before the first step. */
  constructor(bound: BoundMethod, { data, batchSize }: Pick<Validation, "data" | "batchSize">) {
    this.#bound = bound;
    this.#name = `${printable(bound.key)}()`;
    this.#method = bound.calls.method(bound.key);
    this.#metrics = new MetricOutputs(this.#name, this.#method);
    this.#source = batchSource(this.#name, this.#method, data, { batchSize, seed: undefined });
  }

  get names(): readonly string[] {
    return this.#metrics.names;
  }

  get notes(): readonly string[] {
    return this.#source.notes;
  }

  /** The metrics, averaged by rows. */
  async run(turns: Turns): Promise<Metrics> {
    const sums = new Float64Array(this.names.length);
    const batches = this.#source.epoch(1);
    let rows = 0;
    for (;;) {
      const pending = batches.next();
      const { done, value: batch } = pending instanceof Promise ? await pending : pending;
      if (done === true) break;
      const results = this.#bound.calls.run(this.#bound.key, this.#method, batch.values, "plain");
      this.#metrics.addTo(sums, results, batch.rows);
      rows += batch.rows;
      if (turns.isDue) await turns.take();
    }
    if (rows === 0) throw new SavedModelError("INVALID_DATA", `${this.#name}: there was no batch to validate with`);
    return this.#metrics.means(sums, rows);
  }
}
