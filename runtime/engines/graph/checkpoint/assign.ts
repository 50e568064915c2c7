import { itemAt } from "../../../base/item-at.js";
import type { Steps } from "../../../base/steps.js";
import type { GraphSession, NodeSpec } from "../graph-session.js";
import { stringPlaceholder, stringTensor } from "../string-feeds.js";

/** Kind of node that takes a value: a variable, one of TensorFlow 1's references, or a table, which may be one too. */
export type AssignKind = "variable" | "reference" | "table" | "reference to a table";

/** A node of the loaded graph that takes values of a checkpoint. */
export interface Assignment {
  readonly node: string;
  readonly kind: AssignKind;
  /** TensorFlow's numbers of the dtypes of what it takes: of one value, or of the keys and the values of a table. */
  readonly dtypes: readonly number[];
}

/** Source in a checkpoint of an {@link Assignment}: as many keys as that has dtypes. */
export interface Source {
  readonly keys: readonly string[];
  /** The part of it, where a variable was divided: `4 2 0,2:0,2`; empty for the whole. */
  readonly slice: string;
}

/** Assigns values of a checkpoint to nodes: takes its path prefix, and the source of each node. */
export type Assign = (prefix: string, sources: readonly Source[]) => Steps<void>;

let count = 0;

/**
 * Adds operations to a loaded graph that give nodes values of a checkpoint:
 * `AssignVariableOp(node, RestoreV2(prefix, keys, slices))` for a variable.
 *
 * @returns a function that runs them; the shapes of values are not compared
 */
export function prepareAssignments(session: GraphSession, assignments: readonly Assignment[]): Assign {
  if (assignments.length === 0) return function* () {};
  count++;
  const place = `savedmodel/assign_${count}`;
  const [prefix, keys, slices] = [`${place}/prefix`, `${place}/keys`, `${place}/slices`];
  const restore = `${place}/restore`;
  const dtypes = assignments.flatMap((assignment) => assignment.dtypes);
  let value = 0;
  const assigns = assignments.map((assignment, index) => {
    const values = assignment.dtypes.map(() => `${restore}:${value++}`);
    return assignNode(assignment, `${place}/assign_${index}`, values);
  });
  session.addOperations([
    ...[prefix, keys, slices].map(stringPlaceholder),
    { op: "RestoreV2", name: restore, inputs: [prefix, keys, slices], dtypes: { dtypes } },
    ...assigns,
  ]);
  const targets = assigns.map(({ name }) => name);
  return function* (path, sources) {
    const feeds = [
      [prefix, stringTensor(path)],
      [keys, stringTensor(sources.flatMap((source) => source.keys))],
      [slices, stringTensor(sources.flatMap((source) => source.keys.map(() => source.slice)))],
    ] as const;
    yield* session.run("restore()", { feeds, targets });
  };
}

function assignNode({ node, kind, dtypes }: Assignment, name: string, values: readonly string[]): NodeSpec {
  return { name, inputs: [node, ...values], ...operationFor(kind, dtypes) };
}

function operationFor(kind: AssignKind, dtypes: readonly number[]): Pick<NodeSpec, "op" | "dtypes"> {
  if (kind === "variable") return { op: "AssignVariableOp", dtypes: { dtype: itemAt(dtypes, 0) } };
  if (kind === "reference") return { op: "Assign", dtypes: { T: itemAt(dtypes, 0) } };
  const op = kind === "table" ? "LookupTableImportV2" : "LookupTableImport";
  return { op, dtypes: { Tin: itemAt(dtypes, 0), Tout: itemAt(dtypes, 1) } };
}
