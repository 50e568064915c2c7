import { resolve } from "node:path";
import { SavedModelError } from "../../../runtime/base/errors.js";
import { itemAt } from "../../../runtime/base/item-at.js";
import { printable, quote } from "../../../runtime/base/text.js";
import { split } from "../../../runtime/data/split.js";
import { requirePlace } from "../../../runtime/engines/local/save/save-model.js";
import { inspect } from "../../../runtime/saved-model/describe.js";
import type { SignatureInfo } from "../../../runtime/saved-model/signature-info.js";
import type { Tensor } from "../../../runtime/tensor/tensor.js";
import { batchSource } from "../../../runtime/training/batches/batches.js";
import { MetricOutputs } from "../../../runtime/training/metrics/metric-outputs.js";
import type { Checkpoints, EarlyStopping, Logs } from "../../../runtime/training/options/fit-options.js";
import { inFlags } from "../flags/tags.js";
import { chooseSignature } from "../run/run.js";
import { openData } from "./train-data.js";
import { type InputPlan, planInputs, readAssignments } from "./train-inputs.js";
import {
  checkFiles,
  type HistoryFiles,
  parseEarlyStopping,
  parseNumbers,
  type TrainFlags,
  type TrainNumbers,
} from "./train-options.js";

/** A signature, and its arguments for `fit`. */
interface SignatureRows {
  readonly signature: SignatureInfo;
  readonly columns: readonly unknown[];
  readonly rows: number;
}

/** A training before it runs. */
export interface TrainingPlan {
  readonly directory: string;
  readonly tags: readonly string[];
  readonly opLibraries: readonly string[];
  readonly trained: SignatureRows;
  readonly measuring: SignatureRows | undefined;
  /** The signature that resets metrics; false for none, undefined to let `fit` find it. */
  readonly reset: SignatureInfo | false | undefined;
  /** The other signatures that can be called. */
  readonly others: readonly SignatureInfo[];
  readonly numbers: TrainNumbers;
  readonly earlyStopping: EarlyStopping | undefined;
  readonly save: string;
  /** Checkpoints and logs, which `fit` writes beside the training. */
  readonly checkpoints: Checkpoints | undefined;
  readonly logs: Logs | undefined;
  readonly files: HistoryFiles;
  readonly isQuiet: boolean;
}

/**
 * Reads the model's description and the data, and checks everything that does not need TensorFlow.
 *
 * @throws SavedModelError `INVALID_OPTION` for invalid options; `NOT_TRAINABLE`, `SIGNATURE_NOT_FOUND`,
 * `SIGNATURE_UNSUPPORTED`, `OUTPUT_CONFLICT`, and the codes of files, of data and of inputs
 */
export async function planTraining(directory: string, flags: TrainFlags): Promise<TrainingPlan> {
  const numbers = parseNumbers(flags);
  const files = checkFiles(flags);
  // Checked now: after the training would be hours too late.
  requirePlace(flags.save, directory);
  const checkpoints = planCheckpoints(flags, directory);
  const { signatures, tags, variables } = inFlags(() =>
    inspect(directory, flags.tags === undefined ? {} : { tags: flags.tags }),
  );
  if (variables.length === 0) {
    throw new SavedModelError("NOT_TRAINABLE", `${printable(directory, 500)} has no variables to train`);
  }
  const isTrain = signatures.some(({ key, unsupported }) => key === "train" && unsupported === undefined);
  const trained = chooseSignature(directory, signatures, flags.signature ?? (isTrain ? "train" : undefined));
  const measuring = flags.evaluate === undefined ? [] : [chooseSignature(directory, signatures, flags.evaluate)];
  if (measuring[0]?.key === trained.key) {
    throw new SavedModelError("INVALID_OPTION", `--evaluate: ${quote(trained.key)} is the signature being trained`);
  }
  const reset = flags.reset ? chooseReset(directory, signatures, flags.reset) : (flags.reset as false | undefined);
  const earlyStopping = parseEarlyStopping(
    flags.earlyStopping,
    metricsOf(trained, "train"),
    measuring.flatMap((signature) => metricsOf(signature, "measure")),
  );

  const both = [trained, ...measuring];
  const assignments = readAssignments(both, flags.input ?? [], flags.constant ?? []);
  const data = await openData(flags.data, flags.delimiter);
  const plans = both.map((signature) => planInputs(signature, assignments, data));
  const tensors = await data.read(plans.flat().flatMap((plan) => (plan.kind === "rows" ? [plan.wanted] : [])));
  const [rows, held] = splitRows(tensors, numbers);
  const [trainedRows, measuringRows] = both.map((signature, index): SignatureRows => {
    const columns = itemAt(fillInputs(plans, index === 0 ? rows : held), index);
    const { batchSize, seed } = index === 0 ? numbers : { batchSize: undefined, seed: undefined };
    const method = { ...signature, properties: undefined };
    const source = batchSource(nameOf(signature), method, columns, { batchSize, seed });
    return { signature, columns, rows: source.rows ?? 0 };
  });
  if (trainedRows === undefined) throw new TypeError("nothing is trained");
  return {
    directory: resolve(directory),
    tags,
    opLibraries: flags.opLibrary ?? [],
    trained: trainedRows,
    measuring: measuringRows,
    reset,
    others: signatures.filter((signature) => ![trained, ...measuring, reset].includes(signature) && isPlain(signature)),
    numbers,
    earlyStopping,
    save: flags.save,
    checkpoints,
    logs: flags.tensorboard === undefined ? undefined : { tensorBoard: flags.tensorboard },
    files,
    isQuiet: flags.quiet === true,
  };
}

