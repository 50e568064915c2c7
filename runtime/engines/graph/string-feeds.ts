import { dtypeInfo } from "../../tensor/dtype.js";
import { Tensor } from "../../tensor/tensor.js";
import type { NodeSpec } from "./graph-session.js";

/** TensorFlow's number of the dtype of strings. */
const STRING: number = dtypeInfo("string").code;

/** Returns a placeholder for a string or an array of strings, such as paths and keys. */
export function stringPlaceholder(name: string): NodeSpec {
  return { op: "Placeholder", name, inputs: [], dtypes: { dtype: STRING } };
}

/** Returns the value of a placeholder for a string or an array of strings. */
export function stringTensor(value: string | readonly string[]): Tensor {
  return Tensor.from("string", value);
}
