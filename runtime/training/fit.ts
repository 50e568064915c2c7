import type { EpochRecord, TrainingObserver } from "./events.js";
import { History } from "./history.js";
import { checkFitOptions, type FitOptions } from "./options.js";
import { Training } from "./training.js";
import type { MetricName, SignatureMethod, TrainingData } from "./types.js";

/**
 * Trains a model: calls a signature that makes a step, such as `model.train`, with batch after batch of the data, for so
 * many epochs. The weights change as they do in calls by hand; `model.save` keeps them.
 *
 * The event loop gets its turn every few milliseconds; with `worker` each step runs on another thread.
 *
 * @param signature a method of a generated client, with at least one scalar output
 * @param data an array of columns in argument order; or batches of arguments, from an iterator, a generator or a function
 * @returns the metrics of each epoch: the scalar outputs, averaged over its rows
 * @throws SavedModelError `NOT_TRAINABLE`, `INVALID_DATA` and `INVALID_OPTION` before the first step; `NOT_FINITE`,
 * `ABORTED`, and the codes of a call. The weights are then those after the last step that was made.
 */
export async function fit<
  Inputs extends readonly unknown[],
  Result,
  ValidationInputs extends readonly unknown[] = readonly never[],
  ValidationResult = unknown,
>(
  signature: SignatureMethod<Inputs, Result>,
  data: TrainingData<Inputs>,
  options: FitOptions<MetricName<Result>, ValidationInputs, ValidationResult> = {},
): Promise<History<MetricName<Result>>> {
  // Callbacks get the metrics that the type names: those of this signature.
  const checked = options as unknown as FitOptions;
  checkFitOptions(checked);
  const training = new Training(signature, data, checked, await observersOf(checked));
  const epochs = (await training.run()) as readonly EpochRecord<MetricName<Result>>[];
  const { bestEpoch, monitor, notes } = training;
  return new History(epochs, { bestEpoch, monitor, notes });
}

/** Whoever shows the progress; what that takes is loaded only then. */
async function observersOf({ progress = true }: FitOptions): Promise<readonly TrainingObserver[]> {
  if (progress === false) return [];
  const { progressObserver } = await import("./progress.js");
  return [progressObserver(progress === true ? process.stderr : progress)];
}
