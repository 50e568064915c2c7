import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SavedModelError } from "../../base/errors.js";
import { isRecord } from "../../base/is-record.js";
import { itemAt } from "../../base/item-at.js";
import { readRegularFile } from "../../base/regular-file.js";
import { printable, reasonOf } from "../../base/text.js";
import { TRAINING_STATE } from "../../saved-model/files/model-entries.js";
import { History } from "../history/history.js";
import type { MetricTotals } from "../metrics/metric-outputs.js";
import type { EpochRecord, Metrics } from "../records/events.js";

/** An epoch that was not finished. */
export interface OpenEpoch {
  /** Number of its finished steps. */
  readonly steps: number;
  /** Duration of these steps. */
  readonly seconds: number;
  readonly totals: MetricTotals;
  /** Scalar inputs of the last of these steps. */
  readonly constants: Metrics | undefined;
}

/** The best epoch so far, and its value of the watched metric. */
export interface Best {
  readonly epoch: number;
  readonly value: number;
}

/** Options and sizes that identify a training, by their names in messages. */
export type TrainingIdentity = Readonly<Record<string, string | number | boolean | null>>;

/** Progress of a training, beside the values of the model's variables. */
export interface TrainingState {
  readonly identity: TrainingIdentity;
  /** Records of the finished epochs. */
  readonly records: readonly EpochRecord[];
  /** Number of finished steps, over all epochs. */
  readonly step: number;
  readonly open: OpenEpoch | undefined;
  readonly best: Best | undefined;
}

const FORMAT = "savedmodel.training";
const VERSION = 1;
const FILE = "state.json";
/** A history of many epochs and metrics. */
const MAX_BYTES = 2 ** 30;

/** Returns the prefix of the best weights' files in a checkpoint. */
export function bestWeightsIn(checkpoint: string): string {
  return join(checkpoint, TRAINING_STATE, "best");
}

/** Writes the state of a training into the folder of its checkpoint. */
export function writeState(checkpoint: string, { identity, records, step, open, best }: TrainingState): void {
  const folder = join(checkpoint, TRAINING_STATE);
  mkdirSync(folder);
  const json = {
    format: FORMAT,
    version: VERSION,
    identity,
    step,
    ...(best && { best: { epoch: best.epoch, value: encodeNumbers([best.value]) } }),
    ...(open && {
      open: {
        steps: open.steps,
        seconds: open.seconds,
        rows: open.totals.rows,
        sums: encodeNumbers(open.totals.sums),
        last: encodeNumbers(open.totals.last),
        ...(open.constants && {
          constants: { names: Object.keys(open.constants), values: encodeNumbers(Object.values(open.constants)) },
        }),
      },
    }),
    history: new History(records),
  };
  writeFileSync(join(folder, FILE), `${JSON.stringify(json)}\n`);
}

/**
 * Reads the state of a training from the folder of its checkpoint.
 *
 * @throws SavedModelError `RESTORE_FAILED` when it is missing or damaged
 */
