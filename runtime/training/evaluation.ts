import { SavedModelError } from "../base/errors.js";
import { printable } from "../base/text.js";
import type { BoundMethod } from "../client/bound-methods.js";
import type { Method } from "../client/methods.js";
import { type BatchOptions, type BatchSource, batchSource } from "./batches/batches.js";
import type { Turns } from "./batches/event-loop-yield.js";
import { runPass } from "./batches/run-batch.js";
import { MetricOutputs } from "./metrics/metric-outputs.js";
import { metricStateOf } from "./metrics/metric-state.js";
import type { Metrics } from "./records/events.js";

/** Evaluates the metrics of a signature over a set of rows. */
export class Evaluation {
  readonly bound: BoundMethod;
  readonly metrics: MetricOutputs;
  readonly #name: string;
  readonly #method: Method;
  readonly #source: BatchSource;

  /** Checks everything that is known before the first step. */
  constructor(
    bound: BoundMethod,
    { data, batchSize, remainder = "omit" }: { readonly data: unknown } & Partial<Omit<BatchOptions, "seed">>,
  ) {
    this.bound = bound;
    this.#name = `${printable(bound.key)}()`;
    this.#method = bound.calls.method(bound.key);
    this.metrics = new MetricOutputs(this.#name, this.#method, "measure");
    this.#source = batchSource(this.#name, this.#method, data, { batchSize, seed: undefined, remainder });
  }

  /** The rows that are measured, and of a batch, where they are known. */
  get rows(): Pick<BatchSource, "rows" | "batchSize"> {
    return this.#source;
  }

  get names(): readonly string[] {
    return this.metrics.names;
  }

  get notes(): readonly string[] {
    const { calls, key } = this.bound;
    const isQuiet = !calls.prepare(key, this.#method).writes || metricStateOf(calls)?.onlyMeasures(this.#method);
    if (isQuiet === true) return this.#source.notes;
    return [
      ...this.#source.notes,
      `${this.#name} may change variables, and is used for validation, which should only measure`,
    ];
  }

  /**
   * Returns the metrics, averaged by rows; the last value of running ones.
   *
   * @param requireGo throws when the training is to end
   */
  async run(turns: Turns, worker: boolean, requireGo: () => void): Promise<Metrics> {
    const totals = this.metrics.newTotals();
    const pass = { bound: this.bound, method: this.#method, source: this.#source, form: "plain" } as const;
    await runPass({ ...pass, worker, turns, requireGo }, (results, { rows }) => {
      this.metrics.addTo(totals, results, rows);
    });
    if (totals.rows === 0)
      throw new SavedModelError("INVALID_DATA", `${this.#name}: there was no batch to measure with`);
    return this.metrics.valuesOf(totals);
  }
}
