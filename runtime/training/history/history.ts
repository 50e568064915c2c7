import { type InspectOptions, inspect } from "node:util";
import { SavedModelError } from "../../base/errors.js";
import { quote, suggest } from "../../base/text.js";
import { type PlotOptions, plotHistory } from "../plot/plot.js";
import type { EpochRecord } from "../records/events.js";
import { columnsOf, headings, monitoredColumn, namesOf, valuesOf } from "../records/history-columns.js";
import { historyCsv } from "./history-csv.js";
import { type HistoryJson, historyFromJson, historyToJson } from "./history-json.js";
import { historyTable } from "./history-table.js";

/** Details of a training beside its epochs. */
export interface HistoryDetails {
  /** Best epoch by {@link History.monitor}. */
  readonly bestEpoch?: number | undefined;
  /** Metric that was watched; `validation_` and a name for one of the validation. */
  readonly monitor?: string | undefined;
  /** Notes for readers of the numbers, in sentences. */
  readonly notes?: readonly string[];
}

/**
 * History of a training: the metrics of each epoch. Returned by `fit`; it can be kept as JSON, written as CSV and drawn
 * as a chart.
 */
export class History<Name extends string = string> {
  /** Epochs in order. */
  readonly epochs: readonly EpochRecord<Name>[];
  /** Best epoch by {@link monitor}, whose weights the model has where they were restored. */
  readonly bestEpoch: number | undefined;
  /** Metric that was watched; `validation_` and a name for one of the validation. */
  readonly monitor: string | undefined;
  /** Notes for readers of the numbers, in sentences. */
  readonly notes: readonly string[];

  /** Makes a history from the records of its epochs, in their order, as `fit` and `History.fromJSON` do. */
  constructor(epochs: readonly EpochRecord<Name>[], { bestEpoch, monitor, notes = [] }: HistoryDetails = {}) {
    this.epochs = Object.freeze([...epochs]);
    this.bestEpoch = bestEpoch;
    this.monitor = monitor;
    this.notes = Object.freeze([...notes]);
    Object.freeze(this);
  }

  /**
   * Returns one metric of the training, or with the prefix `validation_` one of the validation: a number per epoch, NaN
   * where an epoch has none.
   *
   * @throws SavedModelError `INVALID_ARGUMENT` for an unknown metric
   */
  metric(name: Name | `validation_${string}`): readonly number[] {
    const columns = columnsOf(this.epochs);
    const column = monitoredColumn(columns, name);
    if (column !== undefined) return column.values;
    const known = columns.filter(({ kind }) => kind !== "constants");
    return this.#none("metric()", name, headings(known, []));
  }

  /**
   * Returns one metric of the validation: a number per epoch, NaN where an epoch has none.
   *
   * @throws SavedModelError `INVALID_ARGUMENT` for an unknown metric
   */
  validation(name: string): readonly number[] {
    const names = namesOf(this.epochs, "validation");
    return names.includes(name) ? valuesOf(this.epochs, "validation", name) : this.#none("validation()", name, names);
  }

  /** Before the first epoch the metrics are unknown. */
  #none(call: string, name: string, names: readonly string[]): readonly number[] {
    if (this.epochs.length === 0) return [];
    throw new SavedModelError("INVALID_ARGUMENT", `${call}: unknown metric ${quote(name)}`, {
      fix: suggest(name, names, "Known metrics"),
    });
  }

  /** Returns plain data for `JSON.stringify`, with NaN and infinities as strings. {@link fromJSON} reads it. */
  toJSON(): HistoryJson {
    return historyToJson(this);
  }

  /**
   * Makes a history of a file parsed with `JSON.parse`.
   *
   * @throws SavedModelError `HISTORY_INVALID`, with the problem and its place
   */
  static fromJSON(json: unknown): History {
    const { epochs, ...details } = historyFromJson(json);
    return new History(epochs, details);
  }

  /**
   * Formats the epochs as comma-separated values with a header: `epoch`, `step`, `rows`, `seconds`, the metrics,
   * `validation_` and each metric of the validation, the constants. Missing values are empty. A name that a spreadsheet
   * would read as a formula gets an apostrophe in front.
   */
  toCSV(): string {
    return historyCsv(this.epochs);
  }

  /**
   * Draws a chart of the metrics over the epochs as an SVG string that follows the reader's light or dark theme.
   *
   * Each metric has its own panel, with the validation dashed; constants that change have small panels below. A scale
   * is logarithmic where all values are positive and the largest is more than 100 times the smallest (constants: 10
   * times). NaN and infinities are gaps.
   *
   * @throws SavedModelError `INVALID_OPTION`
   */
  toSVG(options: PlotOptions = {}): string {
    return plotHistory(this, options);
  }

  static {
    Object.defineProperty(History.prototype, inspect.custom, {
      value(this: History, depth: number, { breakLength = 80 }: InspectOptions): string {
        const { epochs, bestEpoch, monitor, notes } = this;
        const count = `${epochs.length} ${epochs.length === 1 ? "epoch" : "epochs"}`;
        const best = bestEpoch === undefined ? "" : `, best ${bestEpoch}`;
        const head = `History: ${count}${best}${best !== "" && monitor !== undefined ? ` by ${quote(monitor)}` : ""}`;
        if (depth < 0 || epochs.length === 0) return `[${head}]`;
        const width = Math.min(Math.max(breakLength, 40), 120);
        return [head, historyTable(epochs, bestEpoch, width), ...notes].join("\n");
      },
    });
  }
}
