import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { BoundMethod } from "../../client/bound-methods.js";
import { requireSaver } from "../../engines/graph/save-call.js";
import { requirePlace, saveModel } from "../../engines/local/save/save-model.js";
import type { Session } from "../../engines/local/session.js";
import { readUnchanged } from "../../saved-model/files/folder-identity.js";
import { toPath } from "../../saved-model/files/locate-model.js";
import type { Checkpoints } from "../options/fit-options.js";
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

/** Saves a model every so often while it is trained, with the state of the training, and reads both again. */
export class CheckpointWriter {
  readonly #bound: BoundMethod;
  readonly #session: Session | undefined;
  readonly directory: string;
  readonly #options: Checkpoints;
  readonly #best: BestEpoch | undefined;
  #savedAt = performance.now();
  #savedStep = 0;

  /** @throws SavedModelError `NOT_SAVEABLE`, `OUTPUT_CONFLICT`: whatever would fail when it is time to save */
  constructor(bound: BoundMethod, options: Checkpoints, best: BestEpoch | undefined) {
    this.#bound = bound;
    this.#session = bound.calls.native;
    this.directory = toPath(options.directory);
    this.#options = options;
    this.#best = best;
    if (this.#session === undefined) return;
    requireSaver(this.#session);
    requirePlace(this.directory, this.#session.directory);
  }

  /** Returns whether it is time to save after this step of an epoch that goes on. */
  isDue(step: number): boolean {
    const { everySteps, everySeconds } = this.#options;
    const isStep = everySteps !== undefined && step % everySteps === 0;
    const isTime = everySeconds !== undefined && performance.now() - this.#savedAt >= everySeconds * 1000;
    return isStep || isTime;
  }

  /** Returns whether it is time to save after an epoch. */
  isDueAfter(epoch: number): boolean {
    const { everySteps, everySeconds, onlyBest = false } = this.#options;
    if (onlyBest !== false) return this.#best?.epoch === epoch;
    return everySteps === undefined && everySeconds === undefined;
  }

  /** Returns whether an interrupted training is to be saved as it is after this step. */
  isDueAtEnd(step: number): boolean {
    return (this.#options.onlyBest ?? false) === false && step > this.#savedStep;
  }

  /** Saves the model and the state in one step: whoever reads the folder gets both of the same moment. */
  save(state: TrainingState): void {
    const session = this.#session;
    if (session === undefined) {
      // A fake client says that it cannot be saved.
      this.#bound.model.save(this.directory);
    } else {
      session.lane.requireFree("fit()", () => false);
      saveModel(session, this.directory, (folder) => {
        writeState(folder, state);
        this.#best?.copyTo(folder);
      });
    }
    this.#savedAt = performance.now();
    this.#savedStep = state.step;
  }

  /**
   * Gives the model the weights of the checkpoint.
   *
   * @returns where the training was; undefined where the training begins: it is not to be resumed, or there is no checkpoint
   * @throws SavedModelError `RESTORE_FAILED` when it is of another model or training, and the codes of `restore`
   */
  resume(identity: TrainingIdentity, epochs: number): TrainingState | undefined {
    const session = this.#session;
    if (this.#options.resume !== true || session === undefined) return undefined;
    const folder = this.directory;
    if (!existsSync(folder) || readdirSync(folder).length === 0) return undefined;
    const state = readUnchanged({
      folder,
      what: "resumed",
      read: () => {
        const found = readState(folder);
        requireSameTraining(folder, found, identity, epochs);
        if (!session.file.isCopy(join(folder, basename(session.file.path)))) {
          throw notResumable(folder, "it is of another model: its graph is not the one that was loaded", {
            fix: "Load the model that was trained, or name another folder to begin again.",
          });
        }
        this.#bound.model.restore(folder);
        this.#best?.resume(found.best, folder);
        return found;
      },
    });
    this.#savedStep = state.step;
    return state;
  }
}
