import { SavedModelError } from "../../base/errors.js";
import { isRecord } from "../../base/is-record.js";
import { quote } from "../../base/text.js";
import type { EpochRecord, Metrics } from "../records/events.js";
import { columnsOf, monitoredColumn, namesOf } from "../records/history-columns.js";

/** A number in JSON: those that JSON lacks are strings. */
type JsonNumber = number | "NaN" | "Infinity" | "-Infinity";

type JsonMetrics = Readonly<Record<string, JsonNumber>>;

/** A history as plain data for `JSON.stringify`. */
export interface HistoryJson {
  readonly format: "savedmodel.history";
  readonly version: 1;
  readonly monitor?: string;
  readonly bestEpoch?: number;
  readonly notes?: readonly string[];
  readonly epochs: readonly {
    readonly epoch: number;
    readonly step: number;
    readonly rows: number;
    readonly seconds: number;
    readonly metrics: JsonMetrics;
    readonly validation?: JsonMetrics;
    readonly constants?: JsonMetrics;
  }[];
}

/** Parts of a history. */
export interface HistoryParts {
  readonly epochs: readonly EpochRecord[];
  readonly monitor: string | undefined;
  readonly bestEpoch: number | undefined;
  readonly notes: readonly string[];
}

const FORMAT = "savedmodel.history";
const VERSION = 1;

export function historyToJson({ epochs, monitor, bestEpoch, notes }: HistoryParts): HistoryJson {
  return {
    format: FORMAT,
    version: VERSION,
    ...(monitor !== undefined && { monitor }),
    ...(bestEpoch !== undefined && { bestEpoch }),
    ...(notes.length > 0 && { notes }),
    epochs: epochs.map(({ epoch, step, rows, seconds, metrics, validation, constants }) => ({
      epoch,
      step,
      rows,
      seconds,
      metrics: toJson(metrics),
      ...(validation && { validation: toJson(validation) }),
      ...(constants && { constants: toJson(constants) }),
    })),
  };
}

function toJson(metrics: Metrics): JsonMetrics {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [
      name,
      Number.isFinite(value) ? value : (String(value) as JsonNumber),
    ]),
  );
}

/**
 * Reads the result of {@link historyToJson}. Unknown properties are ignored.
 *
 * @throws SavedModelError `HISTORY_INVALID`, naming the place
 */
export function historyFromJson(json: unknown): HistoryParts {
  const { format, version, monitor, bestEpoch, notes = [], epochs } = record(json, "it");
  if (format !== FORMAT)
    throw invalid(`its "format" is not ${quote(FORMAT)}`, "Pass what `JSON.parse` makes of the file.");
  if (version !== VERSION) {
    const what = typeof version === "number" ? `version ${version}` : "no known version";
    throw invalid(`it has ${what}, and this package reads version ${VERSION}`);
  }
  if (monitor !== undefined && typeof monitor !== "string") throw invalid("monitor must be a string");
  if (!Array.isArray(notes) || !notes.every((note) => typeof note === "string")) throw invalid("notes must be strings");
  if (!Array.isArray(epochs)) throw invalid("epochs must be an array");
  const records = Array.from(epochs, (epoch: unknown, index) => readEpoch(epoch, `epochs[${index}]`));
  for (const [index, { epoch, step }] of records.entries()) {
    const before = records[index - 1];
    if (before === undefined) continue;
    if (epoch <= before.epoch) throw invalid(`epochs[${index}].epoch is not greater than the one before`);
    if (step < before.step) throw invalid(`epochs[${index}].step is less than the one before`);
  }
  const names = (["metrics", "validation", "constants"] as const).flatMap((kind) => namesOf(records, kind));
  if (names.length > MOST_COLUMNS) throw invalid(`it has ${names.length} columns, expected at most ${MOST_COLUMNS}`);
  if (bestEpoch !== undefined && !records.some(({ epoch }) => epoch === bestEpoch)) {
    throw invalid("bestEpoch is not one of its epochs");
  }
  if (monitor !== undefined && records.length > 0 && monitoredColumn(columnsOf(records), monitor) === undefined) {
    throw invalid(`monitor ${quote(monitor)} is not one of its metrics`);
  }
  return { epochs: records, monitor, bestEpoch: bestEpoch as number | undefined, notes: notes as readonly string[] };
}

/** More metrics than any training has: tables have a column for each in every row, charts a line. */
const MOST_COLUMNS = 500;

function readEpoch(json: unknown, at: string): EpochRecord {
  const { epoch, step, rows, seconds, metrics, validation, constants } = record(json, at);
  if (typeof seconds !== "number" || !(seconds >= 0 && seconds < Number.POSITIVE_INFINITY)) {
    throw invalid(`${at}.seconds must be a non-negative number`);
  }
  return Object.freeze({
    epoch: count(epoch, 1, `${at}.epoch`),
    step: count(step, 0, `${at}.step`),
    rows: count(rows, 0, `${at}.rows`),
    seconds,
    metrics: fromJson(metrics, `${at}.metrics`),
    ...(validation !== undefined && { validation: fromJson(validation, `${at}.validation`) }),
    ...(constants !== undefined && { constants: fromJson(constants, `${at}.constants`) }),
  });
}

function count(value: unknown, least: number, at: string): number {
  if (Number.isSafeInteger(value) && Number(value) >= least) return Number(value);
  throw invalid(`${at} must be an integer of at least ${least}`);
}

const NOT_FINITE: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity"]);

function fromJson(json: unknown, at: string): Metrics {
  const entries = Object.entries(record(json, at)).map(([name, value]): [string, number] => {
    if (typeof value !== "number" && !NOT_FINITE.has(value)) throw invalid(`${at}: ${quote(name)} must be a number`);
    return [name, Number(value)];
  });
  return Object.freeze(Object.fromEntries(entries));
}

function record(json: unknown, at: string): Readonly<Record<string, unknown>> {
  if (isRecord(json)) return { ...json };
  throw invalid(`${at} must be an object`);
}

function invalid(what: string, fix?: string): SavedModelError {
  return new SavedModelError("HISTORY_INVALID", `this is not the history of a training: ${what}`, fix ? { fix } : {});
}
