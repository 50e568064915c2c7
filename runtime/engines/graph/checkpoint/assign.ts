import type { PreparedCall } from "../../../call/prepared-call.js";
import { nonNull } from "../../local/native/c-api.js";
import type { Pointer } from "../../local/native/c-functions.js";
import type { Session } from "../../local/session.js";
import { addOperation, firstOutput } from "../add-operation.js";
import { addStringPlaceholder, prepareTargets, stringInput } from "../target-call.js";

/** A node of the loaded graph that takes values of a checkpoint. */
export interface Assignment {
  readonly node: string;
  /** A variable takes one value, a table its keys and its values. */
  readonly kind: "variable" | "reference" | "table";
  /** TensorFlow's numbers of the dtypes of what it takes. */
  readonly dtypes: readonly number[];
}

/** What a checkpoint has for an {@link Assignment}: as many keys as that has dtypes. */
export interface Source {
  readonly keys: readonly string[];
  /** The part of it, where a variable was divided: `4 2 0,2:0,2`; empty for the whole. */
  readonly slice: string;
}

/** Gives nodes values of a checkpoint: its path prefix, and the source of each node. */
export type Assign = (prefix: string, sources: readonly Source[]) => void;

let count = 0;

/**
 * Adds operations to a loaded graph that give nodes values of a checkpoint:
 * `AssignVariableOp(node, RestoreV2(prefix, keys, slices))` for a variable.
 *
 * @returns runs them; the shapes of values are not compared
 */
export function prepareAssignments(session: Session, assignments: readonly Assignment[]): Assign {
  if (assignments.length === 0) return () => {};
  count++;
  const place = `savedmodel/assign_${count}`;
  const dtypes = Int32Array.from(assignments.flatMap((assignment) => assignment.dtypes));
  const [prefix, keys, slices] = ["prefix", "keys", "slices"].map((name) =>
    addStringPlaceholder(session, `${place}/${name}`),
  ) as [Pointer, Pointer, Pointer];
  const { api } = session;
  const restore = addOperation(session, "RestoreV2", `${place}/restore`, (description) => {
    for (const input of [prefix, keys, slices]) api.TF_AddInput(description, firstOutput(input));
    api.TF_SetAttrTypeList(description, "dtypes", dtypes, dtypes.length);
  });
  let value = 0;
  const targets = assignments.map((assignment, index) => {
    const values = assignment.dtypes.map(() => value++);
    return addAssignment(session, assignment, `${place}/assign_${index}`, restore, values);
  });
  const inputs = [
    stringInput("prefix", 0, `${place}/prefix`),
    stringInput("keys", 1, `${place}/keys`),
    stringInput("slices", 1, `${place}/slices`),
  ];
  const call = prepareTargets(session, "restore", `${place}/done`, inputs, prefix, targets);
  return (path, sources) => run(call, path, sources);
}

function run(call: PreparedCall, prefix: string, sources: readonly Source[]): void {
  const keys = sources.flatMap((source) => source.keys);
  const slices = sources.flatMap((source) => source.keys.map(() => source.slice));
  call.run([prefix, keys, slices], "tensors");
}

function addAssignment(
  session: Session,
  { node, kind, dtypes }: Assignment,
  name: string,
  restore: Pointer,
  values: readonly number[],
): Pointer {
  const { api } = session;
  const holder = nonNull(session.operation(node), `operation ${node}`);
  const isReference = kind !== "variable" && isReferenceOutput(session, holder);
  return addOperation(session, assignType(kind, isReference), name, (description) => {
    api.TF_AddInput(description, firstOutput(holder));
    for (const index of values) api.TF_AddInput(description, { oper: restore, index });
    if (kind === "variable") api.TF_SetAttrType(description, "dtype", dtypes[0] ?? 0);
  });
}

/** TensorFlow's number of the dtype of handles (`DT_RESOURCE`). */
const RESOURCE = 20;

function isReferenceOutput({ api }: Session, operation: Pointer): boolean {
  return api.TF_OperationOutputType(firstOutput(operation)) !== RESOURCE;
}

function assignType(kind: Assignment["kind"], isReference: boolean): string {
  if (kind === "variable") return "AssignVariableOp";
  if (kind === "reference") return "Assign";
  return isReference ? "LookupTableImport" : "LookupTableImportV2";
}
