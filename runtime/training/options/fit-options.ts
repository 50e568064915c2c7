import { checkCount, checkFlag, checkOptions, invalidOption } from "../../base/check-options.js";
import { SavedModelError } from "../../base/errors.js";
import type { ProgressStream } from "../progress/progress-line.js";
import type { BatchEvent, EpochRecord } from "../records/events.js";
import type { MetricName, SignatureMethod, TrainingData } from "./fit-types.js";

/** Any string, while an editor still completes the known ones. */
type AnyString = string & Record<never, never>;

/** Condition that ends a training before its last epoch. */
export interface EarlyStopping {
  /**
   * Metric to watch: its name, or `validation_` and its name. By default `loss`, else the first metric whose name says
   * loss or error, else the only one: of the validation, or of the training if there is none.
   */
  readonly monitor?: string;
  /** Number of epochs without a better value after which the training ends. Default: 1. */
  readonly patience?: number;
  /** Minimum difference of a better value. Default: 0, any improvement. */
  readonly minDelta?: number;
  /**
   * `"min"` if less is better, as for a loss; `"max"` if more is better, as for an accuracy. By default `"min"` where
   * the name of `monitor` says loss or error, such as `loss`, `mae`, `mean_squared_error`; required for anything else.
   */
  readonly mode?: "min" | "max";
  /** True to end with the weights of the best epoch; by default the model keeps those of the last. */
  readonly restoreBest?: boolean;
}

/**
 * Location and frequency of checkpoints: the whole model, and beside it the state needed to resume. By default one is
 * saved after each epoch and its validation; in any case at the end, and on abort, unless `onlyBest` is set.
 */
export interface Checkpoints {
  /** Folder of a SavedModel, replaced as a whole each time. */
  readonly directory: string | URL;
  /** Saves after this many steps, counted over all epochs. */
  readonly everySteps?: number;
  /** Saves after the first step that ends at least this many seconds after the last save. */
  readonly everySeconds?: number;
  /**
   * Saves only after epochs that are better than all before, by the metric set here or in `earlyStopping`; `true` is
   * the metric that `earlyStopping` would watch by default.
   */
  readonly onlyBest?: boolean | Pick<EarlyStopping, "monitor" | "mode">;
  /**
   * True to resume from the checkpoint in `directory`, as if the training had never ended; without a checkpoint it
   * starts. By default it starts, and replaces an existing checkpoint.
   */
  readonly resume?: boolean;
}

/** Files that grow with each epoch. A training that is resumed continues them. */
export interface Logs {
  /** CSV file with a row for each epoch, as {@link History.toCSV} writes it; an existing file is replaced. */
  readonly csv?: string | URL;
  /** Folder for TensorBoard, with `train` and `validation` for the metrics of each epoch. */
  readonly tensorBoard?: string | URL;
}

/** Validation after each epoch. */
export interface Validation<Inputs extends readonly unknown[] = readonly never[], Result = unknown, Method = unknown> {
  /** Signature with scalar outputs that changes nothing, such as `model.evaluate`. */
  readonly signature: SignatureMethod<Inputs, Result> & Method;
  /** Inputs of the signature, in the same form as those of the training. */
  readonly data: TrainingData<Inputs, Method>;
  /** Number of rows of a call; by default 32, or the size that the signature fixes. */
  readonly batchSize?: number;
}

/** Method of the same client, without inputs, that resets the state of metrics. */
export type ResetMethod = () => unknown;

/** Options for training a signature. */
export interface FitOptions<
  Name extends string = string,
  ValidationInputs extends readonly unknown[] = readonly never[],
  ValidationResult = unknown,
  ValidationMethod = unknown,
> {
  /** Number of epochs, each of which iterates all rows once. Default: 1. */
  readonly epochs?: number;
  /**
   * Number of rows of a step; by default 32, or the size that the signature fixes. The last batch of an epoch may be
   * smaller.
   */
  readonly batchSize?: number;
  /**
   * Shuffles the rows in each epoch, by a seed from 0 to 2³² - 1; true is the seed 0. By default they keep their order.
   */
  readonly shuffle?: boolean | { readonly seed: number };
  /** Validation after each epoch; none by default. */
  readonly validation?: Validation<ValidationInputs, ValidationResult, ValidationMethod>;
  /**
   * Signatures that reset the metrics of the model, called before each epoch and each validation. By default those
   * whose key begins with `reset`, that take no inputs, and that set variables of metrics and nothing else; false for
   * none.
   */
  readonly resetMetrics?: false | ResetMethod | readonly ResetMethod[];
  /** Condition that ends the training before its last epoch; none by default. */
  readonly earlyStopping?: EarlyStopping & {
    readonly monitor?: Name | `validation_${MetricName<ValidationResult>}` | AnyString;
  };
  /** Location and frequency of checkpoints, and whether to resume from one; none by default. */
  readonly checkpoints?: Checkpoints;
  /** Files for watching the training; none by default. */
  readonly logs?: Logs;
  /** Aborts the training between two steps, with `ABORTED`. */
  readonly signal?: AbortSignal;
  /**
   * True to allow metrics that are NaN or infinite, and constants that are NaN; otherwise they end the training with
   * `NOT_FINITE`.
   */
  readonly allowNotFinite?: boolean;
  /**
   * True to run each step on a worker thread; by default on this one, yielding to the event loop every few
   * milliseconds.
   */
  readonly worker?: boolean;
  /** Stream that shows progress: standard error by default; false for none. */
  readonly progress?: boolean | ProgressStream;
  /**
   * Called after each step with its {@link BatchEvent}: epoch, step, rows, the metrics of the step and their means so far in the
   * epoch. A promise is awaited, and an error ends the training.
   */
  readonly onBatch?: (event: BatchEvent<Name>) => void | Promise<void>;
  /**
   * Called after each epoch and its validation with its {@link EpochRecord}, which is also in the history: epoch, step, rows,
   * seconds, the metrics, those of the validation, and the scalar inputs of the last step. A promise is awaited, and an error
   * ends the training.
   */
  readonly onEpoch?: (record: EpochRecord<Name>) => void | Promise<void>;
}

