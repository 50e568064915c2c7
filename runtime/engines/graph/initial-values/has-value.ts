import { SavedModelError } from "../../../base/errors.js";
import { itemAt } from "../../../base/item-at.js";
import type { Steps } from "../../../base/steps.js";
import { TensorFlowError } from "../../../base/tensorflow-error.js";
import type { GraphSession, NodeSpec } from "../graph-session.js";
import { dtypeOf, isReference, isTable, type Resource } from "./resources.js";

/** Returns for each of some resources true if it has a value: made once, its operations stay in the graph. */
export type Check = (call: string) => Steps<readonly boolean[]>;

/** The node of a variable: a resource, or in TensorFlow 1 a reference. */
export interface VariableHolder {
  readonly node: string;
  readonly isReference: boolean;
  /** TensorFlow's number of it. */
  readonly dtype: number;
}

let count = 0;

/** Adds operations to a loaded graph that tell, in one run, which variables have values. */
export function prepareVariableCheck(session: GraphSession, variables: readonly VariableHolder[]): Check {
  count++;
  const nodes = variables.map(({ node, isReference, dtype }, index): NodeSpec => {
    const name = `savedmodel/check_${count}/variable_${index}`;
    if (isReference) return { op: "IsVariableInitialized", name, inputs: [node], dtypes: { dtype } };
    return { op: "VarIsInitializedOp", name, inputs: [node], dtypes: {} };
  });
  session.addOperations(nodes);
  const fetches = nodes.map(({ name }) => name);
  return function* (call) {
    if (fetches.length === 0) return [];
    const values = yield* session.run(call, { fetches });
    return values.map((value) => value.item() === true);
  };
}

/**
 * Adds operations to a loaded graph that tell which resources have values. Tables have no such operation: each is read.
 * One that may change always has a value, if only that of an empty table.
 */
export function prepareCheck(session: GraphSession, resources: readonly Resource[]): Check {
  const variables = resources.filter((resource) => !isTable(resource));
  const check = prepareVariableCheck(
    session,
    variables.map((variable) => ({
      node: variable.node.name,
      isReference: isReference(variable),
      dtype: dtypeOf(variable.node, "dtype"),
    })),
  );
  count++;
  const tables = resources.filter(({ kind }) => kind === "table");
  const reads = tables.map((table, index) => tableRead(table, `savedmodel/check_${count}/table_${index}`));
  session.addOperations(reads);
  return function* (call) {
    const values = yield* check(call);
    const has = new Map(variables.map((variable, index) => [variable, itemAt(values, index)]));
    for (const [index, table] of tables.entries()) {
      has.set(table, yield* succeeds(session, call, itemAt(reads, index).name));
    }
    return resources.map((resource) => has.get(resource) ?? true);
  };
}

/** Codes of reads of a table without a value, whose status depends on the kind of read. */
const ABSENT: ReadonlySet<string> = new Set(["TF_ABORTED", "TF_FAILED_PRECONDITION", "TF_NOT_FOUND"]);

function tableRead(table: Resource, name: string): NodeSpec {
  const { node } = table;
  return {
    op: isReference(table) ? "LookupTableExport" : "LookupTableExportV2",
    name,
    inputs: [node.name],
    dtypes: { Tkeys: dtypeOf(node, "key_dtype"), Tvalues: dtypeOf(node, "value_dtype") },
  };
}

function* succeeds(session: GraphSession, call: string, target: string): Steps<boolean> {
  try {
    yield* session.run(call, { targets: [target] });
    return true;
  } catch (error) {
    if (error instanceof SavedModelError && error.cause instanceof TensorFlowError) return false;
    // Of a server.
    if (error instanceof SavedModelError && ABSENT.has(error.code)) return false;
    throw error;
  }
}
