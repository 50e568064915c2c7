import { itemAt } from "../../base/item-at.js";
import { producerOf } from "../graph/graph.js";
import { decode } from "../proto/decode.js";
import { FlowBody, type FlowSummary, type FunctionLookup } from "./flow-body.js";

/** Sources that a value is computed from. */
interface Sources {
  /** True if it depends on what is fed. */
  readonly inputs: boolean;
  /** The nodes of the variables whose values it depends on. */
  readonly variables: ReadonlySet<string>;
}

/** A change that a run makes to a variable. */
interface VariableWrite {
  /** True if the new value depends on the old one, as that of a counter does. */
  readonly accumulates: boolean;
  /** Sources of the new value. */
  readonly sources: Sources;
}

/** Dependence of values and variables on each other in a run. */
export interface RunFlow {
  /** Sources of each fetched tensor, in their order. */
  readonly outputs: readonly Sources[];
  /** The variables that the run changes, by the node that holds each. */
  readonly writes: ReadonlyMap<string, VariableWrite>;
}

/** Operations of the main graph at which values begin: feeds and holders of variables. */
const FED: ReadonlySet<string> = new Set(["Placeholder", "PlaceholderV2", "PlaceholderWithDefault"]);
const VARIABLES: ReadonlySet<string> = new Set(["AutoReloadVariable", "VarHandleOp", "Variable", "VariableV2"]);

/**
 * Follows values through a serialized GraphDef and the functions that it calls: which inputs and variables each output
 * depends on, and which variables are changed by what. Branches count with either side; what decides between them does not.
 */
export function openStateFlow(graphDef: Uint8Array): (tensors: readonly string[]) => RunFlow {
  const { node, library } = decode("GraphDef", graphDef);
  const heads = node.map((bytes) => decode("NodeHead", bytes));
  const bytesByName = new Map(heads.map(({ name }, index) => [name, itemAt(node, index)]));
  const roots = heads.filter(({ op }) => FED.has(op) || VARIABLES.has(op));
  const functions = new Map(
    (library?.function ?? []).map((body) => [decode("FunctionName", body).signature?.name ?? "", body]),
  );
  const summaries = new Map<string, FlowSummary>();
  const summaryOf: FunctionLookup = (name) => {
    const known = summaries.get(name);
    if (known !== undefined) return known;
    const body = functions.get(name);
    if (body === undefined) return undefined;
    // A function that calls itself adds nothing to what it does.
    summaries.set(name, { outputs: [], writes: new Map() });
    const { signature, nodeDef, ret } = decode("FunctionDef", body);
    const results = new Map(ret.map(({ key, value }) => [key, value]));
    const summary = new FlowBody(
      (signature?.inputArg ?? []).map((argument) => argument.name),
      new Map(nodeDef.map((each) => [each.name, each])),
      summaryOf,
    ).summary((signature?.outputArg ?? []).map((output) => results.get(output.name) ?? ""));
    summaries.set(name, summary);
    return summary;
  };

  const readNode = (name: string): ReturnType<typeof decode<"NodeDef">> | undefined => {
    const bytes = bytesByName.get(name);
    return bytes === undefined ? undefined : decode("NodeDef", bytes);
  };

  return (tensors) => {
    const nodes = ancestors(tensors, readNode);
    const names = roots.map(({ name }) => name);
    const { outputs, writes } = new FlowBody(names, nodes, summaryOf).summary(tensors);
    const toSources = (sources: Iterable<number>): Sources => {
      const found = new Set([...sources].map((source) => source % roots.length));
      const held = [...found].map((place) => itemAt(roots, place));
      return {
        inputs: held.some(({ op }) => FED.has(op)),
        variables: new Set(held.filter(({ op }) => VARIABLES.has(op)).map(({ name }) => name)),
      };
    };
    return {
      outputs: outputs.map(toSources),
      writes: new Map(
        Array.from(writes).flatMap(([place, { accumulates, sources }]) => {
          const root = roots[place];
          return root === undefined || !VARIABLES.has(root.op)
            ? []
            : [[root.name, { accumulates, sources: toSources(sources) }] as const];
        }),
      ),
    };
  };
}

/** The nodes that a run of these tensors runs. */
function ancestors<Node extends { readonly input: readonly string[] }>(
  tensors: readonly string[],
  readNode: (name: string) => Node | undefined,
): ReadonlyMap<string, Node> {
  const found = new Map<string, Node>();
  const pending = tensors.map(nodeOf);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (found.has(name)) continue;
    const node = readNode(name);
    if (node === undefined) continue;
    found.set(name, node);
    for (const input of node.input) pending.push(nodeOf(input));
  }
  return found;
}

/** `node:0` and `^node` → `node` */
function nodeOf(tensor: string): string {
  return producerOf(tensor.replace(/^\^/, ""));
}
