import type { SignatureDescription } from "../runtime/description.js";
import { calledFunction, type GraphIndex, operationOf } from "../runtime/graph.js";

/** TensorFlow's own function around each signature; its arguments are sorted by name. */
const WRAPPER = /signature_wrapper/;

/**
 * The signature with its inputs in the order of the author's Python function, where the function library tells it.
 *
 * A signature's node calls a wrapper whose arguments are sorted by name, but the wrapper's body calls the author's function
 * in the author's order. The keys of the inputs are followed by position through both calls. Models of TensorFlow 1 have
 * no functions: theirs stay in natural order.
 */
export function authorOrder(signature: SignatureDescription, graph: GraphIndex): SignatureDescription {
  const order = signature.inputs.length > 1 ? inputOrder(signature, graph) : undefined;
  if (order === undefined) return signature;
  const byKey = new Map(signature.inputs.map((input) => [input.key, input]));
  return { ...signature, inputs: order.flatMap((key) => byKey.get(key) ?? []) };
}

function inputOrder(signature: SignatureDescription, graph: GraphIndex): readonly string[] | undefined {
  const [output] = signature.outputs;
  const call = output?.tensor === undefined ? undefined : graph.node(operationOf(output.tensor));
  const callee = call === undefined ? undefined : calledFunction(call);
  if (call === undefined || callee === undefined) return undefined;
  const keyOfTensor = new Map(signature.inputs.map(({ key, tensor }) => [withIndex(tensor ?? ""), key]));
  const keys = call.input.map((input) => keyOfTensor.get(withIndex(input)));
  if (!WRAPPER.test(callee)) return complete(keys, signature);
  const wrapper = graph.function(callee);
  if (wrapper === undefined) return undefined;
  const keyOfArgument = new Map(wrapper.signature?.inputArg.map(({ name }, index) => [name, keys[index]]));
  for (const inner of wrapper.nodeDef) {
    if (calledFunction(inner) === undefined) continue;
    const order = complete(
      inner.input.map((input) => keyOfArgument.get(input)),
      signature,
    );
    if (order !== undefined) return order;
  }
  return undefined;
}

/** The keys that are there, if each of the signature's inputs is among them once. */
function complete(
  keys: readonly (string | undefined)[],
  { inputs }: SignatureDescription,
): readonly string[] | undefined {
  const present = keys.filter((key) => key !== undefined);
  return present.length === inputs.length && new Set(present).size === inputs.length ? present : undefined;
}

/** `x` and `x:0` are the same tensor. */
function withIndex(tensor: string): string {
  return /:\d+$/.test(tensor) ? tensor : `${tensor}:0`;
}
