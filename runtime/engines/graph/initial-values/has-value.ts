import { attributeOf } from "../../../saved-model/graph/graph.js";
import { nonNull } from "../../local/native/c-api.js";
import type { Pointer } from "../../local/native/c-functions.js";
import { TensorFlowError, withStatus } from "../../local/native/status.js";
import type { Session } from "../../local/session.js";
import { addOperation, firstOutput } from "../add-operation.js";
import type { Resource } from "./resources.js";

/** Tells whether each of some resources has a value: made once, its operations stay in the graph. */
export type Check = () => readonly boolean[];

/** The node of a variable: a resource, or in TensorFlow 1 a reference. */
export interface VariableHolder {
  readonly node: string;
  readonly isReference: boolean;
}

let count = 0;

/** Adds operations to a loaded graph that tell, in one run, which variables have values. */
export function prepareVariableCheck(session: Session, variables: readonly VariableHolder[]): Check {
  count++;
  const place = `savedmodel/check_${count}`;
  const outputs = BigUint64Array.from(
    variables.flatMap(({ node, isReference }, index) => {
      const holder = nonNull(session.operation(node), `operation ${node}`);
      const type = isReference ? "IsVariableInitialized" : "VarIsInitializedOp";
      const check = addOperation(session, type, `${place}/variable_${index}`, (description) =>
        session.api.TF_AddInput(description, firstOutput(holder)),
      );
      return [check, 0n];
    }),
  );
  return () => fetchBooleans(session, outputs);
}

/**
 * Adds operations to a loaded graph that tell which resources have values. Tables have no such operation: each is read.
 * One that may change always has a value, if only that of an empty table.
 */
export function prepareCheck(session: Session, resources: readonly Resource[]): Check {
  const variables = resources.filter(({ kind }) => kind === "variable" || kind === "reference");
  const check = prepareVariableCheck(
    session,
    variables.map(({ kind, node }) => ({ node: node.name, isReference: kind === "reference" })),
  );
  const tables = resources.filter(({ kind }) => kind === "table");
  const reads = new Map(tables.map((table, index) => [table, addTableRead(session, table, index)]));
  return () => {
    const has = new Map(check().map((value, index) => [variables[index], value]));
    return resources.map((resource) => {
      const read = reads.get(resource);
      return read === undefined ? (has.get(resource) ?? true) : succeeds(session, read);
    });
  };
}

function addTableRead(session: Session, { node }: Resource, index: number): Pointer {
  const holder = nonNull(session.operation(node.name), `operation ${node.name}`);
  const type = node.op.endsWith("V2") ? "LookupTableExportV2" : "LookupTableExport";
  return addOperation(session, type, `savedmodel/check_${count}/table_${index}`, (description) => {
    session.api.TF_AddInput(description, firstOutput(holder));
    session.api.TF_SetAttrType(description, "Tkeys", attributeOf(node, "key_dtype")?.type ?? 0);
    session.api.TF_SetAttrType(description, "Tvalues", attributeOf(node, "value_dtype")?.type ?? 0);
  });
}

/** Runs TF_Output[], each a scalar bool. */
function fetchBooleans({ api, handle, runOptions }: Session, outputs: BigUint64Array): readonly boolean[] {
  const tensors = new BigUint64Array(outputs.length / 2);
  if (tensors.length === 0) return [];
  withStatus(api, (status) =>
    api.TF_SessionRun(handle, runOptions, null, null, 0, outputs, tensors, tensors.length, null, 0, null, status),
  );
  return Array.from(tensors, (tensor) => {
    const byte = new Uint8Array(1);
    api.memcpy(byte, nonNull(api.TF_TensorData(tensor), "data"), 1);
    api.TF_DeleteTensor(tensor);
    return byte[0] === 1;
  });
}

function succeeds({ api, handle, runOptions }: Session, operation: Pointer): boolean {
  try {
    const targets = BigUint64Array.of(operation);
    withStatus(api, (status) =>
      api.TF_SessionRun(handle, runOptions, null, null, 0, null, null, 0, targets, 1, null, status),
    );
    return true;
  } catch (error) {
    if (error instanceof TensorFlowError) return false;
    throw error;
  }
}
