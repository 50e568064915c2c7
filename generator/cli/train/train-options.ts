import { statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { SavedModelError } from "../../../runtime/base/errors.js";
import { itemAt } from "../../../runtime/base/item-at.js";
import { printable, quote } from "../../../runtime/base/text.js";
import { watchedMetric } from "../../../runtime/training/early-stopping.js";
import type { EarlyStopping } from "../../../runtime/training/options/fit-options.js";

/** Options of `savedmodel train` as given on the command line. */
export interface TrainFlags {
  readonly signature?: string;
  readonly data: string;
  readonly delimiter?: string;
  readonly input?: readonly string[];
  readonly constant?: readonly string[];
  readonly epochs?: string;
  readonly batchSize?: string;
  readonly shuffle?: string;
  readonly evaluate?: string;
  readonly validation?: string;
  readonly earlyStopping?: string;
  /** Key of a signature, false for none. */
  readonly reset?: string | false;
  readonly checkpoints?: string;
  readonly resume?: true;
  readonly tensorboard?: string;
  readonly save: string;
  readonly history?: string;
  readonly csv?: string;
  readonly plot?: string;
  readonly quiet?: true;
  readonly opLibrary?: readonly string[];
  readonly tags?: readonly string[];
}

/** Numeric options, parsed. */
export interface TrainNumbers {
  readonly epochs: number;
  readonly batchSize: number | undefined;
  readonly seed: number | undefined;
  /** Fraction of the rows that is used for validation. */
  readonly validation: number | undefined;
}

/** Parses the numeric options. @throws SavedModelError `INVALID_OPTION` */
export function parseNumbers({ epochs = "1", batchSize, shuffle, evaluate, validation }: TrainFlags): TrainNumbers {
  if ((validation === undefined) !== (evaluate === undefined)) {
    const [given, missing] = evaluate === undefined ? ["--validation", "--evaluate"] : ["--evaluate", "--validation"];
    throw new SavedModelError("INVALID_OPTION", `${given} needs ${missing}`, {
      fix: "Pass both, e.g. --validation 0.2 --evaluate <signature>.",
    });
  }
  return {
    epochs: parseInteger("--epochs", epochs, 1, Number.MAX_SAFE_INTEGER),
    batchSize:
      batchSize === undefined ? undefined : parseInteger("--batch-size", batchSize, 1, Number.MAX_SAFE_INTEGER),
    seed: shuffle === undefined ? undefined : parseInteger("--shuffle", shuffle, 0, 2 ** 32 - 1),
    validation: validation === undefined ? undefined : parsePart(validation),
  };
}

function parseInteger(flag: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  const unbounded = least === 0 ? "a non-negative integer" : "a positive integer";
  const wanted = most === Number.MAX_SAFE_INTEGER ? unbounded : `an integer from ${least} to ${most}`;
  throw new SavedModelError("INVALID_OPTION", `${flag} must be ${wanted}, got ${quote(text)}`);
}

function parsePart(text: string): number {
  const value = /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value < 1) return value;
  throw new SavedModelError("INVALID_OPTION", `--validation must be a number between 0 and 1, got ${quote(text)}`);
}

/**
 * Parses `5`, `5:loss`, `5:validation_accuracy:max`. The default metric is that of `fit`.
 *
 * @param metrics of the training
 * @param validation its metrics
 * @throws SavedModelError `INVALID_OPTION`
 */
export function parseEarlyStopping(
  text: string | undefined,
  metrics: readonly string[],
  validation: readonly string[],
): EarlyStopping | undefined {
  if (text === undefined) return undefined;
  const parts = text.split(":");
  const digits = itemAt(parts, 0);
  const rest = parts.slice(1);
  const patience = parseInteger("--early-stopping", digits, 0, Number.MAX_SAFE_INTEGER);
  const end = rest.at(-1);
  const mode = end === "min" || end === "max" ? end : undefined;
  const monitor = (mode === undefined ? rest : rest.slice(0, -1)).join(":");
  const asked: EarlyStopping = { ...(monitor !== "" && { monitor }), ...(mode !== undefined && { mode }) };
  const watched = watchedMetric(asked, metrics, validation, {
    call: "--early-stopping",
    example: (name, better) => `--early-stopping ${quote(`${digits}:${name}:${better}`)}`,
  });
  return { patience, ...watched, restoreBest: true };
}

/** Files that are written beside the model, by content. */
export type HistoryFiles = Readonly<Record<"history" | "csv" | "plot", string | undefined>>;

const ENDINGS = { history: ".json", csv: ".csv", plot: ".svg" } as const;

/**
 * Rejects output files early that would otherwise fail after the training.
 *
 * @throws SavedModelError `INVALID_OPTION`, `WRITE_FAILED`
 */
export function checkFiles({ data, history, csv, plot }: TrainFlags): HistoryFiles {
  const files = { history, csv, plot };
  const taken = new Map([[resolve(data), "--data"]]);
  for (const [name, ending] of Object.entries(ENDINGS)) {
    const path = files[name as keyof HistoryFiles];
    if (path === undefined) continue;
    const other = taken.get(resolve(path));
    if (other !== undefined) {
      throw new SavedModelError("INVALID_OPTION", `--${name} and ${other} are the same file: ${printable(path, 500)}`);
    }
    taken.set(resolve(path), `--${name}`);
    if (extname(path).toLowerCase() !== ending) {
      throw new SavedModelError("INVALID_OPTION", `--${name}: ${quote(path)} does not end in ${ending}`);
    }
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
      throw new SavedModelError("WRITE_FAILED", `${printable(path, 500)} cannot be written: it is a folder`);
    }
  }
  return files;
}
