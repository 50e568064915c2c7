import type { SignatureDescription } from "../runtime/description.js";
import { decode, type Message } from "../runtime/proto/decode.js";

/** Operations that call a function of the library. */
const CALL_OPS: ReadonlySet<string> = new Set(["PartitionedCall", "StatefulPartitionedCall"]);

/** TensorFlow's own function around each signature; its arguments are sorted by name. */
const WRAPPER = /signature_wrapper/;

/** A graph with its functions, from which single nodes and functions are decoded when they are asked for. */
export interface GraphIndex {
  node(name: string): Message<"NodeDef"> | undefined;
  function(name: string): Message<"FunctionDef"> | undefined;
}

/** Opens a serialised GraphDef. Weights and whatever else is in the nodes stays undecoded. */
export function openGraph(bytes: Uint8Array): GraphIndex {
  const graph = decode("GraphDef", bytes);
  const functions = graph.library?.function ?? [];
  // Graphs of TensorFlow 1 have no functions, and then no node is asked for: large frozen ones are not even listed.
  const nodes = lazyIndex(graph.node, (node) => decode("NodeHead", node).name);
  const library = lazyIndex(functions, (body) => decode("FunctionName", body).signature?.name ?? "");
  return {
    node: (name) => (functions.length === 0 ? undefined : decodeFound("NodeDef", nodes().get(name))),
    function: (name) => decodeFound("FunctionDef", library().get(name)),
  };
}

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
  const inputs = [...signature.inputs].sort((a, b) => order.indexOf(a.key) - order.indexOf(b.key));
  return { ...signature, inputs };
}

function inputOrder(signature: SignatureDescription, graph: GraphIndex): readonly string[] | undefined {
  const [output] = signature.outputs;
  const call = output?.tensor === undefined ? undefined : graph.node(operationOf(output.tensor));
  if (call === undefined || !CALL_OPS.has(call.op)) return undefined;
  const keyOfTensor = new Map(signature.inputs.map(({ key, tensor }) => [withIndex(tensor ?? ""), key]));
  const keys = call.input.map((input) => keyOfTensor.get(withIndex(input)));
  const callee = functionOf(call);
  if (callee === undefined) return undefined;
  if (!WRAPPER.test(callee)) return complete(keys, signature);
  const wrapper = graph.function(callee);
  if (wrapper === undefined) return undefined;
  const keyOfArgument = new Map(wrapper.signature?.inputArg.map(({ name }, index) => [name, keys[index]]));
  for (const inner of wrapper.nodeDef) {
    if (!CALL_OPS.has(inner.op)) continue;
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

function functionOf(node: Message<"NodeDef">): string | undefined {
  const attribute = node.attr.find(({ key }) => key === "f");
  return attribute === undefined ? undefined : decode("AttrValue", attribute.value).func?.name;
}

/** `StatefulPartitionedCall:1` → `StatefulPartitionedCall` */
function operationOf(tensor: string): string {
  return tensor.replace(/:\d+$/, "");
}

/** `x` and `x:0` are the same tensor. */
function withIndex(tensor: string): string {
  return /:\d+$/.test(tensor) ? tensor : `${tensor}:0`;
}

function lazyIndex(items: readonly Uint8Array[], nameOf: (item: Uint8Array) => string): () => Map<string, Uint8Array> {
  let index: Map<string, Uint8Array> | undefined;
  return () => {
    index ??= new Map(items.map((item) => [nameOf(item), item]));
    return index;
  };
}

function decodeFound<Name extends "NodeDef" | "FunctionDef">(
  name: Name,
  bytes: Uint8Array | undefined,
): Message<Name> | undefined {
  return bytes === undefined ? undefined : decode(name, bytes);
}
