import type { SignatureDescription } from "./description.js";
import { calledFunction, type GraphIndex, operationOf } from "./graph.js";

/** TensorFlow's own function around each signature; its arguments are sorted by name. */
const WRAPPER = /signature_wrapper/;

/** The author's Python function behind a signature. */
export interface AuthorFunction {
  /** Its name in the function library. */
  readonly name: string;
  /** The keys of the signature's inputs in the order of its arguments. */
  readonly order: readonly string[];
  /** The place of each of them among the arguments. */
  readonly places: readonly number[];
  /** Number of its other arguments: variables and constants. */
  readonly captures: number;
}

/**
 * The function that a signature calls, where the function library tells it.
 *
 * A signature's node calls a wrapper whose arguments are sorted by name, but the wrapper's body calls the author's function
 * in the author's order. The keys of the inputs are followed by position through both calls. Models of TensorFlow 1 have
 * no functions: their inputs stay in natural order.
 */
export function authorFunction(signature: SignatureDescription, graph: GraphIndex): AuthorFunction | undefined {
  const tensors = signature.outputs.flatMap(({ tensor, components = [] }) => tensor ?? components[0]?.tensor ?? []);
  const [output] = tensors;
  const call = output === undefined ? undefined : graph.node(operationOf(output));
  const callee = call === undefined ? undefined : calledFunction(call);
  if (call === undefined || callee === undefined) return undefined;
  const keyOfTensor = new Map(signature.inputs.map(({ key, tensor }) => [withIndex(tensor ?? ""), key]));
  const keys = call.input.map((input) => keyOfTensor.get(withIndex(input)));
  if (!WRAPPER.test(callee)) return found(callee, keys, signature);
  const wrapper = graph.function(callee);
  if (wrapper === undefined) return undefined;
  const keyOfArgument = new Map(wrapper.signature?.inputArg.map(({ name }, index) => [name, keys[index]]));
  for (const inner of wrapper.nodeDef) {
    const name = calledFunction(inner);
    if (name === undefined) continue;
    const order = inner.input.map((input) => keyOfArgument.get(input));
    const author = found(name, order, signature);
    if (author !== undefined) return author;
  }
  return undefined;
}

/** The signature with its inputs in this order. */
export function inOrder(signature: SignatureDescription, order: readonly string[]): SignatureDescription {
  const byKey = new Map(signature.inputs.map((input) => [input.key, input]));
  return { ...signature, inputs: order.flatMap((key) => byKey.get(key) ?? []) };
}

/** The function with the keys that are there, if each of the signature's inputs is among them once. */
function found(
  name: string,
  keys: readonly (string | undefined)[],
  { inputs }: SignatureDescription,
): AuthorFunction | undefined {
  const order = keys.filter((key) => key !== undefined);
  if (order.length !== inputs.length || new Set(order).size !== inputs.length) return undefined;
  const places = [...keys.keys()].filter((place) => keys[place] !== undefined);
  return { name, order, places, captures: keys.length - order.length };
}

/** `x` and `x:0` are the same tensor. */
function withIndex(tensor: string): string {
  return /:\d+$/.test(tensor) ? tensor : `${tensor}:0`;
}
