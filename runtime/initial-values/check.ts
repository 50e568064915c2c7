import { addOperation, firstOutput } from "../add-operation.js";
import { attributeOf } from "../graph.js";
import { nonNull } from "../native/api.js";
import type { Pointer } from "../native/ffi.js";
import { TensorFlowError, withStatus } from "../native/status.js";
import type { Session } from "../session.js";
import type { Resource } from "./resources.js";

/** Operations that tell whether each of some resources has a value: made once, they stay in the graph. */
export type Check = () => readonly boolean[];

let count = 0;

/**
 * Adds operations to a loaded graph that tell which resources have values. Variables are asked in one run. Tables have no
 * such operation: each is read. One that may change always has a value, if only that of an empty table.
 */
export function prepareCheck(session: Session, resources: readonly Resource[]): Check {
  count++;
  const place = `savedmodel/check_${count}`;
  const variables = resources.filter(({ kind }) => kind === "variable" || kind === "reference");
  const checks = BigUint64Array.from(variables.flatMap((resource) => [addVariableCheck(session, place, resource), 0n]));
  const tables = new Map(
    resources
      .filter(({ kind }) => kind === "table")
      .map((resource) => [resource, addTableRead(session, place, resource)] as const),
  );
  return () => {
    const has = new Map(fetchBooleans(session, checks).map((value, index) => [variables[index], value]));
    return resources.map((resource) => {
      const read = tables.get(resource);
      return read === undefined ? (has.get(resource) ?? true) : succeeds(session, read);
    });
  };
}

function addVariableCheck(session: Session, place: string, { kind, node }: Resource): Pointer {
  const holder = nonNull(session.operation(node.name), `operation ${node.name}`);
  const type = kind === "variable" ? "VarIsInitializedOp" : "IsVariableInitialized";
  return addOperation(session, type, `${place}/${node.name}`, (description) =>
    session.api.TF_AddInput(description, firstOutput(holder)),
  );
}

function addTableRead(session: Session, place: string, { node }: Resource): Pointer {
  const holder = nonNull(session.operation(node.name), `operation ${node.name}`);
  const type = node.op.endsWith("V2") ? "LookupTableExportV2" : "LookupTableExport";
  return addOperation(session, type, `${place}/${node.name}`, (description) => {
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
