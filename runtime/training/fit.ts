import { CallerStack } from "../base/caller-stack.js";
import { SavedModelError } from "../base/errors.js";
import { History } from "./history/history.js";
import { checkFitOptions, type FitOptions } from "./options/fit-options.js";
import type { MetricName, SignatureMethod, TrainingData } from "./options/fit-types.js";
import type { EpochRecord, TrainingObserver } from "./records/events.js";
import type { Training } from "./training.js";
import { TrainingError } from "./training-error.js";

/**
 * Trains a model: calls a signature that makes a step, such as `model.train`, with batch after batch of the data, for a
 * number of epochs. The weights change as they do in calls by hand; `model.save` keeps them.
 *
 * Yields to the event loop every few milliseconds; with `worker` each step runs on another thread.
 *
 * @param signature a method of a generated client, with at least one scalar output
 * @param data an array of columns in argument order, or an object or table of them where the method takes its inputs by name;
 * or batches of arguments, from an iterator, a generator or a function
 * @returns the metrics of each epoch: the scalar outputs, averaged over its rows
 * @throws SavedModelError `NOT_TRAINABLE`, `INVALID_DATA` and `INVALID_OPTION` before the first step; the codes of a
 * call; `RESTORE_FAILED` when a checkpoint belongs to another training, `SAVE_FAILED` and `WRITE_FAILED` when a
 * checkpoint or log cannot be written; `NOT_FINITE` and `ABORTED` as a {@link TrainingError} with the history until
 * then, the weights being those after the last step.
 */
export async function fit<
  Inputs extends readonly unknown[],
  Result,
  ValidationInputs extends readonly unknown[] = readonly never[],
  ValidationResult = unknown,
  Method = unknown,
  ValidationMethod = unknown,
>(
  signature: SignatureMethod<Inputs, Result> & Method,
  data: TrainingData<Inputs, Method>,
  options: FitOptions<MetricName<Result>, ValidationInputs, ValidationResult, ValidationMethod> = {},
): Promise<History<MetricName<Result>>> {
  const caller = new CallerStack(fit);
  try {
    // Callbacks get the metrics that the type names: those of this signature.
    const checked = options as unknown as FitOptions;
    checkFitOptions(checked);
    const { Training } = await import("./training.js");
    return await train(new Training(signature, data, checked, await observersOf(checked)));
  } catch (error) {
    throw caller.giveTo(error);
  }
}

async function train<Name extends string>(training: Training): Promise<History<Name>> {
  try {
    await training.run();
  } catch (error) {
    const isEnd = error instanceof SavedModelError && (error.code === "ABORTED" || error.code === "NOT_FINITE");
    throw isEnd ? new TrainingError(error, historyOf(training)) : error;
  }
  return historyOf(training);
}

function historyOf<Name extends string>({ records, bestEpoch, monitor, notes }: Training): History<Name> {
  return new History(records as readonly EpochRecord<Name>[], { bestEpoch, monitor, notes });
}

/** Writers of logs and progress; their modules are loaded only when needed. */
async function observersOf({ progress = true, logs }: FitOptions): Promise<readonly TrainingObserver[]> {
  const observers: TrainingObserver[] = [];
  if (logs !== undefined) observers.push(...(await import("./logs/epoch-logs.js")).logWriters(logs));
  if (progress !== false) {
    const { progressObserver } = await import("./progress/progress-line.js");
    observers.push(progressObserver(progress === true ? process.stderr : progress));
  }
  return observers;
}
