import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { SavedModelError } from "../../base/errors.js";
import { printable, reasonOf } from "../../base/text.js";
import { toPath } from "../../saved-model/files/locate-model.js";
import { type CsvColumn, csvRow, historyCsv } from "../history/history-csv.js";
import type { Logs } from "../options/fit-options.js";
import type { EpochRecord, TrainingObserver, TrainingStart } from "../records/events.js";
import { columnsOf } from "../records/history-columns.js";
import { eventRecord, fileVersion } from "./event-file.js";

/** Writers of the requested logs, epoch by epoch. */
export function logWriters({ csv, tensorBoard }: Logs): readonly TrainingObserver[] {
  return [
    ...(csv === undefined ? [] : [new CsvLog(toPath(csv))]),
    ...(tensorBoard === undefined ? [] : [new TensorBoardLog(toPath(tensorBoard))]),
  ];
}

/** The epochs so far as {@link History.toCSV} writes them; each is added when it is finished. */
class CsvLog implements TrainingObserver {
  readonly #path: string;
  readonly #records: EpochRecord[] = [];
  #columns: readonly CsvColumn[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Cuts off the lines that a killed training has added after its last checkpoint, the last of which may be incomplete.
   */
  onStart({ finished = [] }: TrainingStart): void {
    this.#records.push(...finished);
    this.#columns = columnsOf(finished);
    const text = finished.length === 0 ? "" : historyCsv(finished, this.#columns);
    writing(this.#path, () => {
      mkdirSync(dirname(this.#path), { recursive: true });
      if (beginsWith(this.#path, text)) truncateSync(this.#path, Buffer.byteLength(text));
      else writeWhole(this.#path, text);
    });
  }

  onEpoch(record: EpochRecord): void {
    this.#records.push(record);
    const isKnown = ({ kind, name }: CsvColumn): boolean =>
      this.#columns.some((column) => column.kind === kind && column.name === name);
    // A metric that no epoch had before adds a column.
    const isWider = !columnsOf([record]).every(isKnown);
    if (isWider) this.#columns = columnsOf(this.#records);
    writing(this.#path, () => {
      if (this.#records.length === 1) appendFileSync(this.#path, historyCsv([record], this.#columns));
      else if (isWider) writeWhole(this.#path, historyCsv(this.#records, this.#columns));
      else appendFileSync(this.#path, csvRow(record, this.#columns));
    });
  }
}

function beginsWith(path: string, text: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true && readFileSync(path, "utf8").startsWith(text);
}

/** Writes a log file in one step, so that a process killed meanwhile leaves no partial file. */
function writeWhole(path: string, text: string): void {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  if (!isFile) {
    writeFileSync(path, text);
    return;
  }
  const target = realpathSync(path);
  const fresh = `${target}.tmp-${process.pid}`;
  writeFileSync(fresh, text, { mode: statSync(target).mode });
  renameSync(fresh, target);
}

/** As in Keras' callback: a run for the training and one for its validation, and tags with this prefix. */
const TAG = "epoch_";

/** Event files in `train` and `validation` of a folder. */
class TensorBoardLog implements TrainingObserver {
  readonly #directory: string;
  readonly #files: Map<string, string> = new Map();
  #next = 1;

  constructor(directory: string) {
    this.#directory = directory;
  }

  onStart({ finished = [] }: TrainingStart): void {
    this.#next = finished.length + 1;
    this.#begin("train");
  }

  onEpoch({ epoch, metrics, validation, constants }: EpochRecord): void {
    this.#write("train", epoch, { ...metrics, ...constants });
    if (validation !== undefined) this.#write("validation", epoch, validation);
  }

  #write(run: string, step: number, values: Readonly<Record<string, number>>): void {
    const file = this.#files.get(run) ?? this.#begin(run);
    const scalars = Object.fromEntries(Object.entries(values).map(([name, value]) => [TAG + name, value]));
    writing(file, () => appendFileSync(file, eventRecord({ wallTime: Date.now() / 1000, step, scalars })));
  }

  /** One file for each process: TensorBoard reads them in the order of their names. */
  #begin(run: string): string {
    const folder = join(this.#directory, run);
    return writing(folder, () => {
      mkdirSync(folder, { recursive: true });
      const wallTime = Date.now() / 1000;
      const file = join(folder, nextName(folder, Math.floor(wallTime)));
      const start = eventRecord({ wallTime, step: this.#next, isStart: true });
      writeFileSync(file, Buffer.concat([fileVersion(wallTime), start]));
      this.#files.set(run, file);
      return file;
    });
  }
}

function nextName(folder: string, seconds: number): string {
  const count = readdirSync(folder).filter((name) => name.includes(".tfevents.")).length;
  for (let number = count; ; number++) {
    const name = `events.out.tfevents.${String(seconds).padStart(10, "0")}.savedmodel.${String(number).padStart(4, "0")}`;
    if (!existsSync(join(folder, name))) return name;
  }
}

/** @throws SavedModelError `WRITE_FAILED` */
function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    const message = `fit() logs: ${printable(path, 500)} cannot be written: ${printable(reasonOf(cause), 500)}`;
    throw new SavedModelError("WRITE_FAILED", message, { cause });
  }
}
