import {
  attributeOf,
  calledFunction,
  openGraph,
  operationOf,
  outputIndexOf,
  producerOf,
  stringConstant,
} from "../../../saved-model/graph/graph.js";
import type { Message } from "../../../saved-model/proto/decode.js";
import { readShape } from "../../../saved-model/shape-proto.js";
import type { ShapeSpec } from "../../../tensor/shape.js";
import type { AssignKind } from "./assign.js";

type Node = Message<"NodeDef">;

/** A tensor that a model restores from a checkpoint. */
export interface RestoredTensor {
  readonly key: string;
  /** TensorFlow's number of it. */
  readonly dtype: number;
  /** Of the variable that it goes to; null where that is not known. */
  readonly shape: ShapeSpec;
  /**
   * Part of the tensor that the checkpoint has under this key, if the variable was divided: `4 2 0,2:0,2`, or empty.
   */
  readonly slice: string;
  /** Target of the value; undefined where that is unknown. */
  readonly target: RestoreTarget | undefined;
}

/** A node of the main graph that takes a restored value. */
export interface RestoreTarget {
  readonly node: string;
  readonly kind: AssignKind;
  /** Of a table, whether it is the keys (0) or the values (1). */
  readonly place: number;
}

/** Value that is assigned to a variable or table. */
interface Assigned {
  readonly target: RestoreTarget | undefined;
  readonly shape: ShapeSpec;
}

/** Nodes by name, and how the arguments of the function that they are in lead out of it. */
interface Scope {
  readonly nodes: ReadonlyMap<string, Node>;
  /** The node that holds a variable, behind its handle. */
  variable(name: string): Node | undefined;
}

/**
 * Returns the tensors that an operation restores: all that the RestoreV2 operations read that it depends on, in
 * functions too.
 */
export function restoredTensors(graphDef: Uint8Array, restoreOperation: string): readonly RestoredTensor[] {
  const graph = openGraph(graphDef);
  const nodes = new Map(graph.all().map((node) => [node.name, node]));
  const needed = upstream(nodes, operationOf(restoreOperation));
  const main: Scope = { nodes: needed, variable: (name) => nodes.get(name) };
  const called = [...needed.values()].flatMap((call): readonly Scope[] => {
    const body = graph.function(calledFunction(call) ?? "");
    if (body === undefined) return [];
    const places = new Map(body.signature?.inputArg.map(({ name }, index) => [name, call.input[index]]));
    const variable = (name: string): Node | undefined => {
      const input = places.get(name);
      return input === undefined ? undefined : nodes.get(operationOf(input));
    };
    return [{ nodes: new Map(body.nodeDef.map((node) => [node.name, node])), variable }];
  });
  return [main, ...called].flatMap(tensorsOf);
}

/** A node and all that it depends on. */
function upstream(nodes: ReadonlyMap<string, Node>, start: string): Map<string, Node> {
  const found = new Map<string, Node>();
  const pending = [start];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const node = nodes.get(name);
    if (node === undefined || found.has(name)) continue;
    found.set(name, node);
    pending.push(...node.input.map((input) => operationOf(input.replace(/^\^/, ""))));
  }
  return found;
}

function tensorsOf(scope: Scope): readonly RestoredTensor[] {
  const assigned = assignedOutputs(scope);
  return [...scope.nodes.values()]
    .filter(({ op }) => op === "RestoreV2")
    .flatMap((node) => {
      const [, keys, slices] = node.input.map((input) => stringsOf(scope.nodes.get(producerOf(input))));
      const dtypes = attributeOf(node, "dtypes")?.list?.type ?? [];
      return dtypes.map((dtype, index) => {
        const { target, shape } = assigned.get(`${node.name}:${index}`) ?? { target: undefined, shape: null };
        return { key: elementOf(keys, index), dtype, shape, slice: elementOf(slices, index), target };
      });
    });
}

const ASSIGN_KINDS: ReadonlyMap<string, AssignKind> = new Map([
  ["Assign", "reference"],
  ["AssignVariableOp", "variable"],
  ["LookupTableImport", "reference to a table"],
  ["LookupTableImportV2", "table"],
]);

/** Returns the variable or table that each output of a RestoreV2 is assigned to. */
function assignedOutputs({ nodes, variable }: Scope): ReadonlyMap<string, Assigned> {
  const outputs = new Map<string, Assigned>();
  for (const { op, input } of nodes.values()) {
    const kind = ASSIGN_KINDS.get(op);
    if (kind === undefined) continue;
    const [to, ...values] = input.filter((each) => !each.startsWith("^"));
    const holder = to === undefined ? undefined : variable(producerOf(to));
    const isTable = kind === "table" || kind === "reference to a table";
    const shape = isTable ? null : (holder && attributeOf(holder, "shape"))?.shape;
    values.forEach((value, place) => {
      outputs.set(outputOf(value, nodes), {
        target: holder && { node: holder.name, kind, place },
        shape: shape ? readShape(shape) : null,
      });
    });
  }
  return outputs;
}

/** `RestoreV2:tensors:3`, or `save/RestoreV2:3`, through what hands it on → `RestoreV2:3` */
function outputOf(value: string, nodes: ReadonlyMap<string, Node>): string {
  let current = value;
  for (let step = 0; step < 16; step++) {
    const node = nodes.get(producerOf(current));
    const [input] = node?.input ?? [];
    if (node?.op !== "Identity" || input === undefined) break;
    current = input;
  }
  return `${producerOf(current)}:${outputIndexOf(current)}`;
}

function stringsOf(node: Node | undefined): readonly string[] {
  return stringConstant(node).map((bytes) => Buffer.from(bytes).toString());
}

/** An element of a constant, whose last one stands for those that follow; empty where it is not a constant of strings. */
function elementOf(constant: readonly string[] | undefined, index: number): string {
  return constant?.[index] ?? constant?.at(-1) ?? "";
}
