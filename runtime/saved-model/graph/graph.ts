import { once } from "../../base/once.js";
import { decode, type Message } from "../proto/decode.js";

/** Operations that call a function of the library. */
const CALL_OPS: ReadonlySet<string> = new Set(["PartitionedCall", "StatefulPartitionedCall"]);

type Node = Message<"NodeDef">;

/** A graph with its functions, whose nodes and functions are decoded only when they are requested. */
export interface GraphIndex {
  node(name: string): Node | undefined;
  function(name: string): Message<"FunctionDef"> | undefined;
  /** Returns the dependencies of a node of the main graph; of any graph, so that the first call lists all nodes. */
  edges(name: string): Message<"NodeEdges"> | undefined;
  /** All nodes of the main graph. */
  all(): readonly Node[];
  /** The nodes of the main graph that are of these types; no other is decoded as a whole. */
  ofTypes(types: ReadonlySet<string>): readonly Node[];
  /** The types of all operations, those of functions included. */
  operationTypes(): ReadonlySet<string>;
}

/** Opens a serialized GraphDef. Everything else in the nodes, such as weights, stays undecoded. */
export function openGraph(bytes: Uint8Array): GraphIndex {
  const graph = decode("GraphDef", bytes);
  const functions = graph.library?.function ?? [];
  // Graphs of TensorFlow 1 have no functions, and then no node is asked for: large frozen ones are not even listed.
  const nodes = lazyIndex(graph.node, (node) => decode("NodeHead", node).name);
  // Many signatures may share one node, which may be as large as the file.
  const decodedNodes = new Map<Uint8Array, Node>();
  const decodeNode = (bytes: Uint8Array): Node => {
    const known = decodedNodes.get(bytes);
    if (known !== undefined) return known;
    const node = decode("NodeDef", bytes);
    decodedNodes.set(bytes, node);
    return node;
  };
  const library = lazyIndex(functions, (body) => decode("FunctionName", body).signature?.name ?? "");
  // Several signatures may share a function.
  const decoded = new Map<string, Message<"FunctionDef"> | undefined>();
  const functionOf = (name: string): Message<"FunctionDef"> | undefined => {
    if (!decoded.has(name))
      decoded.set(
        name,
        mapFound(library().get(name), (body) => decode("FunctionDef", body)),
      );
    return decoded.get(name);
  };
  return {
    node: (name) => (functions.length === 0 ? undefined : mapFound(nodes().get(name), decodeNode)),
    function: functionOf,
    edges: (name) => {
      const node = nodes().get(name);
      return node === undefined ? undefined : decode("NodeEdges", node);
    },
    all: () => graph.node.map(decodeNode),
    ofTypes: (types) => graph.node.filter((node) => types.has(decode("NodeHead", node).op)).map(decodeNode),
    operationTypes: once(() => {
      const bodies = functions.map((body) => decode("FunctionNodes", body).nodeDef);
      const types = new Set([graph.node, ...bodies].flat().map((node) => decode("NodeHead", node).op));
      // A node may also call a function by its name.
      for (const name of library().keys()) types.delete(name);
      return types;
    }),
  };
}

/** Callees by node: a node with many attributes may be asked about once for each signature. */
const callees = new WeakMap<Node, string | undefined>();

/** The name of the function that a node calls, if it calls one. */
export function calledFunction(node: Node): string | undefined {
  if (!CALL_OPS.has(node.op)) return undefined;
  if (!callees.has(node)) callees.set(node, attributeOf(node, "f")?.func?.name);
  return callees.get(node);
}

/** An attribute of a node, if it has it. */
export function attributeOf(node: Node, name: string): Message<"AttrValue"> | undefined {
  const attribute = node.attr.find(({ key }) => key === name);
  return attribute === undefined ? undefined : decode("AttrValue", attribute.value);
}

/** The name by which nodes share a resource, and which users know a variable by. */
export function sharedName(node: Node): string {
  return Buffer.from(attributeOf(node, "shared_name")?.s ?? []).toString() || node.name;
}

/** The elements of a constant of strings; none where a node is something else. */
export function stringConstant(node: Node | undefined): readonly Uint8Array[] {
  return (node?.op === "Const" ? attributeOf(node, "value")?.tensor?.stringVal : undefined) ?? [];
}

/** The node in `node:0`, or in a function's body `node:output:0`; a plain name there is an argument. */
export function producerOf(value: string): string {
  const end = value.indexOf(":");
  return end < 0 ? value : value.slice(0, end);
}

/** `StatefulPartitionedCall:1` → `StatefulPartitionedCall` */
export function operationOf(tensor: string): string {
  return tensor.replace(/:\d+$/, "");
}

/** `StatefulPartitionedCall:1` → `1`; a missing number means 0. */
export function outputIndexOf(tensor: string): number {
  return Number(/:(\d+)$/.exec(tensor)?.[1] ?? 0);
}

/** Operations of the main graph, and all that they depend on. */
export function upstream(graph: GraphIndex, operations: Iterable<string>): ReadonlySet<string> {
  // A set can grow while it is iterated.
  const found = new Set(operations);
  for (const name of found) {
    for (const input of graph.edges(name)?.input ?? []) found.add(nodeOf(input));
  }
  return found;
}

/** The node that an input of a node in the main graph comes from: `^save/Assign`, `x:1`, `x`. */
export function nodeOf(input: string): string {
  return input.replace(/^\^|:\d+$/g, "");
}

function lazyIndex(items: readonly Uint8Array[], nameOf: (item: Uint8Array) => string): () => Map<string, Uint8Array> {
  return once(() => new Map(items.map((item) => [nameOf(item), item])));
}

function mapFound<T>(bytes: Uint8Array | undefined, decoder: (bytes: Uint8Array) => T): T | undefined {
  return bytes === undefined ? undefined : decoder(bytes);
}