export function readState(checkpoint: string): TrainingState {
  const path = join(checkpoint, TRAINING_STATE, FILE);
  let text: string;
  try {
    text = readRegularFile(path, MAX_BYTES).toString("utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") {
      throw notResumable(checkpoint, `it lacks ${TRAINING_STATE}/${FILE}`, {
        fix: "Pass a folder that a training has saved its checkpoints to, or one that does not exist yet.",
      });
    }
    throw notResumable(checkpoint, reasonOf(cause), { cause });
  }
  try {
    return parseState(JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof SavedModelError ? cause.rawMessage : reasonOf(cause);
    throw notResumable(checkpoint, `${TRAINING_STATE}/${FILE} is damaged: ${reason}`, { cause });
  }
}

function parseState(json: unknown): TrainingState {
  const { format, version, identity, step, best, open, history } = record(json);
  if (format !== FORMAT || version !== VERSION) {
    throw new TypeError(`expected format "${FORMAT}" and version ${VERSION}`);
  }
  const { epochs: records } = History.fromJSON(history);
  const state = {
    identity: record(identity) as TrainingIdentity,
    records,
    step: count(step, "step"),
    open: open === undefined ? undefined : parseOpen(record(open)),
    best: best === undefined ? undefined : parseBest(record(best)),
  };
  const last = records.at(-1);
  if (records.some(({ epoch }, index) => epoch !== index + 1)) throw new TypeError("an epoch is missing");
  if ((last?.step ?? 0) + (state.open?.steps ?? 0) !== state.step) throw new TypeError("steps are missing");
  if (state.best !== undefined && state.best.epoch > records.length) throw new TypeError("the best epoch is missing");
  return state;
}

function parseOpen(json: Readonly<Record<string, unknown>>): OpenEpoch {
  const { steps, seconds, rows, sums, last, constants } = json;
  if (typeof seconds !== "number" || !(seconds >= 0)) throw new TypeError("seconds is not a number");
  const totals = { sums: decodeNumbers(sums), last: decodeNumbers(last), rows: count(rows, "rows") };
  if (totals.sums.length !== totals.last.length) throw new TypeError("sums and last differ in length");
  return {
    steps: count(steps, "steps"),
    seconds,
    totals,
    constants: constants === undefined ? undefined : parseConstants(record(constants)),
  };
}

function parseConstants({ names, values }: Readonly<Record<string, unknown>>): Metrics {
  const numbers = decodeNumbers(values);
  if (!Array.isArray(names) || names.length !== numbers.length) throw new TypeError("constants are missing");
  return Object.fromEntries(names.map((name, index) => [String(name), itemAt(numbers, index)]));
}

function parseBest({ epoch, value }: Readonly<Record<string, unknown>>): Best {
  const [number] = decodeNumbers(value);
  if (number === undefined) throw new TypeError("best has no value");
  return { epoch: count(epoch, "epoch"), value: number };
}

/** JSON has neither NaN nor -0, and nothing may be rounded. */
function encodeNumbers(numbers: Iterable<number>): string {
  return Buffer.from(Float64Array.from(numbers).buffer).toString("base64");
}

function decodeNumbers(text: unknown): Float64Array {
  if (typeof text !== "string") throw new TypeError("numbers are missing");
  const bytes = Buffer.from(text, "base64");
  if (bytes.length % 8 !== 0) throw new TypeError("numbers are cut off");
  return new Float64Array(Uint8Array.from(bytes).buffer);
}

function count(value: unknown, name: string): number {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  throw new TypeError(`${name} is not a count`);
}

function record(json: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(json)) return { ...json };
  throw new TypeError("expected an object");
}

/**
 * Compares the training of a checkpoint with the one that is to be resumed.
 *
 * @throws SavedModelError `RESTORE_FAILED`, naming the differences
 */
export function requireSameTraining(
  checkpoint: string,
  { identity: saved, records, open }: TrainingState,
  now: TrainingIdentity,
  epochs: number,
): void {
  const show = (value: unknown): string => (value === null ? "none" : printable(JSON.stringify(value)));
  const differences = [...new Set([...Object.keys(now), ...Object.keys(saved)])].flatMap((name) => {
    const [was = null, is = null] = [saved[name], now[name]];
    return was === is ? [] : [`${name} was ${show(was)} and is now ${show(is)}`];
  });
  if (differences.length > 0) {
    throw notResumable(checkpoint, `it belongs to a different training run: ${differences.join(", ")}`, {
      fix: "Pass the data and the options that it was trained with, or choose another folder to start over.",
    });
  }
  const epoch = records.length + (open === undefined ? 0 : 1);
  if (epoch > epochs) {
    throw notResumable(checkpoint, `it is of epoch ${epoch}, expected at most ${epochs}`, {
      fix: "Pass as many `epochs` at least, or choose another folder to start over.",
    });
  }
  if (open !== undefined && open.totals.sums.length !== now.metrics) {
    throw notResumable(checkpoint, `${TRAINING_STATE}/${FILE} is damaged: expected ${now.metrics} metrics`);
  }
}

/** Returns the error for a checkpoint from which a training cannot be resumed. */
export function notResumable(
  checkpoint: string,
  reason: string,
  options: { readonly fix?: string; readonly cause?: unknown } = {},
): SavedModelError {
  const message = `fit(): the training cannot be resumed from ${printable(checkpoint, 500)}: ${printable(reason, 1000)}`;
  return new SavedModelError("RESTORE_FAILED", message, options);
}
