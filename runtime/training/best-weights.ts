import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Model } from "../model.js";
import { quote } from "../text.js";
import type { EpochRecord } from "./events.js";
import { VALIDATION, watchedMetric } from "./monitor.js";
import type { EarlyStopping } from "./options.js";

const ASKER = {
  call: "fit() earlyStopping",
  example: (monitor: string, mode: string): string => `{ monitor: ${quote(monitor)}, mode: ${quote(mode)} }`,
} as const;

/** Watches a metric from epoch to epoch: which was the best, and whether it is time to stop. */
export class BestWeights {
  readonly monitor: string;
  readonly #model: Model;
  readonly #options: Required<Pick<EarlyStopping, "patience" | "minDelta" | "mode" | "restoreBest">>;
  #best: { readonly value: number; readonly epoch: number } | undefined;
  #folder: string | undefined;

  /** @throws SavedModelError `INVALID_OPTION` when there is no such metric, and when it is not clear what is better */
  constructor(model: Model, options: EarlyStopping, metrics: readonly string[], validation: readonly string[]) {
    const { patience = 1, minDelta = 0, restoreBest = false } = options;
    const { monitor, mode } = watchedMetric(options, metrics, validation, ASKER);
    this.monitor = monitor;
    this.#model = model;
    this.#options = { patience, minDelta, mode, restoreBest };
  }

  /** The best epoch so far. */
  get epoch(): number | undefined {
    return this.#best?.epoch;
  }

  /** Looks at an epoch, and says whether the training should stop. */
  see(record: EpochRecord): boolean {
    const { patience, minDelta, mode, restoreBest } = this.#options;
    const value = watched(record, this.monitor);
    const sign = mode === "min" ? -1 : 1;
    const isBetter = this.#best === undefined ? !Number.isNaN(value) : sign * (value - this.#best.value) > minDelta;
    if (isBetter) {
      this.#best = { value, epoch: record.epoch };
      if (restoreBest) this.#model.saveWeights(this.#prefix());
    }
    return record.epoch - (this.#best?.epoch ?? 0) >= Math.max(1, patience);
  }

  /** Gives the model the weights of its best epoch. */
  restore(): void {
    if (this.#folder !== undefined) this.#model.restore(this.#prefix());
  }

  /** Removes what was written. */
  clear(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  #prefix(): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), "savedmodel-best-"));
    return join(this.#folder, "weights");
  }
}

function watched({ metrics, validation = {} }: EpochRecord, monitor: string): number {
  return metrics[monitor] ?? validation[monitor.slice(VALIDATION.length)] ?? Number.NaN;
}
