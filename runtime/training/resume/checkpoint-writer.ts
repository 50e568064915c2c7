import { existsSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { reasonOf } from "../../base/text.js";
import type { BoundMethod } from "../../client/bound-methods.js";
import type { VariableStore } from "../../engine.js";
import { readUnchanged } from "../../saved-model/files/folder-identity.js";
import { toPath } from "../../saved-model/files/locate-model.js";
import type { Checkpoints } from "../options/fit-options.js";
import { requireVariables } from "../options/pass-options.js";
import {
  type Best,
  notResumable,
  readState,
  requireSameTraining,
  type TrainingIdentity,
  type TrainingState,
  writeState,
} from "./training-state.js";

/** The epoch with the best value of a metric, whose weights are kept beside a checkpoint. */
interface BestEpoch {
  /** Undefined before the first epoch. */
  readonly epoch: number | undefined;
  /** Copies the weights of the best epoch into the folder of a checkpoint. */
  copyTo(checkpoint: string): void;
  /** Continues from a checkpoint. */
  resume(best: Best | undefined, checkpoint: string): void;
}

/** Saves a model at intervals while it is trained, with the state of the training, and restores both. */
export class CheckpointWriter {
  readonly #bound: BoundMethod;
  readonly #variables: VariableStore | undefined;
  readonly directory: string;
  readonly #options: Checkpoints;
  readonly #best: BestEpoch | undefined;
  #savedAt = performance.now();
  #saved = { step: 0, epochs: 0 };
  #putBackFrom: string | undefined;

  /**
   * @throws SavedModelError `NOT_SAVEABLE`, `OUTPUT_CONFLICT`, `UNSUPPORTED_BY_ENGINE`, or `NOT_FAKED` of a fake client: if a
   * later save would fail
   */
  constructor(bound: BoundMethod, options: Checkpoints, best: BestEpoch | undefined) {
    this.#bound = bound;
    this.#variables = requireVariables("fit() checkpoints", bound, "save");
    this.directory = toPath(options.directory);
    this.#options = options;
    this.#best = best;
    this.#variables?.requireSaveable(this.directory);
  }

  /** Returns true if it is time to save after this step within an epoch. */
  isDue(step: number): boolean {
    const { everySteps, everySeconds } = this.#options;
    const isStep = everySteps !== undefined && step % everySteps === 0;
    const isTime = everySeconds !== undefined && performance.now() - this.#savedAt >= everySeconds * 1000;
    return isStep || isTime;
  }

  /** Returns true if it is time to save after an epoch. */
  isDueAfter(epoch: number): boolean {
    const { everySteps, everySeconds, onlyBest = false } = this.#options;
    if (onlyBest !== false) return this.#best?.epoch === epoch;
    return everySteps === undefined && everySeconds === undefined;
  }

  /** Returns true if a training that ends, or is aborted, has steps after its last checkpoint that are to be saved. */
  isDueAtEnd({ step, records }: Pick<TrainingState, "step" | "records">): boolean {
    const isFurther = step > this.#saved.step || records.length > this.#saved.epochs;
    return (this.#options.onlyBest ?? false) === false && isFurther;
  }

  /** Saves the model and the state in one step: readers of the folder get both of the same moment. */
  save(state: TrainingState): void {
    const variables = this.#variables;
    if (variables === undefined) {
      this.#bound.model.save(this.directory);
    } else {
      this.#bound.calls.connection.queue.requireFree("fit()", () => false);
      variables.save(this.directory, (folder) => {
        writeState(folder, state);
        this.#best?.copyTo(folder);
      });
    }
    this.#savedAt = performance.now();
    this.#saved = { step: state.step, epochs: state.records.length };
  }

  /** Location of the checkpoint that the training was resumed from, if it was not in its own folder. */
  get putBackFrom(): string | undefined {
    return this.#putBackFrom;
  }

  /**
   * Restores the weights of the checkpoint. One that a killed save has left beside its folder is put back first.
   *
   * @returns the state of the training; undefined at its beginning: it is not to be resumed, or has no checkpoint
   * @throws SavedModelError `RESTORE_FAILED` when it belongs to another model or training, and the codes of `restore`
   */
  resume(identity: TrainingIdentity, epochs: number): TrainingState | undefined {
    const variables = this.#variables;
    if (this.#options.resume !== true || variables === undefined) return undefined;
    const folder = this.directory;
    try {
      this.#putBackFrom = variables.putBack(resolve(folder));
    } catch (cause) {
      throw notResumable(folder, reasonOf(cause), { cause });
    }
    if (!existsSync(folder) || readdirSync(folder).length === 0) return undefined;
    const state = readUnchanged({
      folder,
      what: "resumed",
      read: () => {
        const found = readState(folder);
        requireSameTraining(folder, found, identity, epochs);
        if (!variables.hasGraphOf(folder)) {
          throw notResumable(folder, "it is of another model: its graph is not the one that was loaded", {
            fix: "Load the model that was trained, or choose another folder to start over.",
          });
        }
        this.#bound.model.restore(folder);
        this.#best?.resume(found.best, folder);
        return found;
      },
    });
    this.#saved = { step: state.step, epochs: state.records.length };
    return state;
  }
}
