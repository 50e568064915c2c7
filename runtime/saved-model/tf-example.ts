import { compareNatural } from "../base/text.js";
import { attributeOf, calledFunction, type GraphIndex, producerOf } from "./graph/graph.js";
import type { Message } from "./proto/decode.js";
import type { ExampleFeature, SignatureInfo, TensorInfo } from "./signature-info.js";
import { type Constants, isParser, PARSED_RANKS, readParser } from "./tf-example-parser.js";

type Node = Message<"NodeDef">;

/** Operations that pass on the strings of their first input, in whatever shape. */
const PASSING_OPS: ReadonlySet<string> = new Set(["ExpandDims", "Identity", "Reshape", "Squeeze", "StopGradient"]);

/** Those behind which the rank is another one. */
const RESHAPING_OPS: ReadonlySet<string> = new Set(["ExpandDims", "Reshape", "Squeeze"]);

/** Adds the features of `tf.Example` to the inputs of a signature that are parsed as such. */
export type ExampleReader = (signature: SignatureInfo) => SignatureInfo;

/**
 * Limit on the total cost of following tensors and repeating features: a graph can be made to cost more than it is
 * worth.
 */
const BUDGET = 4_000_000;
const STEP = 20;

/** Finds the examples that a graph parses out of its string inputs. A graph that parses no examples is not decoded. */
export function exampleReader(graph: GraphIndex): ExampleReader {
  if (![...graph.operationTypes()].some(isParser)) return (signature) => signature;
  const tracer = new Tracer(graph);
  const read = (input: TensorInfo): TensorInfo => {
    if (input.dtype !== "string" || input.tensor === undefined || (input.shape?.length ?? 0) > 1) return input;
    const found = tracer.examplesOf(input.tensor);
    if (found === undefined) return input;
    const { example, ranks } = found;
    if (input.shape !== null) return ranks.some((rank) => rank === input.shape?.length) ? { ...input, example } : input;
    const [rank, other] = ranks;
    if (rank === undefined) return input;
    return { ...input, example, ...(other === undefined ? { exampleRank: rank } : {}) };
  };
  return (signature) => ({ ...signature, inputs: signature.inputs.map(read) });
}

/** The features that one operation parses, or undefined where they cannot be known. */
type Features = readonly ExampleFeature[] | undefined;

/** Features parsed out of a tensor, and the ranks that it may have for that. */
interface Examples {
  readonly example: readonly ExampleFeature[];
  readonly ranks: readonly (0 | 1)[];
}

/** The main graph or the body of a function. */
interface Scope {
  /** The tensors that are its arguments. */
  readonly args: readonly string[];
  readonly constant: Constants;
  /** Consumers of a tensor, and the index of its input in each. */
  readonly consumers: ReadonlyMap<string, readonly { readonly node: Node; readonly position: number }[]>;
}

/** Name of the scope that is not a function. */
const MAIN = "";

function functionScope(graph: GraphIndex, name: string): Scope | undefined {
  const body = graph.function(name);
  return body && indexScope(body.nodeDef, body.signature?.inputArg.map((argument) => argument.name) ?? []);
}

function indexScope(nodes: readonly Node[], names: readonly string[]): Scope {
  const consumers = new Map<string, { node: Node; position: number }[]>();
  for (const node of nodes) {
    for (const [position, input] of node.input.entries()) {
      const tensor = endpoint(input);
      const known = consumers.get(tensor);
      if (known === undefined) consumers.set(tensor, [{ node, position }]);
      else known.push({ node, position });
    }
  }
  return { args: names.map(endpoint), constant: constantsOf(nodes), consumers };
}

/** The values of tensors that are constants, possibly reshaped once or twice. */
function constantsOf(nodes: readonly Node[]): Constants {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const values = new Map<Node, Message<"TensorProto"> | undefined>();
  const passed = new Map<Node, Node | undefined>();
  const before = (node: Node): Node | undefined => {
    if (!passed.has(node)) passed.set(node, byName.get(producerOf(node.input[0] ?? "")));
    return passed.get(node);
  };
  return (tensor) => {
    let node = byName.get(producerOf(tensor));
    for (let step = 0; node !== undefined && PASSING_OPS.has(node.op) && step < 8; step++) node = before(node);
    if (node?.op !== "Const") return undefined;
    if (!values.has(node)) values.set(node, attributeOf(node, "value")?.tensor ?? undefined);
    return values.get(node);
  };
}

