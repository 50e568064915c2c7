import { printable } from "../../base/text.js";
import type { BatchEvent, EpochRecord, Metrics, TrainingObserver, TrainingStart } from "../records/events.js";
import { clockTime, shortDuration, shortNumber } from "./format-number.js";
import { sparkline } from "./sparkline.js";

/** Moves to the first column and clears the line to its right, as `readline`'s `cursorTo` and `clearLine` do. */
const LINE_START_AND_CLEAR = "\x1b[1G\x1b[0K";

/** Minimum time between redraws of a terminal's line, in milliseconds. */
const REDRAW_TIME = 100;

/** Time in milliseconds before the rest can be estimated: the first step also prepares the signature. */
const SETTLING_TIME = 1000;

/** Default width of a terminal that does not report it. */
const COLUMNS = 80;
const SPARKLINE_COLUMNS = 24;

/** Metric that the sparkline shows, if there is one of this name; else the first one. */
const LOSS = "loss";

/**
 * Members of a stream that progress uses, such as `process.stderr`. Declared here so that Node.js types are not
 * required.
 */
export interface ProgressStream {
  /** True for a terminal, on which lines can be redrawn. */
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number;
  /** Writes a string. */
  write(text: string): unknown;
}

/**
 * Shows the progress of a training: on a terminal a line that is redrawn, with the epoch, the step, rows per second,
 * the remaining time and the means of the epoch so far; and a line for each epoch that stays. Elsewhere, as in a log,
 * the line of each epoch only, as plain text.
 *
 * No terminal state is changed that would have to be restored, not even the cursor: a training that is interrupted
 * leaves only a line behind.
 *
 * @param stream standard error by default
 */
export function progressObserver(stream: ProgressStream = process.stderr): TrainingObserver {
  return stream.isTTY === true && process.env.TERM !== "dumb" ? new TerminalProgress(stream) : new LogProgress(stream);
}

/** Writes a plain line for each epoch. */
class LogProgress implements TrainingObserver {
  readonly #stream: ProgressStream;
  #epochs = 0;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  onStart({ epochs, notes }: TrainingStart): void {
    this.#epochs = epochs;
    writeNotes(this.#stream, notes);
  }

  onEpoch(record: EpochRecord): void {
    this.#stream.write(`${epochParts(record, this.#epochs).join("  ")}\n`);
  }
}

/** Redraws a line, and writes one for each epoch. */
class TerminalProgress implements TrainingObserver {
  readonly #stream: ProgressStream;
  readonly #losses: number[] = [];
  #start: TrainingStart = { epochs: 0, steps: undefined, rows: undefined };
  #last: EpochRecord | undefined;
  /** Number of steps of the last epoch. */
  #lastSteps: number | undefined;
  #stepOfEpoch = 0;
  #startTime = 0;
  #epochTime = 0;
  #drawTime = Number.NEGATIVE_INFINITY;
  #rows = 0;
  #isDrawn = false;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  onStart(start: TrainingStart): void {
    this.#start = start;
    writeNotes(this.#stream, start.notes);
    this.#startTime = performance.now();
    this.#epochTime = this.#startTime;
  }

