import { type BoundMethod, boundMethod } from "../bound-methods.js";
import { describeForeign } from "../copies.js";
import { SavedModelError } from "../errors.js";
import type { Method } from "../methods.js";
import { printable, quote } from "../text.js";
import { type Batch, type BatchSource, batchSource } from "./batches.js";
import { BestWeights } from "./best-weights.js";
import { CheckpointWriter } from "./checkpoint-writer.js";
import { Evaluation } from "./evaluation.js";
import type { EpochRecord, Metrics, TrainingObserver } from "./events.js";
import { type Measuring, MetricResets } from "./metric-resets.js";
import { VALIDATION } from "./monitor.js";
import type { FitOptions } from "./options.js";
import { runBatch } from "./run-batch.js";
import { MetricOutputs, type MetricTotals } from "./scalars.js";
import { Turns } from "./turns.js";

/** A training while it goes on. */
export class Training {
  readonly #bound: BoundMethod;
  readonly #name: string;
  readonly #method: Method;
  readonly #metrics: MetricOutputs;
  /** The inputs that have one value in each step. */
  readonly #scalars: readonly { readonly key: string; readonly place: number }[];
  readonly #source: BatchSource;
  readonly #evaluation: Evaluation | undefined;
  readonly #resets: MetricResets;
  readonly #best: BestWeights | undefined;
  readonly #checkpoints: CheckpointWriter | undefined;
  readonly #options: FitOptions;
  readonly #observers: readonly TrainingObserver[];
  readonly #tellsBatches: boolean;
  readonly #turns: Turns = new Turns();
  readonly #records: EpochRecord[] = [];
  #step = 0;
  #last: Batch | undefined;