/** Follows tensors through the graph, and by position into functions. */
class Tracer {
  readonly #graph: GraphIndex;
  readonly #scopes: Map<string, Scope | undefined> = new Map();
  readonly #parsed: Map<Node, { readonly features: Features; readonly cost: number }> = new Map();
  #budget = BUDGET;

  constructor(graph: GraphIndex) {
    this.#graph = graph;
  }

  /** Returns the features parsed out of a tensor of the main graph, if it is parsed and they are known. */
  examplesOf(tensor: string): Examples | undefined {
    const found: Features[] = [];
    let ranks: readonly (0 | 1)[] = [0, 1];
    const visited = new Map<string, Set<string>>();
    const pending: { readonly name: string; readonly tensor: string; readonly isReshaped: boolean }[] = [];
    const follow = (name: string, tensor: string, isReshaped: boolean): void => {
      const tensors = visited.get(name) ?? new Set();
      const place = isReshaped ? `${tensor} reshaped` : tensor;
      if (!tensors.has(place)) pending.push({ name, tensor, isReshaped });
      visited.set(name, tensors.add(place));
    };
    follow(MAIN, endpoint(tensor), false);
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const scope = this.#open(next.name);
      for (const { node, position } of scope?.consumers.get(next.tensor) ?? []) {
        if (!this.#spend(STEP)) return undefined;
        const callee = calledFunction(node);
        const argument = callee === undefined ? undefined : this.#open(callee)?.args[position];
        if (callee !== undefined && argument !== undefined) follow(callee, argument, next.isReshaped);
        else if (position === 0 && PASSING_OPS.has(node.op)) {
          follow(next.name, endpoint(node.name), next.isReshaped || RESHAPING_OPS.has(node.op));
        } else if (position === 0 && scope !== undefined && isParser(node.op)) {
          found.push(this.#parse(node, scope));
          if (!next.isReshaped) ranks = ranks.filter((rank) => PARSED_RANKS[node.op]?.includes(rank));
        }
      }
    }
    const example = mergeFeatures(found);
    return example && { example, ranks };
  }

  #open(name: string): Scope | undefined {
    const known = this.#scopes.get(name);
    if (known !== undefined || this.#scopes.has(name)) return known;
    const scope = name === MAIN ? indexScope(this.#graph.all(), []) : functionScope(this.#graph, name);
    this.#scopes.set(name, scope);
    return scope;
  }

  #parse(node: Node, scope: Scope): Features {
    const known = this.#parsed.get(node) ?? parse(node, scope);
    this.#parsed.set(node, known);
    return this.#spend(known.cost) ? known.features : undefined;
  }

  #spend(amount: number): boolean {
    this.#budget -= amount;
    return this.#budget >= 0;
  }
}

/** The features that an operation parses, and what it costs to list them once. */
function parse(node: Node, scope: Scope): { readonly features: Features; readonly cost: number } {
  const features = readParser(node, scope.constant);
  return {
    features,
    cost: (features ?? []).reduce((sum, { key, shape }) => sum + STEP + key.length + shape.length, 0),
  };
}

/** In the main graph `x` is `x:0`; in a function, outputs have names as well: `x:output:0`. */
function endpoint(tensor: string): string {
  const [node, ...rest] = tensor.split(":");
  return `${node}:${rest.at(-1) ?? 0}`;
}

/** One list of all features, if they are known and do not contradict each other. */
function mergeFeatures(lists: readonly Features[]): Features {
  const merged = new Map<string, ExampleFeature>();
  for (const list of lists) {
    if (list === undefined) return undefined;
    for (const feature of list) {
      const other = merged.get(feature.key);
      if (other !== undefined && !isSame(other, feature)) return undefined;
      merged.set(feature.key, feature);
    }
  }
  return merged.size === 0 ? undefined : [...merged.values()].sort((a, b) => compareNatural(a.key, b.key));
}

/** Returns true if two features of one key are the same. */
function isSame(a: ExampleFeature, b: ExampleFeature): boolean {
  const isOfKind = a.dtype === b.dtype && a.kind === b.kind && a.optional === b.optional;
  return isOfKind && a.shape.length === b.shape.length && a.shape.every((size, axis) => size === b.shape[axis]);
}
