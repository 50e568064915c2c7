import { attributeOf, calledFunction, openGraph, operationOf, producerOf } from "../../../saved-model/graph/graph.js";
import type { Message } from "../../../saved-model/proto/decode.js";
import { readShape } from "../../../saved-model/shape-proto.js";
import type { ShapeSpec } from "../../../tensor/shape.js";
import type { Assignment } from "./assign.js";

type Node = Message<"NodeDef">;

/** A tensor that a model restores from a checkpoint. */
export interface RestoredTensor {
  readonly key: string;
  /** TensorFlow's number of it. */
  readonly dtype: number;
  /** Of the variable that it goes to; null where that is not known. */
  readonly shape: ShapeSpec;
  /** Which part it is of what the checkpoint has under this key, if the variable was divided: `4 2 0,2:0,2`, or empty. */
  readonly slice: string;
  /** Where it goes; undefined where that is not known. */
  readonly target: RestoreTarget | undefined;
}

/** A node of the main graph that takes what is restored. */
interface RestoreTarget {
  readonly node: string;
  readonly kind: Assignment["kind"];
  /** Of a table, whether it is the keys (0) or the values (1). */
  readonly place: number;
}

/** What is assigned to a variable or table. */
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

/** What an operation restores: all that the RestoreV2 operations read which it waits for, those of functions included. */
export function restoredTensors(graphDef: Uint8Array, restoreOperation: string): readonly RestoredTensor[] {
  const graph = openGraph(graphDef);
  const nodes = new Map(graph.all().map((node) => [node.name, node]));
  const needed = upstream(nodes, operationOf(restoreOperation));
  const main: Scope = { nodes: needed, variable: (name) => nodes.get(name) };
  const called = [...needed.values()].flatMap((call): readonly Scope[] => {
    const body = graph.function(calledFunction(call) ?? "");
    if (body === undefined) return [];
    const places = new Map(body.signature?.inputArg.map(({ name }, index) => [name, call.input[index] ?? ""]));
    const variable = (name: string): Node | undefined => nodes.get(operationOf(places.get(name) ?? ""));
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
      const [, names = "", slices = ""] = node.input.map(producerOf);
      const dtypes = attributeOf(node, "dtypes")?.list?.type ?? [];
      const keys = strings(scope.nodes.get(names), dtypes.length);
      const parts = strings(scope.nodes.get(slices), dtypes.length);
      return dtypes.map((dtype, index) => {
        const { target, shape } = assigned.get(`${node.name}:${index}`) ?? { target: undefined, shape: null };
        return { key: keys[index] ?? "", dtype, shape, slice: parts[index] ?? "", target };
      });
    });
}

const ASSIGN_KINDS: ReadonlyMap<string, Assignment["kind"]> = new Map([
  ["Assign", "reference"],
  ["AssignVariableOp", "variable"],
  ["LookupTableImport", "table"],
  ["LookupTableImportV2", "table"],
]);

/** What each output of a RestoreV2 is assigned to. */
function assignedOutputs({ nodes, variable }: Scope): ReadonlyMap<string, Assigned> {
  const outputs = new Map<string, Assigned>();
  for (const { op, input } of nodes.values()) {
    const kind = ASSIGN_KINDS.get(op);
    if (kind === undefined) continue;
    const [to = "", ...values] = input.filter((each) => !each.startsWith("^"));
    const holder = variable(producerOf(to));
    const shape = kind === "table" ? null : (holder && attributeOf(holder, "shape"))?.shape;
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
    if (node?.op !== "Identity") break;
    current = node.input[0] ?? "";
  }
  return `${producerOf(current)}:${/:(\d+)$/.exec(current)?.[1] ?? 0}`;
}

/** The elements of a constant, whose last one stands for those that follow. */
function strings(node: Node | undefined, count: number): readonly string[] {
  const value = node?.op === "Const" ? attributeOf(node, "value")?.tensor?.stringVal : undefined;
  const texts = (value ?? []).map((bytes) => Buffer.from(bytes).toString());
  return Array.from({ length: count }, (_, index) => texts[Math.min(index, texts.length - 1)] ?? "");
}