const CALL = "fit()";

/** @throws SavedModelError `INVALID_OPTION`, naming the option */
export function checkFitOptions(options: FitOptions): void {
  checkOptions(CALL, options, [
    "epochs",
    "batchSize",
    "shuffle",
    "validation",
    "resetMetrics",
    "earlyStopping",
    "checkpoints",
    "logs",
    "signal",
    "allowNotFinite",
    "worker",
    "progress",
    "onBatch",
    "onEpoch",
  ]);
  checkFinite("epochs", options.epochs);
  checkFinite("batchSize", options.batchSize);
  checkFlag(CALL, "allowNotFinite", options.allowNotFinite);
  checkFlag(CALL, "worker", options.worker);
  for (const name of ["onBatch", "onEpoch"] as const) {
    const callback: unknown = options[name];
    if (callback !== undefined && typeof callback !== "function") throw invalidOption(CALL, name, "a function");
  }
  const { signal, shuffle, validation, earlyStopping, checkpoints } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidOption(CALL, "signal", "an AbortSignal");
  if (shuffle !== undefined && typeof shuffle !== "boolean") checkOptions(`${CALL} shuffle`, shuffle, ["seed"]);
  if (validation !== undefined) {
    checkOptions(`${CALL} validation`, validation, ["signature", "data", "batchSize"]);
    checkFinite("validation.batchSize", validation.batchSize);
  }
  if (options.logs !== undefined) checkOptions(`${CALL} logs`, options.logs, ["csv", "tensorBoard"]);
  if (earlyStopping !== undefined) checkEarlyStopping(earlyStopping);
  if (checkpoints !== undefined) checkCheckpoints(checkpoints, earlyStopping);
}

function checkEarlyStopping(options: EarlyStopping): void {
  checkOptions(`${CALL} earlyStopping`, options, ["monitor", "patience", "minDelta", "mode", "restoreBest"]);
  const { patience = 1, minDelta = 0, mode, restoreBest } = options;
  if (!Number.isSafeInteger(patience) || patience < 0) throw invalidOption(CALL, "patience", "a non-negative integer");
  if (!(minDelta >= 0)) throw invalidOption(CALL, "minDelta", "a non-negative number");
  checkMode(mode);
  checkFlag(CALL, "restoreBest", restoreBest);
}

function checkCheckpoints(options: Checkpoints, earlyStopping: EarlyStopping | undefined): void {
  checkOptions(`${CALL} checkpoints`, options, ["directory", "everySteps", "everySeconds", "onlyBest", "resume"]);
  const { everySteps, everySeconds, onlyBest = false, resume } = options;
  checkFinite("everySteps", everySteps);
  if (everySeconds !== undefined && !(everySeconds > 0)) throw invalidOption(CALL, "everySeconds", "a number above 0");
  checkFlag(CALL, "checkpoints.resume", resume);
  if (onlyBest === false) return;
  if (everySteps !== undefined || everySeconds !== undefined) {
    throw new SavedModelError(
      "INVALID_OPTION",
      `${CALL} checkpoints: onlyBest saves after epochs, not after steps or seconds`,
      { fix: "Leave out everySteps and everySeconds, or onlyBest." },
    );
  }
  if (onlyBest === true) return;
  checkOptions(`${CALL} checkpoints.onlyBest`, onlyBest, ["monitor", "mode"]);
  if (earlyStopping !== undefined) {
    throw new SavedModelError("INVALID_OPTION", `${CALL} checkpoints: earlyStopping says which metric is watched`, {
      fix: "Write `onlyBest: true`, and the metric in `earlyStopping`.",
    });
  }
  checkMode(onlyBest.mode);
}

function checkMode(mode: unknown): void {
  if (mode !== undefined && mode !== "min" && mode !== "max") throw invalidOption(CALL, "mode", '"min" or "max"');
}

function checkFinite(option: string, count: number | undefined): void {
  if (count === Number.POSITIVE_INFINITY) throw invalidOption(CALL, option, "a positive integer");
  checkCount(CALL, option, count);
}
