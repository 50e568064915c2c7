import type { EpochRecord } from "../records/events.js";
import { columnsOf, headings } from "../records/history-columns.js";

const FIXED = ["epoch", "step", "rows", "seconds"] as const;

/** The epochs as comma-separated values (RFC 4180, but with `\n`), with a head line. */
export function historyCsv(epochs: readonly EpochRecord[]): string {
  const columns = columnsOf(epochs);
  const head = [...FIXED, ...headings(columns, FIXED)].map((name) => field(harmless(name)));
  const lines = epochs.map((record, row) => [
    ...FIXED.map((name) => String(record[name])),
    ...columns.map(({ kind, name, values }) => {
      const isThere = Object.hasOwn(record[kind] ?? {}, name);
      return isThere ? String(values[row]) : "";
    }),
  ]);
  return [head, ...lines].map((line) => `${line.join(",")}\n`).join("");
}

/**
 * A spreadsheet takes text that begins like this for a formula, and runs it. An apostrophe in front makes it text; CSV
 * writers that guard against it do the same (https://owasp.org/www-community/attacks/CSV_Injection).
 */
function harmless(name: string): string {
  return /^[=+\-@\t\r\n＝＋－＠]/.test(name) ? `'${name}` : name;
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
