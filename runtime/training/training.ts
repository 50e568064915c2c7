import { SavedModelError } from "../base/errors.js";
import { printable, quote } from "../base/text.js";
import type { BoundMethod } from "../client/bound-methods.js";
import type { Method } from "../client/methods.js";
import { type Batch, type BatchSource, batchSource } from "./batches/batches.js";
import { Turns } from "./batches/event-loop-yield.js";
import { runBatch } from "./batches/run-batch.js";
import { BestWeights } from "./best-weights.js";
import { VALIDATION } from "./early-stopping.js";
import { Evaluation } from "./evaluation.js";
import { MetricOutputs, type MetricTotals } from "./metrics/metric-outputs.js";
import { type Measuring, MetricResets } from "./metrics/metric-resets.js";
import type { FitOptions } from "./options/fit-options.js";
import { requireMethod, requireVariables } from "./options/pass-options.js";
import type { EpochRecord, Metrics, TrainingObserver } from "./records/events.js";
import { CheckpointWriter } from "./resume/checkpoint-writer.js";
import type { OpenEpoch, TrainingIdentity, TrainingState } from "./resume/training-state.js";

/** A running training. */
export class Training {
  readonly #bound: BoundMethod;
  readonly #name: string;
  readonly #method: Method;
  readonly #metrics: MetricOutputs;
  /** Inputs that have one value in each step. */
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
  readonly #seed: number | undefined;
  readonly #records: EpochRecord[] = [];
  #step = 0;
  #last: Batch | undefined;
  /** The current epoch: its steps, and the time when it would have begun without a break. */
  #open: (Omit<OpenEpoch, "seconds" | "steps"> & { steps: number; readonly start: number }) | undefined;
  #isAborted = false;

  /** Checks everything that is known before the first step. */
  constructor(signature: unknown, data: unknown, options: FitOptions, observers: readonly TrainingObserver[]) {
    this.#options = options;
    this.#bound = requireMethod("fit", "NOT_TRAINABLE", signature);
    this.#name = `${printable(this.#bound.key)}()`;
    this.#method = this.#bound.calls.method(this.#bound.key);
    this.#metrics = new MetricOutputs(this.#name, this.#method, "train");
    this.#scalars = this.#method.inputs.flatMap(({ key, shape }, place) =>
      shape?.length === 0 ? [{ key, place }] : [],
    );
    const { batchSize, shuffle, validation, checkpoints } = options;
    this.#seed = shuffle === undefined || shuffle === false ? undefined : shuffle === true ? 0 : shuffle.seed;
    this.#source = batchSource(this.#name, this.#method, data, { batchSize, seed: this.#seed });
    this.#evaluation =
      validation && new Evaluation(requireMethod("fit", "NOT_TRAINABLE", validation.signature), validation);
    const measured = { bound: this.#bound, metrics: this.#metrics };
    this.#resets = new MetricResets("fit()", options.resetMetrics, [measured, this.#evaluation ?? []].flat());
    this.#best = this.#watch(options);
    this.#requireReset(measured);
    this.#checkpoints = checkpoints && new CheckpointWriter(this.#bound, checkpoints, this.#best);
    this.#observers = observers;
    this.#tellsBatches = options.onBatch !== undefined || observers.some(({ onBatch }) => onBatch !== undefined);
  }

