import { itemAt } from "../../base/item-at.js";
import { printable } from "../../base/text.js";
import { shortDuration, shortNumber } from "../progress/format-number.js";
import type { EpochRecord } from "../records/events.js";
import { columnsOf, headings } from "../records/history-columns.js";

/** Numbers of first and last epochs shown where there are many. */
const FIRST = 3;
const LAST = 6;

const MARK = "*";

/**
 * Formats the epochs as a table at most `width` characters wide, with an asterisk at the best one. Of many epochs the
 * middle is omitted.
 */
export function historyTable(epochs: readonly EpochRecord[], bestEpoch: number | undefined, width: number): string {
  const columns = columnsOf(epochs);
  const names = headings(columns, ["epoch", "time"]).map((name) => printable(name, 24));
  const rows = epochs.map((record, row) => [
    `${record.epoch === bestEpoch ? MARK : ""}${record.epoch}`,
    shortDuration(record.seconds),
    ...columns.map(({ values }) => shortNumber(itemAt(values, row))),
  ]);
  const isCut = rows.length > FIRST + LAST + 1;
  const shown = [
    ["epoch", "time", ...names],
    ...(isCut ? [...rows.slice(0, FIRST), ["…"], ...rows.slice(-LAST)] : rows),
  ];
  const widths = names.map((_, index) => index + 2);
  const sizes = [0, 1, ...widths].map((column) => Math.max(...shown.map((cells) => cells[column]?.length ?? 0)));
  // As many columns as fit.
  let room = width;
  const fitting = sizes.findIndex((size) => {
    room -= size + 2;
    return room < 2;
  });
  const end = fitting === -1 ? sizes.length : Math.max(fitting, 3);
  return shown
    .map((cells) => {
      const line = sizes.slice(0, end).map((size, column) => (cells[column] ?? "").padStart(size));
      return `${line.join("  ")}${end < sizes.length ? "  …" : ""}`.trimEnd();
    })
    .join("\n");
}