/** Plans checkpoints. @throws SavedModelError `INVALID_OPTION`, `OUTPUT_CONFLICT` */
function planCheckpoints({ checkpoints, resume, save }: TrainFlags, directory: string): Checkpoints | undefined {
  if (checkpoints === undefined) {
    if (resume === undefined) return undefined;
    throw new SavedModelError("INVALID_OPTION", "--resume needs --checkpoints", {
      fix: "Pass the folder with the training's checkpoints: --checkpoints <dir>.",
    });
  }
  if (requirePlace(checkpoints, directory) === requirePlace(save, directory)) {
    throw new SavedModelError("INVALID_OPTION", "--checkpoints and --save are the same folder");
  }
  return { directory: checkpoints, ...(resume && { resume }) };
}

/**
 * Returns the signature to reset with. @throws SavedModelError `SIGNATURE_NOT_FOUND`, `SIGNATURE_UNSUPPORTED`,
 * `INVALID_OPTION`
 */
function chooseReset(directory: string, signatures: readonly SignatureInfo[], asked: string): SignatureInfo {
  const reset = chooseSignature(directory, signatures, asked);
  const required = reset.inputs.find(({ optional }) => optional !== true);
  if (required === undefined) return reset;
  const message = `--reset: ${quote(reset.key)} takes inputs, such as ${quote(required.key)}`;
  throw new SavedModelError("INVALID_OPTION", message, { fix: "Choose a signature without inputs." });
}

/** Returns whether a signature can be called with dense inputs. */
function isPlain({ inputs, unsupported }: SignatureInfo): boolean {
  return unsupported === undefined && inputs.every(({ encoding }) => encoding === undefined);
}

function nameOf({ key }: SignatureInfo): string {
  return `${printable(key)}()`;
}

/** Returns the metrics of a signature. @throws SavedModelError `NOT_TRAINABLE` when there are none */
function metricsOf(signature: SignatureInfo, use: "train" | "measure"): readonly string[] {
  return new MetricOutputs(nameOf(signature), { ...signature, properties: undefined }, use).names;
}

/** Splits rows into those to train with and those that are held back. */
function splitRows(
  tensors: readonly Tensor[],
  { validation, seed = 0 }: TrainNumbers,
): readonly [rows: readonly Tensor[], held: readonly Tensor[]] {
  if (validation === undefined) return [tensors, []];
  const parts = split(Object.fromEntries(tensors.entries()), { validation, seed });
  return [Object.values(parts.train), Object.values(parts.validation)];
}

/** Returns the columns of each signature: rows in the order in which they were requested, and constants. */
function fillInputs(
  plans: readonly (readonly InputPlan[])[],
  rows: readonly Tensor[],
): readonly (readonly unknown[])[] {
  const next = rows.values();
  return plans.map((inputs) =>
    inputs.map((plan) =>
      plan.kind === "rows" ? next.next().value : plan.kind === "constant" ? plan.value : undefined,
    ),
  );
}