  /** Notes for readers of the results. */
  get notes(): readonly string[] {
    return [...this.#source.notes, ...(this.#evaluation?.notes ?? []), ...this.#resets.notes];
  }

  get monitor(): string | undefined {
    return this.#best?.monitor;
  }

  get bestEpoch(): number | undefined {
    return this.#best?.epoch;
  }

  /** Epochs that were finished. */
  get records(): readonly EpochRecord[] {
    return this.#records;
  }

  /** Trains from the beginning or from a checkpoint. */
  async run(): Promise<void> {
    const { epochs = 1 } = this.#options;
    const { steps, rows } = this.#source;
    const best = this.#best;
    try {
      const resumed = await this.#resume(epochs);
      const notes = [...this.notes, ...resumed];
      for (const observer of this.#observers)
        observer.onStart?.({ epochs, steps, rows, notes, finished: [...this.#records] });
      try {
        for (let epoch = this.#records.length + 1; epoch <= epochs; epoch++) {
          if (best?.isOverAfter(epoch - 1) === true) break;
          await this.#finishEpoch(epoch);
        }
        // The weights of the last step, before those of the best epoch replace them: a longer training continues from
        // them.
        await this.#saveEnd();
        if (best !== undefined) await this.#alone(() => best.restore());
      } finally {
        for (const observer of this.#observers) observer.onEnd?.();
      }
    } catch (error) {
      if (this.#isAborted) await this.#saveEnd();
      throw error;
    } finally {
      best?.clear();
    }
  }

  /** Saves the training since the last checkpoint. */
  async #saveEnd(): Promise<void> {
    const checkpoints = this.#checkpoints;
    const state = this.#state();
    if (checkpoints?.isDueAtEnd(state) === true) await this.#alone(() => checkpoints.save(state));
  }

  /** Resumes from a checkpoint, if there is one, and notes it. */
  async #resume(epochs: number): Promise<readonly string[]> {
    const checkpoints = this.#checkpoints;
    const state = checkpoints && (await this.#alone(() => checkpoints.resume(this.#identity(), epochs)));
    if (state === undefined) return [];
    const { records, step, open } = state;
    this.#records.push(...records);
    this.#step = step;
    this.#open = open && { ...open, start: performance.now() - open.seconds * 1000 };
    const where = open === undefined ? `at the end of epoch ${records.length}` : `in epoch ${records.length + 1}`;
    const from = checkpoints?.putBackFrom;
    return [
      `resumed after step ${step}, ${where}`,
      ...(from === undefined
        ? []
        : [`a save of the checkpoint was interrupted: the one before it was put back from ${from}`]),
    ];
  }

  /** Runs an epoch, or the rest of it, and the actions after it. */
  async #finishEpoch(epoch: number): Promise<void> {
    const [best, checkpoints] = [this.#best, this.#checkpoints];
    const record = await this.#runEpoch(epoch);
    this.#open = undefined;
    this.#records.push(record);
    for (const observer of this.#observers) observer.onEpoch?.(record);
    await this.#options.onEpoch?.(record);
    if (best !== undefined) await this.#alone(() => best.see(record));
    if (checkpoints?.isDueAfter(epoch) === true) await this.#alone(() => checkpoints.save(this.#state()));
  }

  async #runEpoch(epoch: number): Promise<EpochRecord> {
    // Running metrics of a resumed epoch continue to run.
    if (this.#open === undefined) await this.#resets.run(this.#options.worker);
    this.#open ??= {
      totals: this.#metrics.newTotals(),
      steps: 0,
      start: performance.now(),
      constants: undefined,
    };
    const open = this.#open;
    const { totals, start } = open;
    const batches = this.#source.epoch({ epoch, step: this.#step + 1, skipped: open.steps });
    try {
      for (;;) {
        if (this.#turns.isDue) await this.#turns.take();
        this.#requireGo(epoch);
        const pending = batches.next();
        const { done, value: batch } = pending instanceof Promise ? await pending : pending;
        if (done === true) break;
        this.#requireConstants(batch, epoch);
        this.#last = batch;
        const ran = runBatch(this.#bound, this.#method, batch, this.#options.worker);
        const results = ran instanceof Promise ? await ran : ran;
        this.#step++;
        open.steps++;
        this.#requireFinite(results, epoch);
        this.#metrics.addTo(totals, results, batch.rows);
        if (this.#tellsBatches) await this.#tellBatch(epoch, open.steps, batch.rows, results, totals);
        const checkpoints = this.#checkpoints;
        if (checkpoints?.isDue(this.#step) === true) await this.#alone(() => checkpoints.save(this.#state()));
      }
    } finally {
      // A generator of the caller may hold resources.
      await batches.return?.();
    }
    if (open.steps === 0) throw this.#noBatches(epoch);
    const metrics = this.#metrics.valuesOf(totals);
    const validation = await this.#validate(epoch);
    if (validation !== undefined) this.#requireFiniteValidation(validation, epoch);
    const constants = this.#constants() ?? open.constants;
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

  /** Returns the progress of the training. */
  #state(): TrainingState {
    const open = this.#open;
    return {
      identity: this.#identity(),
      records: this.#records,
      step: this.#step,
      open: open && {
        ...open,
        seconds: (performance.now() - open.start) / 1000,
        constants: this.#constants() ?? open.constants,
      },
      best: this.#best?.best,
    };
  }

  /**
   * Returns the properties that must be equal to resume a training. Constants may differ: a smaller learning rate, for
   * example.
   */
  #identity(): TrainingIdentity {
    const evaluation = this.#evaluation;
    const best = this.#best;
    return {
      signature: this.#bound.key,
      rows: this.#source.rows ?? null,
      batchSize: this.#source.batchSize ?? null,
      shuffle: this.#seed ?? null,
      metrics: this.#metrics.names.length,
      "validation.signature": evaluation?.bound.key ?? null,
      "validation.rows": evaluation?.rows.rows ?? null,
      "validation.batchSize": evaluation?.rows.batchSize ?? null,
      monitor: best?.monitor ?? null,
      mode: best?.options.mode ?? null,
      minDelta: best?.options.minDelta ?? null,
      restoreBest: best?.options.restoreBest ?? null,
    };
  }

  /** Returns the option that watches which epoch is the best, if any. */
  #watch({ earlyStopping, checkpoints }: FitOptions): BestWeights | undefined {
    const { onlyBest = false } = checkpoints ?? {};
    const names = [this.#metrics.names, this.#evaluation?.names ?? []] as const;
    const { model } = this.#bound;
    if (earlyStopping?.restoreBest === true) {
      requireVariables("fit() earlyStopping.restoreBest", this.#bound, "saveWeights");
    }
    if (earlyStopping !== undefined) return new BestWeights(model, "earlyStopping", earlyStopping, ...names);
    if (onlyBest === false) return undefined;
    const asked = { patience: Number.POSITIVE_INFINITY, ...(onlyBest !== true && onlyBest) };
    return new BestWeights(model, "checkpoints.onlyBest", asked, ...names);
  }

  /** A metric that is never reset cannot tell which epoch was the best. */
  #requireReset(measured: Measuring): void {
    const { monitor } = this;
    if (monitor === undefined) return;
    const validated = this.#evaluation ? this.#resets.unresetOf(this.#evaluation) : [];
    const unreset = [...this.#resets.unresetOf(measured), ...validated.map((name) => VALIDATION + name)];
    if (!unreset.includes(monitor)) return;
    const watcher = this.#options.earlyStopping === undefined ? "checkpoints.onlyBest" : "earlyStopping";
    throw new SavedModelError(
      "INVALID_OPTION",
      `fit() ${watcher}: ${quote(monitor)} accumulates from epoch to epoch, because nothing resets it`,
      {
        fix: "Pass the signature that resets the model's metrics as `resetMetrics`, or export one; `resetMetrics: false` continues without.",
      },
    );
  }

  /** Beside asynchronous calls of others, saving and restoring have to wait for their turn as the steps do. */
  #alone<T>(action: () => T): T | Promise<T> {
    const { calls, isAsync } = this.#bound;
    return isAsync || this.#options.worker === true ? calls.inTurn(this.#name, action) : action();
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
    this.#isAborted = true;
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

  /** A learning rate that is NaN makes weights of NaN, which would be noticed only in the next step. */
  #requireConstants({ values }: Batch, epoch: number): void {
    if (this.#options.allowNotFinite === true) return;
    for (const { key, place } of this.#scalars) {
      if (!Number.isNaN(values[place])) continue;
      this.#refuse(`input ${quote(key)} is NaN in step ${this.#step + 1} (epoch ${epoch}), which was not run`);
    }
  }

  #refuse(what: string): never {
    throw new SavedModelError("NOT_FINITE", `${this.#name}: ${what}`, {
      fix: "Lower the learning rate or check the data; `allowNotFinite` continues anyway.",
    });
  }

  #noBatches(epoch: number): SavedModelError {
    const fix = "An iterator can be iterated only once: pass a function that starts over.";
    const message = `${this.#name}: there was no batch in epoch ${epoch}`;
    return new SavedModelError("INVALID_DATA", message, epoch === 1 ? {} : { fix });
  }

  /** Returns the scalar numbers among the inputs of the last step. */
  #constants(): Metrics | undefined {
    const scalars = this.#scalars.flatMap(({ key, place }) => {
      const value = this.#last?.values[place];
      return typeof value === "number" ? [[key, value] as const] : [];
    });
    return scalars.length === 0 ? undefined : Object.fromEntries(scalars);
  }
}
