import type { EpochRecord } from "../records/events.js";
import { type Column, columnsOf, headings } from "../records/history-columns.js";

const FIXED = ["epoch", "step", "rows", "seconds"] as const;

/** A column without its values. */
export type CsvColumn = Pick<Column, "kind" | "name">;

/** Formats the epochs as comma-separated values (RFC 4180, but with `\n`), with a header. */
export function historyCsv(epochs: readonly EpochRecord[], columns: readonly CsvColumn[] = columnsOf(epochs)): string {
  const head = [...FIXED, ...headings(columns, FIXED)].map((name) => field(harmless(name)));
  return `${head.join(",")}\n${epochs.map((record) => csvRow(record, columns)).join("")}`;
}

/** Formats one line of the table, whose columns are these and no others of the epoch. */
export function csvRow(record: EpochRecord, columns: readonly CsvColumn[]): string {
  const cells = columns.map(({ kind, name }) => {
    const values: Readonly<Record<string, number>> = record[kind] ?? {};
    return Object.hasOwn(values, name) ? String(values[name]) : "";
  });
  return `${[...FIXED.map((name) => String(record[name])), ...cells].join(",")}\n`;
}

/**
 * Prefixes that make a spreadsheet read text as a formula, and run it. An apostrophe in front makes it text; CSV
 * writers that guard against it do the same (https://owasp.org/www-community/attacks/CSV_Injection).
 */
function harmless(name: string): string {
  return /^[=+\-@\t\r\n＝＋－＠]/.test(name) ? `'${name}` : name;
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
