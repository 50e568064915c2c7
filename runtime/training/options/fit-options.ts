import { checkCount, checkFlag, checkOptions, invalidOption } from "../../base/check-options.js";
import { SavedModelError } from "../../base/errors.js";
import type { ProgressStream } from "../progress/progress-line.js";
import type { BatchEvent, EpochRecord } from "../records/events.js";
import type { MetricName, SignatureMethod, TrainingData } from "./fit-types.js";

/** Any string, beside which an editor still completes the known ones. */
type AnyString = string & Record<never, never>;

/** When a training ends before its last epoch. */
export interface EarlyStopping {
  /**
   * What is watched: a metric, or `validation_` and a metric of the validation. By default `loss`, else the first metric that
   * is a loss or an error by its name, else the only one: of the validation, or of the training if there is none.
   */
  readonly monitor?: string;
  /** After how many epochs without a better value the training ends; by default 1. */
  readonly patience?: number;
  /** By how much a value must be better; by default 0: any amount. */
  readonly minDelta?: number;
  /**
   * Whether less is better, as of a loss, or more, as of an accuracy. By default `min` where `monitor` is a loss or an error
   * by its name, such as `loss`, `mae`, `mean_squared_error`; of anything else it has to be said.
   */
  readonly mode?: "min" | "max";
  /** Whether the model ends with the weights of its best epoch; by default false: with those of its last. */
  readonly restoreBest?: boolean;
}

/**
 * Where and how often a training is saved: the whole model, and beside it what it takes to continue. By default after each
 * epoch and its validation; in any case at its end, and when it is aborted, unless `onlyBest` is set.
 */
export interface Checkpoints {
  /** The folder of a SavedModel, replaced as a whole each time. */
  readonly directory: string | URL;
  /** Saves after this many steps, counted over all epochs. */
  readonly everySteps?: number;
  /** Saves after the first step that ends so many seconds after the last save. */
  readonly everySeconds?: number;
  /**
   * Saves only after epochs that are better than all before. Which metric tells is said here, unless `earlyStopping` says
   * it; `true` is the metric that `earlyStopping` would watch by default.
   */
  readonly onlyBest?: boolean | Pick<EarlyStopping, "monitor" | "mode">;
  /**
   * True to continue from the checkpoint in `directory`, as if the training had never ended; where there is none, it
   * begins. By default it begins, and replaces what is there.
   */
  readonly resume?: boolean;
}

/** Files that grow with each epoch. A training that is resumed continues them. */
export interface Logs {
  /** A table with a row for each epoch, as {@link History.toCSV} writes it; what is there is replaced. */
  readonly csv?: string | URL;
  /** A folder for TensorBoard: it gets `train` and `validation`, with the metrics of each epoch. */
  readonly tensorBoard?: string | URL;
}

/** What is asked after each epoch. */
export interface Validation<Inputs extends readonly unknown[] = readonly never[], Result = unknown, Method = unknown> {
  /** A signature with scalar outputs that changes nothing, such as `model.evaluate`. */
  readonly signature: SignatureMethod<Inputs, Result> & Method;
  /** Its inputs, as those of the training are given. */
  readonly data: TrainingData<Inputs, Method>;
  /** The rows of a call; by default 32, or what the signature fixes. */
  readonly batchSize?: number;
}

/** A method of the same client, without inputs, that sets the state of metrics to where they begin. */
export type ResetMethod = () => unknown;

/** How a signature is trained. */
export interface FitOptions<
  Name extends string = string,
  ValidationInputs extends readonly unknown[] = readonly never[],
  ValidationResult = unknown,
  ValidationMethod = unknown,
> {
  /** How often all rows are gone through; by default once. */
  readonly epochs?: number;
  /** The rows of a step; by default 32, or what the signature fixes. The last batch of an epoch may be smaller. */
  readonly batchSize?: number;
  /**
   * Whether rows come in another order in each epoch, by a seed from 0 to 2³² - 1; true is the seed 0. By default they keep
   * their order.
   */
  readonly shuffle?: boolean | { readonly seed: number };
  /** What is asked after each epoch; by default nothing. */
  readonly validation?: Validation<ValidationInputs, ValidationResult, ValidationMethod>;
  /**
   * The signatures that reset the metrics of the model, called before each epoch and each validation. By default those
   * whose key begins with `reset`, that take no inputs, and that set variables of metrics and nothing else; false for none.
   */
  readonly resetMetrics?: false | ResetMethod | readonly ResetMethod[];
  /** When the training ends before its last epoch; by default never. */
  readonly earlyStopping?: EarlyStopping & {
    readonly monitor?: Name | `validation_${MetricName<ValidationResult>}` | AnyString;
  };
  /** Where and how often the training is saved, and whether it continues from there; by default it is not. */
  readonly checkpoints?: Checkpoints;
  /** Files in which others can watch the training; by default none. */
  readonly logs?: Logs;
  /** Ends the training between two steps, with `ABORTED`. */
  readonly signal?: AbortSignal;
  /** Whether a metric may be NaN or infinite, and a constant NaN; else the training ends with `NOT_FINITE`. */
  readonly allowNotFinite?: boolean;
  /** Whether each step runs on a worker thread; else on this one, which is given up to the event loop every few milliseconds. */
  readonly worker?: boolean;
  /** Where progress is shown: by default on standard error; false for nowhere. */
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
