import { itemAt } from "../../base/item-at.js";
import { type Column, monitoredColumn } from "../records/history-columns.js";

/** One line of a panel. */
export interface Series {
  readonly role: "training" | "validation" | "constant";
  readonly values: readonly number[];
}

/** Part of a chart with its own axis. */
export interface Panel {
  readonly name: string;
  readonly isConstant: boolean;
  readonly series: readonly Series[];
  /** The line whose best value is marked. */
  readonly monitored: Series | undefined;
}

/** Contents of a chart. */
export interface Panels {
  readonly metrics: readonly Panel[];
  /** Constants that change. */
  readonly constants: readonly Panel[];
  /** Constants that were the same in all epochs. */
  readonly fixed: readonly { readonly name: string; readonly value: number }[];
}

const ROLES = { metrics: "training", validation: "validation", constants: "constant" } as const;

/** Makes a panel per metric, with the validation's metric of the same name, and one per constant that changes. */
export function panelsOf(columns: readonly Column[], monitor: string | undefined): Panels {
  const monitored = monitoredColumn(columns, monitor);
  const metrics = new Map<string, Column[]>();
  const constants: Column[] = [];
  const fixed: { readonly name: string; readonly value: number }[] = [];
  for (const column of columns) {
    const first = itemAt(column.values, 0);
    if (column.kind !== "constants") metrics.set(column.name, [...(metrics.get(column.name) ?? []), column]);
    else if (column.values.every((value) => value === first)) fixed.push({ name: column.name, value: first });
    else constants.push(column);
  }
  const panel = (name: string, members: readonly Column[]): Panel => {
    const series = members.map(({ kind, values }) => ({ role: ROLES[kind], values }));
    const position = monitored === undefined ? -1 : members.indexOf(monitored);
    const isConstant = members.every(({ kind }) => kind === "constants");
    return { name, isConstant, series, monitored: series[position] };
  };
  return {
    metrics: Array.from(metrics, ([name, members]) => panel(name, members)),
    constants: constants.map((column) => panel(column.name, [column])),
    fixed,
  };
}
