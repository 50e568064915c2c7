import { decode, type Message } from "./proto/decode.js";

/** Operations that call a function of the library. */
const CALL_OPS: ReadonlySet<string> = new Set(["PartitionedCall", "StatefulPartitionedCall"]);

type Node = Message<"NodeDef">;

/** A graph with its functions, from which single nodes and functions are decoded when they are asked for. */
export interface GraphIndex {
  node(name: string): Node | undefined;
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

/** The name of the function that a node calls, if it calls one. */
export function calledFunction(node: Node): string | undefined {
  if (!CALL_OPS.has(node.op)) return undefined;
  const attribute = node.attr.find(({ key }) => key === "f");
  return attribute === undefined ? undefined : decode("AttrValue", attribute.value).func?.name;
}

/** `StatefulPartitionedCall:1` → `StatefulPartitionedCall` */
export function operationOf(tensor: string): string {
  return tensor.replace(/:\d+$/, "");
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
