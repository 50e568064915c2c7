import { addOperation, firstOutput } from "./add-operation.js";
import { readTensor } from "./call/result.js";
import { runError } from "./call/run-error.js";
import { type DType, type DTypeInfo, dtypeInfo, isDType } from "./dtype.js";
import { itemAt } from "./item-at.js";
import { nonNull } from "./native/api.js";
import { withStatus } from "./native/status.js";
import type { Session } from "./session.js";
import type { Tensor } from "./tensor.js";
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
  readonly shape: readonly number[];
  /** A copy of what the variable holds. */
  readonly value: Tensor;
}

/** Reads variables of a session: made once, its operations stay in the graph. */
interface Reader {
  readonly variables: readonly VariableNode[];
  readonly dtypes: readonly DTypeInfo[];
  /** TF_Output[] */
  readonly outputs: BigUint64Array;
}

/** TensorFlow's number of the dtype of handles (`DT_RESOURCE`). */
const RESOURCE = 20;

const readers = new WeakMap<Session, Reader>();

/**
 * Reads all variables of a model in one run, in the order of `savedmodel inspect`: by name, then by path.
 *
 * @throws SavedModelError `TF_<STATUS>`, for example when a variable has no value
 */
export function readVariables(session: Session): readonly ModelVariable[] {
  let reader = readers.get(session);
  if (reader === undefined) {
    reader = prepare(session);
    readers.set(session, reader);
  }
  const { variables, dtypes } = reader;
  if (variables.length === 0) return [];
  const tensors = fetch(session, reader);
  try {
    return variables.map(({ description: { name, path, copy, trainable } }, index) => {
      const dtype = itemAt(dtypes, index);
      const tensor = nonNull(itemAt(tensors, index), "tensor");
      const value = readTensor(session.api, tensor, { key: name, dtype, shape: null }, "variables()");
      const named = { name, ...(path === undefined ? {} : { path }), ...(copy === undefined ? {} : { copy }) };
      return { ...named, dtype: dtype.name, shape: value.shape, trainable, value };
    });
  } finally {
    for (const tensor of tensors) session.api.TF_DeleteTensor(tensor);
  }
}

function fetch({ api, handle, runOptions }: Session, { variables, outputs }: Reader): BigUint64Array {
  const tensors = new BigUint64Array(variables.length);
  try {
    withStatus(api, (status) =>
      api.TF_SessionRun(handle, runOptions, null, null, 0, outputs, tensors, tensors.length, null, 0, null, status),
    );
  } catch (cause) {
    throw runError("variables()", cause);
  }
  return tensors;
}

/** Adds an operation to the graph that reads each variable: what holds one is a resource, or in TensorFlow 1 a reference. */
function prepare(session: Session): Reader {
  const { api } = session;
  // A value of a dtype that tensors do not have cannot be shown.
  const variables = locateVariables(session).filter(({ description }) => isDType(description.dtype));
  const outputs = new BigUint64Array(new ArrayBuffer(Math.max(1, variables.length) * 16));
  const dtypes = variables.map(({ description: { dtype } }) => dtypeInfo(dtype as DType));
  variables.forEach(({ node }, index) => {
    const holder = session.requireOperation(node);
    const isReference = api.TF_OperationOutputType(firstOutput(holder)) !== RESOURCE;
    const type = isReference ? "Identity" : "ReadVariableOp";
    outputs[2 * index] = addOperation(session, type, `savedmodel/variable_${index}`, (description) => {
      api.TF_AddInput(description, firstOutput(holder));
      if (!isReference) api.TF_SetAttrType(description, "dtype", itemAt(dtypes, index).code);
    });
  });
  return { variables, dtypes, outputs };
}
