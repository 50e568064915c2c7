import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SavedModelError } from "../../../runtime/base/errors.js";
import { printable, quote } from "../../../runtime/base/text.js";
import { fit } from "../../../runtime/training/fit.js";
import type { History } from "../../../runtime/training/history/history.js";
import type { FitOptions } from "../../../runtime/training/options/fit-options.js";
import type { Columns } from "../../../runtime/training/options/fit-types.js";
import { shortNumber } from "../../../runtime/training/progress/format-number.js";
import { TrainingError } from "../../../runtime/training/training-error.js";
import { writeFiles } from "../../project/write-client.js";
import { stderr } from "../ui/colors.js";
import { marked } from "../ui/error-message.js";
import { columnsOf, sentence } from "../ui/layout.js";
import { reportWritten } from "../ui/report.js";
import { Interrupt } from "./train-interrupt.js";
import { TrainedModel } from "./train-model.js";
import type { HistoryFiles } from "./train-options.js";
import type { TrainingPlan } from "./train-plan.js";

/**
 * Trains, saves the model, and writes the requested files beside it. If the training fails, nothing is written. Ctrl+C
 * and SIGTERM end it between two steps and keep the result so far; a second one ends the process. A closed terminal
 * does not end the training.
 *
 * @throws SavedModelError the codes of loading, training and saving
 */
export async function runTraining(plan: TrainingPlan): Promise<void> {
  const { directory, tags, opLibraries, trained, measuring, reset, others, save, files, isQuiet } = plan;
  const say = (text: string): void => void (isQuiet || process.stdout.write(text));
  const model = new TrainedModel(
    directory,
    { tags, opLibraries },
    {
      trained: trained.signature,
      measuring: measuring?.signature,
      reset: reset === false ? undefined : reset,
      others,
    },
  );
  const interrupt = new Interrupt();
  try {
    requireSaveable(model);
    const held = measuring === undefined ? "" : `, ${measuring.rows} to validate with`;
    say(`${trained.rows} ${trained.rows === 1 ? "row" : "rows"} to train with${held}\n`);
    const { history, interruptedAt } = await train(model, plan, interrupt);
    await interrupt.settle();
    if (interruptedAt === 0) {
      sayInterrupted("before the first step: nothing was written");
    } else {
      model.save(save);
      if (interruptedAt !== undefined) {
        sayInterrupted(`after step ${interruptedAt}: the model is saved as it was then`);
      }
      const paths = writeHistory(history, files);
      if (!isQuiet) {
        reportWritten(save, sentence(describe(history)));
        for (const path of paths) reportWritten(path);
      }
    }
    if (interruptedAt !== undefined) process.exitCode = interrupt.exitCode;
  } finally {
    interrupt.dispose();
    model.dispose();
  }
}

/**
 * Saves the weights once, to a temporary place: a model that cannot be saved is not worth training.
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

function sayInterrupted(what: string): void {
  process.stderr.write(marked({ text: "interrupted", style: stderr.yellow }, what, columnsOf(process.stderr)));
}

interface Trained {
  readonly history: History;
  /** The last step before an interruption. */
  readonly interruptedAt?: number;
}

async function train(model: TrainedModel, plan: TrainingPlan, interrupt: Interrupt): Promise<Trained> {
  const { trained, measuring, reset, numbers, earlyStopping, checkpoints, logs, isQuiet } = plan;
  const { epochs, batchSize, seed } = numbers;
  let step = 0;
  try {
    const options: FitOptions<never, readonly unknown[]> = {
      epochs,
      ...(batchSize !== undefined && { batchSize }),
      ...(seed !== undefined && { shuffle: { seed } }),
      ...(measuring && { validation: { signature: model.evaluate, data: asColumns(measuring.columns) } }),
      ...(reset !== undefined && { resetMetrics: reset !== false && model.reset }),
      ...(earlyStopping && { earlyStopping }),
      ...(checkpoints && { checkpoints }),
      ...(logs && { logs }),
      signal: interrupt.signal,
      progress: !isQuiet,
      onBatch: (event) => {
        step = event.step;
      },
    };
    return { history: await fit(model.train, asColumns(trained.columns), options) };
  } catch (error) {
    if (!(error instanceof SavedModelError)) throw error;
    if (error instanceof TrainingError && error.code === "ABORTED" && interrupt.exitCode !== undefined) {
      return { history: error.history, interruptedAt: step };
    }
    const { code, rawMessage, fix } = error;
    const advice =
      code === "NOT_FINITE"
        ? "Lower the learning rate or check the data."
        : fix?.includes("`resetMetrics: false`")
          ? "Name the signature that resets it with --reset <key>, or export one; --no-reset continues without."
          : fix;
    const nothing = checkpoints === undefined ? "Nothing was saved." : "Only the checkpoints were saved.";
    throw new SavedModelError(code, rawMessage, { fix: advice ? `${advice} ${nothing}` : nothing, cause: error });
  }
}

/** Narrows the columns of a plan to those of its signature, which no type states. */
function asColumns(columns: readonly unknown[]): Columns<readonly unknown[]> {
  return columns as Columns<readonly unknown[]>;
}

/** Formats the metrics of the saved model, from the epoch of its weights. */
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
  const written = files.flatMap(([path, text]) => (path === undefined ? [] : [{ path, data: text() }]));
  writeFiles(written);
  return written.map(({ path }) => path);
}
