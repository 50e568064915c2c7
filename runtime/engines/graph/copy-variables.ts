import { itemAt } from "../../base/item-at.js";
import { nonNull } from "../local/native/c-api.js";
import type { Pointer } from "../local/native/c-functions.js";
import { withStatus } from "../local/native/status.js";
import type { Session } from "../local/session.js";

/** A variable whose value is copied to another, both named by their VarHandleOp. */
export interface VariableCopy {
  readonly from: string;
  readonly to: string;
}

/**
 * Adds operations to a loaded graph that copy the values of variables.
 *
 * @param name tells these operations from others that copy
 * @returns runs them
 */
export function prepareCopies(session: Session, name: string, copies: readonly VariableCopy[]): () => void {
  const targets = BigUint64Array.from(copies, (copy, index) => addCopy(session, copy, `savedmodel/${name}_${index}`));
  return () => {
    if (targets.length > 0) runTargets(session, targets);
  };
}

/** Adds `AssignVariableOp(to, ReadVariableOp(from))`. */
function addCopy(session: Session, { from, to }: VariableCopy, name: string): Pointer {
  const source = session.requireOperation(from);
  const target = session.requireOperation(to);
  const prefix = `${name}_${to.replaceAll(/\W/g, "_")}`;
  const dtype = dtypeOf(session, source);
  const value = addOperation(session, "ReadVariableOp", `${prefix}/read`, [source], dtype);
  return addOperation(session, "AssignVariableOp", `${prefix}/assign`, [target, value], dtype);
}

function dtypeOf({ api }: Session, handle: Pointer): number {
  const dtype = new Int32Array(1);
  withStatus(api, (status) => api.TF_OperationGetAttrType(handle, "dtype", dtype, status));
  return itemAt(dtype, 0);
}

function addOperation(
  session: Session,
  type: string,
  name: string,
  inputs: readonly Pointer[],
  dtype: number,
): Pointer {
  const { api } = session;
  const description = session.newOperation(type, name);
  for (const oper of inputs) api.TF_AddInput(description, { oper, index: 0 });
  api.TF_SetAttrType(description, "dtype", dtype);
  return nonNull(
    withStatus(api, (status) => api.TF_FinishOperation(description, status)),
    "operation",
  );
}

function runTargets({ api, handle, runOptions }: Session, targets: BigUint64Array): void {
  withStatus(api, (status) =>
    api.TF_SessionRun(handle, runOptions, null, null, 0, null, null, 0, targets, targets.length, null, status),
  );
}
