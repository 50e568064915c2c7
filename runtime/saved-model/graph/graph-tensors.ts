import { dtypeName } from "../../tensor/dtype.js";
import type { ShapeSpec } from "../../tensor/shape.js";
import { decode, type Message } from "../proto/decode.js";
import { readShape } from "../shape-proto.js";
import { attributeOf, operationOf } from "./graph.js";

/** Description of a tensor in a graph. */
interface GraphTensor {
  readonly dtype?: string;
  readonly shape?: ShapeSpec;
  /** For an input that need not be fed: the node that holds its default value. */
  readonly defaultNode?: string;
}

/** Finds tensors by name (`operation:index`); null for a name that no tensor of the graph has. */
export type GraphTensors = (name: string) => GraphTensor | null;

type Node = Message<"NodeDef">;

/** Operations with one output, whose attributes tell its dtype and shape. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(["Placeholder", "PlaceholderWithDefault", "PlaceholderV2"]);

/**
 * Looks up the tensors that signatures name. The graph is read once, and only the requested nodes are decoded.
 *
 * @param names the names of tensors
 * @returns undefined without a graph to compare with
 */
export function openTensors(graphDef: Uint8Array, names: readonly string[]): GraphTensors | undefined {
  const { node: bytes } = decode("GraphDef", graphDef);
  if (bytes.length === 0) return undefined;
  const wanted = new Set(names.map(operationOf));
  const nodes = new Map<string, Node>();
  for (const item of bytes) {
    const { name } = decode("NodeHead", item);
    if (wanted.has(name)) nodes.set(name, decode("NodeDef", item));
  }
  return (name) => {
    const operation = operationOf(name);
    const node = nodes.get(operation);
    const index = operation === name ? 0 : Number(name.slice(operation.length + 1));
    return node === undefined ? null : readOutput(node, index);
  };
}

function readOutput(node: Node, index: number): GraphTensor | null {
  const shapes = attributeOf(node, "_output_shapes")?.list?.shape ?? [];
  if (shapes.length > 0 && index >= shapes.length) return null;
  const noted = shapes[index] === undefined ? {} : { shape: readShape(shapes[index]) };
  const types = attributeOf(node, "Tout")?.list?.type ?? [];
  const type = types[index];
  if (types.length > 0) return type === undefined ? null : { dtype: dtypeName(type), ...noted };
  if (!PLACEHOLDERS.has(node.op)) return noted;
  if (index > 0) return null;
  const { type: code = 0 } = attributeOf(node, "dtype") ?? {};
  const shape = attributeOf(node, "shape")?.shape;
  const [value] = node.input;
  return {
    ...(code === 0 ? {} : { dtype: dtypeName(code) }),
    // Before version 24 of graphs, a placeholder of unknown rank had the shape of a scalar.
    ...(shape == null || (shape.dim.length === 0 && !shape.unknownRank) ? {} : { shape: readShape(shape) }),
    ...noted,
    ...(node.op === "PlaceholderWithDefault" && value !== undefined ? { defaultNode: value } : {}),
  };
}

/** The value of a constant of the main graph, if a node of this name is one. */
export function openConstants(
  graphDef: Uint8Array,
  names: ReadonlySet<string>,
): ReadonlyMap<string, Message<"TensorProto">> {
  const values = new Map<string, Message<"TensorProto">>();
  if (names.size === 0) return values;
  for (const item of decode("GraphDef", graphDef).node) {
    const { name, op } = decode("NodeHead", item);
    if (op !== "Const" || !names.has(name)) continue;
    const value = attributeOf(decode("NodeDef", item), "value")?.tensor;
    if (value) values.set(name, value);
  }
  return values;
}
