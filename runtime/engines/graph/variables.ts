import { itemAt } from "../../base/item-at.js";
import { once, oncePer } from "../../base/once.js";
import type { Steps } from "../../base/steps.js";
import type { ModelVariable } from "../../engine.js";
import { type DTypeInfo, dtypeInfo, isDType } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { GraphSession, NodeSpec } from "./graph-session.js";
import { type Check, prepareVariableCheck } from "./initial-values/has-value.js";
import { type LocatedVariable, locateVariables } from "./variable-nodes.js";

/** Reads a variable: made once, its operation stays in the graph. */
interface VariableReader {
  readonly variable: LocatedVariable;
  readonly dtype: DTypeInfo;
  /** The operation that reads it. */
  readonly read: string;
}

interface Reader {
  readonly variables: readonly VariableReader[];
  /** Checks which of them have values; its operations are added when one has none. */
  readonly check: () => Check;
}

/**
 * Reads all variables of a model in one run, in the order of `savedmodel inspect`: by name, then by path. Those without
 * a value are included.
 *
 * @throws SavedModelError `TF_<STATUS>`
 */
export function* readVariables(session: GraphSession): Steps<readonly ModelVariable[]> {
  const { variables, check } = readerOf(session);
  if (variables.length === 0) return [];
  try {
    return describe(variables, yield* fetch(session, variables));
  } catch (cause) {
    const has = yield* check()(CALL);
    const present = variables.filter((_, index) => has[index]);
    if (present.length === variables.length) throw cause;
    return describe(variables, yield* fetch(session, present));
  }
}

/** For messages. */
const CALL = "variables()";

function describe(
  variables: readonly VariableReader[],
  values: ReadonlyMap<VariableReader, Tensor>,
): readonly ModelVariable[] {
  return variables.map((reader) => {
    const { name, path, copy, trainable, shape } = reader.variable.description;
    const value = values.get(reader);
    const named = { name, ...(path === undefined ? {} : { path }), ...(copy === undefined ? {} : { copy }) };
    return { ...named, dtype: reader.dtype.name, shape: value?.shape ?? shape, trainable, value };
  });
}

/** @throws SavedModelError `TF_<STATUS>` when one of them has no value */
function* fetch(
  session: GraphSession,
  variables: readonly VariableReader[],
): Steps<ReadonlyMap<VariableReader, Tensor>> {
  if (variables.length === 0) return new Map();
  const values = yield* session.run(CALL, { fetches: variables.map(({ read }) => read) });
  return new Map(variables.map((reader, index) => [reader, itemAt(values, index)]));
}

/**
 * Adds an operation to the graph that reads each variable, which is held by a resource, or in TensorFlow 1 by a
 * reference.
 */
const readerOf = oncePer((session: GraphSession): Reader => {
  const variables = locateVariables(session).flatMap((variable, index): readonly VariableReader[] => {
    const { dtype } = variable.description;
    // A value of a dtype that tensors do not have cannot be shown.
    if (!isDType(dtype)) return [];
    return [{ variable, dtype: dtypeInfo(dtype), read: `savedmodel/variable_${index}` }];
  });
  session.addOperations(variables.map(readNode));
  const holders = variables.map(({ variable: { node, isReference }, dtype: { code } }) => {
    return { node, isReference, dtype: code };
  });
  return { variables, check: once(() => prepareVariableCheck(session, holders)) };
});

function readNode({ variable: { node, isReference }, dtype: { code }, read }: VariableReader): NodeSpec {
  if (isReference) return { op: "Identity", name: read, inputs: [node], dtypes: { T: code } };
  return { op: "ReadVariableOp", name: read, inputs: [node], dtypes: { dtype: code } };
}
