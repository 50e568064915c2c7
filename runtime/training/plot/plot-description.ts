import { shortNumber } from "../progress/format-number.js";
import type { EpochRecord } from "../records/events.js";
import { columnsOf } from "../records/history-columns.js";

/** Describes a chart in words, for screen readers: how each value began and ended, and which epoch was the best. */
export function plotDescription(epochs: readonly EpochRecord[], bestEpoch: number | undefined): string {
  const words = { metrics: "", validation: " (validation)", constants: " (constant)" } as const;
  const sentences = columnsOf(epochs).map(({ kind, name, values }) => {
    const [first = Number.NaN] = values;
    const last = values.at(-1) ?? Number.NaN;
    const course = values.every((value) => Object.is(value, first))
      ? shortNumber(first)
      : `from ${shortNumber(first)} to ${shortNumber(last)}`;
    return `${name}${words[kind]}: ${course}.`;
  });
  const best = bestEpoch === undefined ? [] : [`The best epoch was ${bestEpoch}.`];
  const count = `${epochs.length} ${epochs.length === 1 ? "epoch" : "epochs"}.`;
  return [count, ...best, ...sentences].join(" ");
}
