import type { Model } from "../model.js";
import type { Checkpoints } from "./options.js";

/** Saves a model every so often while it is trained. */
export class CheckpointWriter {
  readonly #model: Model;
  readonly #options: Checkpoints;
  #savedAt = performance.now();

  constructor(model: Model, options: Checkpoints) {
    this.#model = model;
    this.#options = options;
  }

  /** Whether it is time to save after this step. */
  isDue(step: number): boolean {
    const { everySteps, everySeconds } = this.#options;
    const isStep = everySteps !== undefined && step % everySteps === 0;
    const isTime = everySeconds !== undefined && performance.now() - this.#savedAt >= everySeconds * 1000;
    return isStep || isTime;
  }

  save(): void {
    this.#model.save(this.#options.directory);
    this.#savedAt = performance.now();
  }
}
