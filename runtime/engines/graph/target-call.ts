import { type CallInput, PreparedCall } from "../../call/prepared-call.js";
import { dtypeInfo } from "../../tensor/dtype.js";
import type { Pointer } from "../local/native/c-functions.js";
import type { Session } from "../local/session.js";
import { addOperation, firstOutput } from "./add-operation.js";

/** An input of a call of strings alone: paths and keys. */
export function stringInput(key: string, rank: 0 | 1, tensor: string): CallInput {
  return { key, dtype: "string", shape: rank === 0 ? [] : [null], tensor };
}

/** Adds a placeholder of strings to a loaded graph. */
export function addStringPlaceholder(session: Session, name: string): Pointer {
  return addOperation(session, "Placeholder", name, (description) =>
    session.api.TF_SetAttrType(description, "dtype", dtypeInfo("string").code),
  );
}

/**
 * Prepares a call that runs operations without results. A call needs something to fetch: it hands its first input through.
 *
 * @param name of the operations that are added; must be new to the graph
 * @param inputs of strings; the first is `from`
 */
export function prepareTargets(
  session: Session,
  call: string,
  name: string,
  inputs: readonly CallInput[],
  from: Pointer,
  targets: readonly Pointer[],
): PreparedCall {
  addOperation(session, "Identity", name, (description) => {
    session.api.TF_AddInput(description, firstOutput(from));
    for (const target of targets) session.api.TF_AddControlInput(description, target);
  });
  return new PreparedCall(session, call, inputs, [{ key: "done", dtype: "string", shape: null, tensor: name }]);
}