  /** Checks everything that can be known before the first step. */
  constructor(signature: unknown, data: unknown, options: FitOptions, observers: readonly TrainingObserver[]) {
    this.#bound = requireMethod(signature);
    this.#name = `${printable(this.#bound.key)}()`;
    this.#method = this.#bound.calls.method(this.#bound.key);
    this.#metrics = new MetricOutputs(this.#name, this.#method);
    this.#scalars = this.#method.inputs.flatMap(({ key, shape }, place) =>
      shape?.length === 0 ? [{ key, place }] : [],
    );
    const { batchSize, shuffle, validation, earlyStopping, checkpoints } = options;
    this.#source = batchSource(this.#name, this.#method, data, {
      batchSize,
      seed: shuffle === undefined || shuffle === false ? undefined : shuffle === true ? 0 : shuffle.seed,
    });
    this.#evaluation = validation && new Evaluation(requireMethod(validation.signature), validation);
    const measured = { bound: this.#bound, metrics: this.#metrics };
    this.#resets = new MetricResets("fit()", options.resetMetrics, [measured, this.#evaluation ?? []].flat());
    this.#best =
      earlyStopping &&
      new BestWeights(this.#bound.model, earlyStopping, this.#metrics.names, this.#evaluation?.names ?? []);
    this.#requireReset(measured);
    this.#checkpoints = checkpoints && new CheckpointWriter(this.#bound.model, checkpoints);
    this.#options = options;
    this.#observers = observers;
    this.#tellsBatches = options.onBatch !== undefined || observers.some(({ onBatch }) => onBatch !== undefined);
  }

  /** What a reader of the results should know. */
  get notes(): readonly string[] {
    return [...this.#source.notes, ...(this.#evaluation?.notes ?? []), ...this.#resets.notes];
  }

  get monitor(): string | undefined {
    return this.#best?.monitor;
  }

  get bestEpoch(): number | undefined {
    return this.#best?.epoch;
  }

  /** The epochs that were finished. */
  get records(): readonly EpochRecord[] {
    return this.#records;
  }

  /** Trains. */
  async run(): Promise<void> {
    const { epochs = 1 } = this.#options;
    const { steps, rows } = this.#source;
    const best = this.#best;
    for (const observer of this.#observers) observer.onStart?.({ epochs, steps, rows, notes: this.notes });
    try {
      for (let epoch = 1; epoch <= epochs; epoch++) {
        const record = await this.#runEpoch(epoch);
        this.#records.push(record);
        for (const observer of this.#observers) observer.onEpoch?.(record);
        await this.#options.onEpoch?.(record);
        if (best !== undefined && (await this.#alone(() => best.see(record)))) break;
      }
      if (best !== undefined) await this.#alone(() => best.restore());
    } finally {
      best?.clear();
      for (const observer of this.#observers) observer.onEnd?.();
    }
  }

  async #runEpoch(epoch: number): Promise<EpochRecord> {
    const start = performance.now();
    const totals = this.#metrics.newTotals();
    await this.#resets.run(this.#options.worker);
    const batches = this.#source.epoch(this.#step + 1);
    let stepOfEpoch = 0;
    try {
      for (;;) {
        if (this.#turns.isDue) await this.#turns.take();
        this.#requireGo(epoch);
        const pending = batches.next();
        const { done, value: batch } = pending instanceof Promise ? await pending : pending;
        if (done === true) break;
        this.#requireConstants(batch, epoch);
        this.#step++;
        stepOfEpoch++;
        this.#last = batch;
        const ran = runBatch(this.#bound, this.#method, batch, this.#options.worker);
        const results = ran instanceof Promise ? await ran : ran;
        this.#requireFinite(results, epoch);
        this.#metrics.addTo(totals, results, batch.rows);
        if (this.#tellsBatches) await this.#tellBatch(epoch, stepOfEpoch, batch.rows, results, totals);
        const checkpoints = this.#checkpoints;
        if (checkpoints?.isDue(this.#step) === true) await this.#alone(() => checkpoints.save());
      }
    } finally {
      // A generator of the caller's may hold something open.
      await batches.return?.();
    }
    if (stepOfEpoch === 0) throw this.#noBatches(epoch);
    const metrics = this.#metrics.valuesOf(totals);
    const validation = await this.#validate(epoch);
    if (validation !== undefined) this.#requireFiniteValidation(validation, epoch);
    const constants = this.#constants();
    return {
      epoch,
      step: this.#step,
      rows: totals.rows,
      seconds: (performance.now() - start) / 1000,
      metrics,
      ...(validation && { validation }),
      ...(constants && { constants }),
    };
  }

  async #validate(epoch: number): Promise<Metrics | undefined> {
    if (this.#evaluation === undefined) return undefined;
    this.#requireGo(epoch);
    await this.#resets.run(this.#options.worker);
    return this.#evaluation.run(this.#turns, this.#options.worker === true, () => this.#requireGo(epoch));
  }

  /** A metric that nothing resets says nothing about which epoch was the best. */
  #requireReset(measured: Measuring): void {
    const { monitor } = this;
    if (monitor === undefined) return;
    const validated = this.#evaluation ? this.#resets.unresetOf(this.#evaluation) : [];
    const unreset = [...this.#resets.unresetOf(measured), ...validated.map((name) => VALIDATION + name)];
    if (!unreset.includes(monitor)) return;
    throw new SavedModelError(
      "INVALID_OPTION",
      `fit() earlyStopping: ${quote(monitor)} runs on from epoch to epoch, because nothing resets it`,
      {
        fix: "Pass the signature that resets the model's metrics as `resetMetrics`, or export one; `resetMetrics: false` goes on without.",
      },
    );
  }

  /** Beside asynchronous calls of others, what is saved or restored has to wait for its turn as the steps do. */
  #alone<T>(action: () => T): T | Promise<T> {
    return this.#options.worker === true ? this.#bound.calls.inTurn(this.#name, action) : action();
  }

  async #tellBatch(
    epoch: number,
    stepOfEpoch: number,
    rows: number,
    results: readonly unknown[],
    totals: MetricTotals,
  ): Promise<void> {
    const metrics = this.#metrics.read(results);
    const event = { epoch, step: this.#step, stepOfEpoch, rows, metrics, means: this.#metrics.valuesOf(totals) };
    for (const observer of this.#observers) observer.onBatch?.(event);
    await this.#options.onBatch?.(event);
  }

  #requireGo(epoch: number): void {
    const { signal } = this.#options;
    if (signal?.aborted !== true) return;
    throw new SavedModelError(
      "ABORTED",
      `fit(): the training was aborted in epoch ${epoch}, after step ${this.#step}`,
      {
        cause: signal.reason,
      },
    );
  }

  #requireFinite(results: readonly unknown[], epoch: number): void {
    if (this.#options.allowNotFinite === true) return;
    const broken = this.#metrics.findBroken(results);
    if (broken === undefined) return;
    this.#refuse(`${quote(broken.name)} is ${broken.value} in step ${this.#step} (epoch ${epoch})`);
  }

  /** The metrics of a step are from before its update: only those of a validation tell what the last step did. */
  #requireFiniteValidation(validation: Metrics, epoch: number): void {
    if (this.#options.allowNotFinite === true) return;
    for (const [name, value] of Object.entries(validation)) {
      if (!Number.isFinite(value)) this.#refuse(`the validation's ${quote(name)} is ${value} after epoch ${epoch}`);
    }
  }

  /** A learning rate that is NaN makes weights of NaN, which nobody would see before the next step. */
  #requireConstants({ values }: Batch, epoch: number): void {
    if (this.#options.allowNotFinite === true) return;
    for (const { key, place } of this.#scalars) {
      if (!Number.isNaN(values[place])) continue;
      this.#refuse(`input ${quote(key)} is NaN in step ${this.#step + 1} (epoch ${epoch}), which was not made`);
    }
  }

  #refuse(what: string): never {
    throw new SavedModelError("NOT_FINITE", `${this.#name}: ${what}`, {
      fix: "Lower the learning rate or look at the data; `allowNotFinite` goes on.",
    });
  }

  #noBatches(epoch: number): SavedModelError {
    const fix = "An iterator can be gone through once: give a function that begins anew.";
    const message = `${this.#name}: there was no batch in epoch ${epoch}`;
    return new SavedModelError("INVALID_DATA", message, epoch === 1 ? {} : { fix });
  }

  /** The scalar numbers among the inputs of the last step. */
  #constants(): Metrics | undefined {
    const scalars = this.#scalars.flatMap(({ key, place }) => {
      const value = this.#last?.values[place];
      return typeof value === "number" ? [[key, value] as const] : [];
    });
    return scalars.length === 0 ? undefined : Object.fromEntries(scalars);
  }
}

/** @throws SavedModelError `NOT_TRAINABLE` for a function that is no method of a client */
function requireMethod(signature: unknown): BoundMethod {
  const bound = boundMethod(signature);
  if (bound !== undefined) return bound;
  const foreign = describeForeign(signature);
  if (foreign !== undefined) {
    throw new SavedModelError("NOT_TRAINABLE", `fit() got ${foreign}`, { fix: "Import fit from the client's copy." });
  }
  throw new SavedModelError("NOT_TRAINABLE", "fit() takes a method of a generated client", {
    fix: "Pass the method itself: `fit(model.train, …)`.",
  });
}