  onBatch(event: BatchEvent): void {
    this.#rows += event.rows;
    this.#stepOfEpoch = event.stepOfEpoch;
    const now = performance.now();
    if (now - this.#drawTime < REDRAW_TIME) return;
    this.#drawTime = now;
    this.#draw(this.#batchParts(event, now));
  }

  onEpoch(record: EpochRecord): void {
    this.#losses.push(record.metrics[LOSS] ?? Object.values(record.metrics)[0] ?? Number.NaN);
    const line = fitting(epochParts(record, this.#start.epochs), this.#columns);
    const room = Math.min(SPARKLINE_COLUMNS, this.#columns - columnsOf(line) - 2);
    // One number has no sparkline.
    const course = this.#losses.length < 2 || room < 2 ? "" : `  ${sparkline(this.#losses, room)}`;
    this.#clear();
    this.#stream.write(`${line}${course}`.trimEnd());
    this.#stream.write("\n");
    this.#lastSteps = this.#stepOfEpoch;
    this.#last = record;
    this.#epochTime = performance.now();
    this.#rows = 0;
    // The next step is drawn at once: the line is empty.
    this.#drawTime = Number.NEGATIVE_INFINITY;
  }

  onEnd(): void {
    // The last drawing shows where an interrupted epoch was.
    if (this.#isDrawn) this.#stream.write("\n");
    this.#isDrawn = false;
  }

  #batchParts({ epoch, stepOfEpoch, means }: BatchEvent, now: number): readonly string[] {
    const { epochs, steps } = this.#start;
    const seconds = (now - this.#epochTime) / 1000;
    const speed = this.#rows / seconds;
    const left = now - this.#startTime < SETTLING_TIME ? undefined : this.#secondsLeft(epoch, stepOfEpoch, seconds);
    return [
      `epoch ${position(epoch, epochs)}`,
      `step ${steps === undefined ? stepOfEpoch : position(stepOfEpoch, steps)}`,
      ...(Number.isFinite(speed) ? [`${grouped(speed)} rows/s`] : []),
      left === undefined ? `${clockTime((now - this.#startTime) / 1000)} so far` : `${clockTime(left)} left`,
      ...metricParts(means),
    ];
  }

  /** Number of steps of the last epoch, or before its end of this one; undefined where it is unknown. */
  #secondsLeft(epoch: number, stepOfEpoch: number, seconds: number): number | undefined {
    const steps = this.#start.steps ?? this.#lastSteps;
    const whole = this.#last?.seconds ?? (steps === undefined ? undefined : (seconds * steps) / stepOfEpoch);
    if (whole === undefined || steps === undefined) return undefined;
    const part = Math.max(0, 1 - stepOfEpoch / steps);
    return whole * (part + this.#start.epochs - epoch);
  }

  #draw(parts: readonly string[]): void {
    this.#clear();
    this.#stream.write(fitting(parts, this.#columns));
    this.#isDrawn = true;
  }

  #clear(): void {
    if (!this.#isDrawn) return;
    this.#stream.write(LINE_START_AND_CLEAR);
    this.#isDrawn = false;
  }

  /** One column stays free: many terminals begin a new line when the last one is written to. */
  get #columns(): number {
    return Math.max(20, (this.#stream.columns || COLUMNS) - 1);
  }
}

function writeNotes(stream: ProgressStream, notes: readonly string[] = []): void {
  for (const note of notes) stream.write(`note: ${printable(note, 1000)}\n`);
}

function epochParts({ epoch, seconds, metrics, validation }: EpochRecord, epochs: number): readonly string[] {
  return [
    `epoch ${position(epoch, epochs)}`,
    shortDuration(seconds),
    ...metricParts(metrics),
    ...metricParts(validation ?? {}, "validation "),
  ];
}

function metricParts(metrics: Metrics, prefix = ""): readonly string[] {
  return Object.entries(metrics).map(([name, value]) => `${prefix}${printable(name, 40)} ${shortNumber(value)}`);
}

function position(index: number, count: number): string {
  return `${String(index).padStart(String(count).length)}/${count}`;
}

function grouped(value: number): string {
  return (value < 100 ? Number(value.toPrecision(2)) : Math.round(value)).toLocaleString("en-US");
}

/** Returns as many whole parts as fit in `columns`, and at least as much of the first one as fits. */
function fitting(parts: readonly string[], columns: number): string {
  let line = "";
  for (const part of parts) {
    const longer = line === "" ? part : `${line}  ${part}`;
    if (columnsOf(longer) > columns) return line === "" ? part.slice(0, columns) : line;
    line = longer;
  }
  return line;
}

/** Returns the maximum width of a string in columns: characters outside of ASCII may take two. */
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += character <= "~" ? 1 : 2;
  return columns;
}
