import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SavedModelError } from "../../runtime/errors.js";
import { printable, quote } from "../../runtime/text.js";
import type { EpochRecord } from "../../runtime/training/events.js";
import { shortNumber } from "../../runtime/training/figures.js";
import { fit } from "../../runtime/training/fit.js";
import { History } from "../../runtime/training/history.js";
import type { FitOptions } from "../../runtime/training/options.js";
import type { Columns } from "../../runtime/training/types.js";
import { writeWhole } from "../write.js";
import { stderr, stdout } from "./colours.js";
import { TrainedModel } from "./train-model.js";
import type { HistoryFiles } from "./train-options.js";
import type { TrainingPlan } from "./train-plan.js";

/** What a shell calls a program that Ctrl-C ended: 128 and the signal's number. */
const INTERRUPTED = 130;

/**
 * Trains, saves the model, and writes what is asked for beside it. Where the training fails, nothing is written. Ctrl-C ends
 * it between two steps, and keeps what it has until then; a second one ends the process.
 *
 * @throws SavedModelError the codes of loading, training and saving
 */
export async function runTraining(plan: TrainingPlan): Promise<void> {
  const { directory, tags, trained, measuring, save, files, isQuiet } = plan;
  const say = (text: string): void => void (isQuiet || process.stdout.write(text));
  const model = new TrainedModel(directory, tags, trained.signature, measuring?.signature);
  try {
    requireSaveable(model);
    say(`${trained.rows} rows to train with${measuring === undefined ? "" : `, ${measuring.rows} to validate with`}\n`);
    const { history, interruptedAt } = await train(model, plan);
    for (const note of history.notes) say(`${note}\n`);
    if (interruptedAt === 0) {
      process.stderr.write(`${stderr.yellow("interrupted")} before the first step: nothing was written\n`);
    } else {
      model.save(save);
      if (interruptedAt !== undefined) {
        process.stderr.write(
          `${stderr.yellow("interrupted")} after step ${interruptedAt}: the model is saved as it was then\n`,
        );
      }
      say(`${stdout.green("wrote")} ${printable(save, 500)}  ${describe(history)}\n`);
      for (const path of writeHistory(history, files)) say(`${stdout.green("wrote")} ${printable(path, 500)}\n`);
    }
    if (interruptedAt !== undefined) process.exitCode = INTERRUPTED;
  } finally {
    model.dispose();
  }
}

/**
 * Saves the weights once, to where they are not kept: a model that cannot be saved is not worth a training.
 *
 * @throws SavedModelError `NOT_SAVEABLE`, `SAVE_FAILED`
 */
function requireSaveable(model: TrainedModel): void {
  const folder = mkdtempSync(join(tmpdir(), "savedmodel-train-"));
  try {
    model.saveWeights(join(folder, "weights"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Trained {
  readonly history: History;
  /** The last step before Ctrl-C. */
  readonly interruptedAt?: number;
}

async function train(model: TrainedModel, plan: TrainingPlan): Promise<Trained> {
  const { trained, measuring, numbers, earlyStopping, isQuiet } = plan;
  const { epochs, batchSize, seed } = numbers;
  const records: EpochRecord[] = [];
  let step = 0;
  const interrupt = new AbortController();
  const abort = (): void => interrupt.abort();
  // Once: the second Ctrl-C is the system's, and ends the process.
  process.once("SIGINT", abort);
  try {
    const options: FitOptions<string, readonly unknown[]> = {
      epochs,
      ...(batchSize !== undefined && { batchSize }),
      ...(seed !== undefined && { shuffle: { seed } }),
      ...(measuring && { validation: { signature: model.evaluate, data: asColumns(measuring.columns) } }),
      ...(earlyStopping && { earlyStopping }),
      signal: interrupt.signal,
      progress: !isQuiet,
      onBatch: (event) => {
        step = event.step;
      },
      onEpoch: (record) => {
        records.push(record);
      },
    };
    return { history: await fit(model.train, asColumns(trained.columns), options) };
  } catch (error) {
    if (!(error instanceof SavedModelError)) throw error;
    if (error.code === "ABORTED" && interrupt.signal.aborted)
      return { history: new History(records), interruptedAt: step };
    const { code, rawMessage, fix } = error;
    const advice = code === "NOT_FINITE" ? "Lower the learning rate or look at the data." : fix;
    const nothing = "Nothing was saved.";
    throw new SavedModelError(code, rawMessage, { fix: advice ? `${advice} ${nothing}` : nothing, cause: error });
  } finally {
    process.off("SIGINT", abort);
  }
}

/** The plan's columns are those of its signature, which no type tells. */
function asColumns(columns: readonly unknown[]): Columns<readonly unknown[]> {
  return columns as Columns<readonly unknown[]>;
}

/** What the saved model is worth: its metrics in the epoch that its weights are from. */
function describe({ epochs, bestEpoch, monitor }: History): string {
  const record = epochs.find(({ epoch }) => epoch === bestEpoch) ?? epochs.at(-1);
  if (record === undefined) return "no epoch was finished";
  const { epoch, metrics, validation = {} } = record;
  const parts = [
    ...Object.entries(metrics),
    ...Object.entries(validation).map(([name, value]) => [`validation ${name}`, value] as const),
  ].map(([name, value]) => `${printable(name)} ${shortNumber(value)}`);
  const best = bestEpoch === undefined ? "" : `, the best by ${quote(monitor ?? "")}`;
  return `epoch ${epoch}${best}: ${parts.join(", ")}`;
}

function writeHistory(history: History, { history: json, csv, plot }: HistoryFiles): readonly string[] {
  const files = [
    [json, () => `${JSON.stringify(history)}\n`],
    [csv, () => history.toCSV()],
    [plot, () => history.toSVG()],
  ] as const;
  return files.flatMap(([path, text]) => {
    if (path === undefined) return [];
    writeWhole(path, text());
    return [path];
  });
}
