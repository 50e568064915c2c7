import type { EpochRecord, Metrics } from "./events.js";

/** Kinds of values that are recorded of an epoch by name, in the order of tables and charts. */
const KINDS = ["metrics", "validation", "constants"] as const;

export type Kind = (typeof KINDS)[number];

/** Prefix of a validation's metric where it stands beside those of the training. */
const VALIDATION_PREFIX = "validation_";

/** One number per epoch, NaN where an epoch has none. */
export interface Column {
  readonly kind: Kind;
  readonly name: string;
  readonly values: readonly number[];
}

/** The metrics, the validation's metrics and the constants, each in the order in which they appear first. */
export function columnsOf(epochs: readonly EpochRecord[]): readonly Column[] {
  return KINDS.flatMap((kind) =>
    namesOf(epochs, kind).map((name) => ({ kind, name, values: valuesOf(epochs, kind, name) })),
  );
}

/** Returns the names that any epoch has. */
export function namesOf(epochs: readonly EpochRecord[], kind: Kind): readonly string[] {
  const names = new Set<string>();
  for (const epoch of epochs) for (const name of Object.keys(epoch[kind] ?? {})) names.add(name);
  return [...names];
}

/** Returns the value of that name for each epoch, NaN where it has none. */
export function valuesOf(epochs: readonly EpochRecord[], kind: Kind, name: string): readonly number[] {
  return epochs.map((epoch) => own(epoch[kind], name) ?? Number.NaN);
}

/** Returns an own property only: a name may be that of an inherited one, such as `constructor`. */
function own(metrics: Metrics | undefined, name: string): number | undefined {
  return metrics !== undefined && Object.hasOwn(metrics, name) ? metrics[name] : undefined;
}

/** Finds the column that a training watched: a metric, or `validation_` and the name of one of the validation. */
export function monitoredColumn(columns: readonly Column[], monitor: string | undefined): Column | undefined {
  return (
    columns.find(({ kind, name }) => kind === "metrics" && name === monitor) ??
    columns.find(({ kind, name }) => kind === "validation" && VALIDATION_PREFIX + name === monitor)
  );
}

/** Returns a heading for each column; a duplicate gets a number. */
export function headings(
  columns: readonly Pick<Column, "kind" | "name">[],
  taken: readonly string[],
): readonly string[] {
  const used = new Set(taken);
  return columns.map(({ kind, name }) => {
    const wanted = kind === "validation" ? VALIDATION_PREFIX + name : name;
    let heading = wanted;
    for (let count = 2; used.has(heading); count++) heading = `${wanted}_${count}`;
    used.add(heading);
    return heading;
  });
}
