import { itemAt } from "../../base/item-at.js";
import { type DType, type DTypeInfo, dtypeInfo, isDType } from "../../tensor/dtype.js";
import type { ShapeSpec } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { nonNull } from "../local/native/c-api.js";
import type { Pointer } from "../local/native/c-functions.js";
import { withStatus } from "../local/native/status.js";
import { readTensor } from "../local/run/output-value.js";
import { runError } from "../local/run/run-error.js";
import type { Session } from "../local/session.js";
import { addOperation, firstOutput } from "./add-operation.js";
import { type Check, prepareVariableCheck } from "./initial-values/has-value.js";
import { locateVariables, type VariableNode } from "./variable-nodes.js";

/** A variable of a loaded model. */
export interface ModelVariable {
  /** As it was named in Python, and as `savedmodel inspect` shows it; not always unique, and it may be empty. */
  readonly name: string;
  /**
   * The shortest way to it from the Python object that was saved, the names of attributes joined by `/`: `hidden/kernel`.
   * Absent in models of TensorFlow 1, and for variables that no attribute leads to.
   */
  readonly path?: string;
  /** True for a further copy of a variable that the export wrote twice, as some of Keras 3 do. Both are kept the same. */
  readonly copy?: true;
  /** Null where the model does not tell, as some of TensorFlow 1 do not. */
  readonly trainable: boolean | null;
  readonly dtype: DType;
  /** Of the value; of a variable without a value what the model says of it, where null is not known. */
  readonly shape: ShapeSpec;
  /**
   * A copy of what the variable holds. Undefined where it has no value: nothing was restored into it, and no call has
   * given it one yet, as with the metrics of TensorFlow 1.
   */
  readonly value: Tensor | undefined;
}

/** Reads a variable: made once, its operation stays in the graph. */
interface VariableReader {
  readonly variable: VariableNode;
  readonly dtype: DTypeInfo;
  readonly isReference: boolean;
  readonly read: Pointer;
}

interface Reader {
  readonly variables: readonly VariableReader[];
  /** Tells which of them have values; made when one has none. */
  check?: Check;
}

/** TensorFlow's number of the dtype of handles (`DT_RESOURCE`). */
const RESOURCE = 20;

const readers = new WeakMap<Session, Reader>();

/**
 * Reads all variables of a model in one run, in the order of `savedmodel inspect`: by name, then by path. Those without a
 * value are there too.
 *
 * @throws SavedModelError `TF_<STATUS>`
 */
export function readVariables(session: Session): readonly ModelVariable[] {
  let reader = readers.get(session);
  if (reader === undefined) {
    reader = prepare(session);
    readers.set(session, reader);
  }
  const { variables } = reader;
  if (variables.length === 0) return [];
  try {
    return describe(variables, fetch(session, variables));
  } catch (cause) {
    reader.check ??= prepareVariableCheck(
      session,
      variables.map(({ variable: { node }, isReference }) => ({ node, isReference })),
    );
    const has = reader.check();
    const present = variables.filter((_, index) => has[index]);
    if (present.length === variables.length) throw runError("variables()", cause);
    return describe(variables, fetch(session, present));
  }
}

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

/** @throws TensorFlowError when one of them has no value */
function fetch(
  { api, handle, runOptions }: Session,
  variables: readonly VariableReader[],
): ReadonlyMap<VariableReader, Tensor> {
  const tensors = new BigUint64Array(variables.length);
  if (variables.length === 0) return new Map();
  // TF_Output[]: each is an operation and the number of one of its outputs.
  const outputs = BigUint64Array.from(variables.flatMap(({ read }) => [read, 0n]));
  withStatus(api, (status) =>
    api.TF_SessionRun(handle, runOptions, null, null, 0, outputs, tensors, tensors.length, null, 0, null, status),
  );
  try {
    return new Map(
      variables.map((reader, index) => {
        const { dtype, variable } = reader;
        const spec = { key: variable.description.name, dtype, shape: null };
        return [reader, readTensor(api, nonNull(itemAt(tensors, index), "tensor"), spec, "variables()")];
      }),
    );
  } finally {
    for (const tensor of tensors) api.TF_DeleteTensor(tensor);
  }
}

/** Adds an operation to the graph that reads each variable: what holds one is a resource, or in TensorFlow 1 a reference. */
function prepare(session: Session): Reader {
  const { api } = session;
  const variables = locateVariables(session).flatMap((variable, index): readonly VariableReader[] => {
    const { description, node } = variable;
    // A value of a dtype that tensors do not have cannot be shown.
    if (!isDType(description.dtype)) return [];
    const dtype = dtypeInfo(description.dtype);
    const holder = session.requireOperation(node);
    const isReference = api.TF_OperationOutputType(firstOutput(holder)) !== RESOURCE;
    const type = isReference ? "Identity" : "ReadVariableOp";
    const read = addOperation(session, type, `savedmodel/variable_${index}`, (operation) => {
      api.TF_AddInput(operation, firstOutput(holder));
      if (!isReference) api.TF_SetAttrType(operation, "dtype", dtype.code);
    });
    return [{ variable, dtype, isReference, read }];
  });
  return { variables };
}
