import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { quote } from "../base/text.js";
import type { BaseModel } from "../client/base-model.js";
import { VALIDATION, watchedMetric } from "./early-stopping.js";
import type { EarlyStopping } from "./options/fit-options.js";
import type { EpochRecord } from "./records/events.js";
import { type Best, bestWeightsIn } from "./resume/training-state.js";

/** Option of `fit` that watches a metric, for messages. */
type Watcher = "earlyStopping" | "checkpoints.onlyBest";

/** Watches a metric from epoch to epoch, for the best one and for the time to stop. */
export class BestWeights {
  readonly monitor: string;
  readonly #model: BaseModel;
  readonly #options: Required<Pick<EarlyStopping, "patience" | "minDelta" | "mode" | "restoreBest">>;
  #best: Best | undefined;
  #folder: string | undefined;

  /**
   * @throws SavedModelError `INVALID_OPTION` for an unknown metric, and when it is not clear which values are better
   */
  constructor(
    model: BaseModel,
    watcher: Watcher,
    options: EarlyStopping,
    metrics: readonly string[],
    validation: readonly string[],
  ) {
    const { patience = 1, minDelta = 0, restoreBest = false } = options;
    const { monitor, mode } = watchedMetric(options, metrics, validation, {
      call: `fit() ${watcher}`,
      example: (name, better) => `{ monitor: ${quote(name)}, mode: ${quote(better)} }`,
    });
    this.monitor = monitor;
    this.#model = model;
    this.#options = { patience, minDelta, mode, restoreBest };
  }

  /** The best epoch so far. */
  get epoch(): number | undefined {
    return this.#best?.epoch;
  }

  get best(): Best | undefined {
    return this.#best;
  }

  /** The options that decide which epoch is the best. */
  get options(): Pick<Required<EarlyStopping>, "minDelta" | "mode" | "restoreBest"> {
    return this.#options;
  }

  /** Takes note of an epoch. */
  see(record: EpochRecord): void {
    const { minDelta, mode, restoreBest } = this.#options;
    const value = watched(record, this.monitor);
    const sign = mode === "min" ? -1 : 1;
    const isBetter = this.#best === undefined ? !Number.isNaN(value) : sign * (value - this.#best.value) > minDelta;
    if (isBetter) {
      this.#best = { value, epoch: record.epoch };
      if (restoreBest) this.#model.saveWeights(this.#prefix());
    }
  }

  /** Returns true if the training should stop after this epoch. */
  isOverAfter(epoch: number): boolean {
    return epoch - (this.#best?.epoch ?? 0) >= Math.max(1, this.#options.patience);
  }

  /** Copies the weights of the best epoch to a checkpoint, if they are kept. */
  copyTo(checkpoint: string): void {
    if (this.#folder !== undefined) copyFiles(this.#prefix(), bestWeightsIn(checkpoint));
  }

  /** Continues from a checkpoint. */
  resume(best: Best | undefined, checkpoint: string): void {
    this.#best = best;
    if (best !== undefined && this.#options.restoreBest) copyFiles(bestWeightsIn(checkpoint), this.#prefix());
  }

  /** Restores the weights of the best epoch. */
  restore(): void {
    if (this.#folder !== undefined) this.#model.restore(this.#prefix());
  }

  /** Removes the copied weights. */
  clear(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  #prefix(): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), "savedmodel-best-"));
    return join(this.#folder, "weights");
  }
}

/** Copies the files of a TensorFlow checkpoint, by their prefix. */
function copyFiles(from: string, to: string): void {
  for (const name of readdirSync(dirname(from))) {
    if (!name.startsWith(`${basename(from)}.`)) continue;
    copyFileSync(join(dirname(from), name), `${to}${name.slice(basename(from).length)}`);
  }
}

function watched({ metrics, validation = {} }: EpochRecord, monitor: string): number {
  return metrics[monitor] ?? validation[monitor.slice(VALIDATION.length)] ?? Number.NaN;
}
