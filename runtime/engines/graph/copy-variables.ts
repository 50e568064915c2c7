import { oncePer } from "../../base/once.js";
import type { Steps } from "../../base/steps.js";
import type { SplitVariable } from "../../saved-model/graph/duplicated-variables.js";
import type { GraphSession, NodeSpec } from "./graph-session.js";

/** Copies the values of variables. */
type Copy = (call: string) => Steps<void>;

/**
 * Copies the values of variables that signatures use to the ones that checkpoints hold, where these are not the same.
 */
export function copyToSaved(session: GraphSession, call: string): Steps<void> {
  return toSaved(session)(call);
}

/**
 * Copies the values of variables that checkpoints hold to the ones that signatures use in their place.
 *
 * @param which `all`, or those that no checkpoint holds under another key, which have no other way to a value
 */
export function copyFromSaved(session: GraphSession, call: string, which: "all" | "unsaved"): Steps<void> {
  return (which === "all" ? allFromSaved : unsavedFromSaved)(session)(call);
}

const toSaved = oncePer((session: GraphSession) =>
  prepareCopies(
    session,
    "to_saved",
    session.variableHandles.split
      .filter(({ isSavedUsed }) => !isSavedUsed)
      .map(({ used, saved, dtype }) => ({ from: used, to: saved, dtype })),
  ),
);

const allFromSaved = oncePer((session: GraphSession) =>
  prepareCopies(session, "from_saved_all", session.variableHandles.split.map(fromSaved)),
);

const unsavedFromSaved = oncePer((session: GraphSession) =>
  prepareCopies(
    session,
    "from_saved_unsaved",
    session.variableHandles.split.filter(({ isUsedSaved }) => !isUsedSaved).map(fromSaved),
  ),
);

function fromSaved({ used, saved, dtype }: SplitVariable): VariableCopy {
  return { from: saved, to: used, dtype };
}

/** A variable whose value is copied to another, both named by their VarHandleOp. */
interface VariableCopy {
  readonly from: string;
  readonly to: string;
  /** TensorFlow's number of it. */
  readonly dtype: number;
}

/**
 * Adds operations to a loaded graph that copy the values of variables.
 *
 * @param name tells these operations from others that copy
 */
function prepareCopies(session: GraphSession, name: string, copies: readonly VariableCopy[]): Copy {
  const nodes = copies.map((copy, index) => copyNodes(copy, `savedmodel/${name}_${index}`));
  session.addOperations(nodes.flat());
  const targets = nodes.map(([, assign]) => assign.name);
  return function* (call) {
    if (targets.length > 0) yield* session.run(call, { targets });
  };
}

/** `AssignVariableOp(to, ReadVariableOp(from))` */
function copyNodes({ from, to, dtype }: VariableCopy, name: string): readonly [read: NodeSpec, assign: NodeSpec] {
  const prefix = `${name}_${to.replaceAll(/\W/g, "_")}`;
  const read = `${prefix}/read`;
  return [
    { op: "ReadVariableOp", name: read, inputs: [from], dtypes: { dtype } },
    { op: "AssignVariableOp", name: `${prefix}/assign`, inputs: [to, read], dtypes: { dtype } },
  ];
}
