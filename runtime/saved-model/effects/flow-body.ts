import { producerOf } from "../graph/graph.js";
import { decode, type Message } from "../proto/decode.js";
import { BitSet } from "./bit-set.js";

type Node = Message<"NodeDef">;

/**
 * Dependence of the results and variables of a function on its arguments. With `n` arguments, the source `k` is the
 * value of argument `k`, and `n + k` the value of the variable that argument `k` is the handle of.
 */
export interface FlowSummary {
  readonly outputs: readonly BitSet[];
  /** By the argument that is the handle of the variable. */
  readonly writes: ReadonlyMap<number, { readonly accumulates: boolean; readonly sources: BitSet }>;
}

/** The summary of a function of the library, if there is one of that name. */
export type FunctionLookup = (name: string) => FlowSummary | undefined;

/** Operations that call functions with their inputs, from this input on. */
const CALLS: ReadonlyMap<string, { readonly functions: readonly string[]; readonly from: number }> = new Map([
  ["PartitionedCall", { functions: ["f"], from: 0 }],
  ["StatefulPartitionedCall", { functions: ["f"], from: 0 }],
  ["If", { functions: ["then_branch", "else_branch"], from: 1 }],
  ["StatelessIf", { functions: ["then_branch", "else_branch"], from: 1 }],
  ["Case", { functions: ["branches"], from: 1 }],
  ["StatelessCase", { functions: ["branches"], from: 1 }],
  ["While", { functions: ["body"], from: 0 }],
  ["StatelessWhile", { functions: ["body"], from: 0 }],
]);

const LOOPS: ReadonlySet<string> = new Set(["While", "StatelessWhile"]);

/** Operations that change the variables among their inputs, by their previous values. */
const UPDATES = /^(AssignAdd|AssignSub|Scatter|Apply|SparseApply|Resource(Scatter|Apply|SparseApply|StridedSlice))/;
const ASSIGNMENTS: ReadonlySet<string> = new Set(["Assign", "AssignVariableOp"]);

/** They tell nothing of the values. */
const VALUELESS: ReadonlySet<string> = new Set(["VariableShape", "VarIsInitializedOp", "IsVariableInitialized"]);

/** Sources of a node's outputs: the same for all, or one for each. */
type NodeSources = BitSet | readonly BitSet[];

/** The nodes of a function, or those of the main graph that run. */
export class FlowBody {
  readonly #places: ReadonlyMap<string, number>;
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #summaryOf: FunctionLookup;
  readonly #order: readonly Node[];
  readonly #writes: Map<number, { accumulates: boolean; sources: BitSet }> = new Map();
  /** The tensors that become the new value of a variable which accumulates, by its place. */
  readonly #newValues: Map<string, number> = new Map();
  readonly #sources: Map<string, NodeSources> = new Map();

  /** @param roots the names of its arguments: in the main graph, the nodes at which values begin */
  constructor(roots: readonly string[], nodes: ReadonlyMap<string, Node>, summaryOf: FunctionLookup) {
    this.#places = new Map(roots.map((name, place) => [name, place]));
    this.#nodes = nodes;
    this.#summaryOf = summaryOf;
    this.#order = inOrder(nodes, this.#places);
  }

  /** Returns the dependence of these tensors, and of the variables, on the roots. */
  summary(tensors: readonly string[]): FlowSummary {
    this.#follow();
    if (this.#newValues.size > 0) {
      // The assigned value is read later: a result that is made of it is a running value, too.
      const writes = new Map(this.#writes);
      this.#sources.clear();
      this.#follow();
      return { outputs: tensors.map((tensor) => this.#sourcesOf(tensor)), writes };
    }
    return { outputs: tensors.map((tensor) => this.#sourcesOf(tensor)), writes: this.#writes };
  }

  #follow(): void {
    this.#writes.clear();
    const values = new Map<string, number>();
    for (const node of this.#order) this.#sources.set(node.name, this.#sourcesOfNode(node, values));
    for (const [tensor, place] of values) this.#newValues.set(tensor, place);
  }

  #sourcesOfNode(node: Node, newValues: Map<string, number>): NodeSources {
    const inputs = node.input.filter((input) => !input.startsWith("^"));
    const call = CALLS.get(node.op);
    if (call !== undefined) {
      const names = call.functions.flatMap((name) => functionsOf(node, name));
      return this.#call(names, inputs.slice(call.from), LOOPS.has(node.op));
    }
    if (this.#summaryOf(node.op) !== undefined) return this.#call([node.op], inputs, false);
    if (VALUELESS.has(node.op)) return this.#none();
    if (node.op === "IdentityN") return inputs.map((input) => this.#sourcesOf(input));
    const [handle = "", value = ""] = inputs;
    const place = this.#placeOf(handle);
    if (ASSIGNMENTS.has(node.op) && place !== undefined) {
      const sources = this.#sourcesOf(value);
      const accumulates = sources.has(place) || sources.has(this.#places.size + place);
      this.#write(place, accumulates, sources);
      if (accumulates) newValues.set(firstWithoutNumber(value), place);
      return sources;
    }
    const sources = this.#none();
    for (const input of inputs) sources.addAll(this.#sourcesOf(input));
    const held = inputs.flatMap((input) => this.#placeOf(input) ?? []);
    if (UPDATES.test(node.op)) for (const each of held) this.#write(each, true, sources);
    // The result of an operation on a handle is the variable's value; a handle that is passed on stays one.
    if (node.op !== "Identity") for (const each of held) sources.add(this.#places.size + each);
    return sources;
  }

  #call(names: readonly string[], inputs: readonly string[], isLoop: boolean): readonly BitSet[] {
    const outputs: BitSet[] = [];
    for (const name of names) {
      const summary = this.#summaryOf(name);
      if (summary === undefined) continue;
      const { outputs: given, writes } = isLoop ? repeated(summary, inputs.length) : summary;
      for (const [index, sources] of given.entries()) {
        outputs[index] ??= this.#none();
        outputs[index].addAll(this.#translated(sources, inputs));
      }
      for (const [argument, { accumulates, sources }] of writes) {
        const place = this.#placeOf(inputs[argument] ?? "");
        if (place === undefined) continue;
        const translated = this.#translated(sources, inputs);
        this.#write(place, accumulates || translated.has(this.#places.size + place), translated);
      }
    }
    return outputs;
  }

  /** Sources of a called function as those of this body. */
  #translated(sources: BitSet, inputs: readonly string[]): BitSet {
    const translated = this.#none();
    for (const source of sources) {
      const input = inputs[source % Math.max(1, inputs.length)] ?? "";
      if (source < inputs.length) translated.addAll(this.#sourcesOf(input));
      else {
        const place = this.#placeOf(input);
        if (place !== undefined) translated.add(this.#places.size + place);
      }
    }
    return translated;
  }

  #write(place: number, accumulates: boolean, sources: BitSet): void {
    const known = this.#writes.get(place);
    const all = known?.sources ?? this.#none();
    all.addAll(sources);
    this.#writes.set(place, { accumulates: accumulates || known?.accumulates === true, sources: all });
  }

  #sourcesOf(tensor: string): BitSet {
    const newValue = this.#newValues.get(firstWithoutNumber(tensor));
    if (newValue !== undefined) return this.#only(this.#places.size + newValue);
    const name = producerOf(tensor);
    const place = this.#places.get(name);
    if (place !== undefined) return this.#only(place);
    const found = this.#sources.get(name);
    if (found === undefined) return this.#none();
    return found instanceof BitSet
      ? found
      : (found[tensor === name ? 0 : Number(tensor.slice(tensor.lastIndexOf(":") + 1))] ?? this.#none());
  }

  /** Returns the root of a tensor, passed on or not. */
  #placeOf(tensor: string): number | undefined {
    let name = producerOf(tensor);
    for (let node = this.#nodes.get(name); node?.op === "Identity"; node = this.#nodes.get(name)) {
      name = producerOf(node.input[0] ?? "");
    }
    return this.#places.get(name);
  }

  #none(): BitSet {
    return new BitSet(2 * this.#places.size);
  }

  #only(source: number): BitSet {
    const set = this.#none();
    set.add(source);
    return set;
  }
}

/** `node:0` → `node`, by which nodes of the main graph name it; of a function `node:output:0` stays. */
function firstWithoutNumber(tensor: string): string {
  return tensor.replace(/^([^:]*):0$/, "$1");
}

/** A body that may run any number of times: an argument stays what it is, or becomes the result of its place. */
function repeated({ outputs, writes }: FlowSummary, count: number): FlowSummary {
  const closed = outputs.map((sources, place) => {
    const all = new BitSet(2 * count);
    all.addAll(sources);
    all.add(place);
    return all;
  });
  const close = (set: BitSet): boolean => {
    let isChanged = false;
    for (const source of set) {
      const result = source < count ? closed[source] : undefined;
      if (result !== undefined && result !== set && set.addAll(result)) isChanged = true;
    }
    return isChanged;
  };
  while (closed.map(close).some(Boolean));
  return {
    outputs: closed,
    writes: new Map(
      Array.from(writes, ([place, { accumulates, sources }]) => {
        const all = new BitSet(2 * count);
        all.addAll(sources);
        close(all);
        return [place, { accumulates: accumulates || all.has(count + place), sources: all }];
      }),
    ),
  };
}

/**
 * Returns the nodes that are not roots, each after those whose outputs it takes; in a loop of TensorFlow 1, in any
 * order.
 */
function inOrder(nodes: ReadonlyMap<string, Node>, roots: ReadonlyMap<string, number>): readonly Node[] {
  const order: Node[] = [];
  const isDone = new Map<string, boolean>();
  // A chain of nodes may be longer than the stack of calls.
  const pending = [...nodes.keys()].reverse();
  for (let name = pending.at(-1); name !== undefined; name = pending.at(-1)) {
    const node = nodes.get(name);
    if (node !== undefined && !roots.has(name) && !isDone.has(name)) {
      isDone.set(name, false);
      for (const input of node.input) {
        const producer = producerOf(input);
        if (!input.startsWith("^") && !isDone.has(producer)) pending.push(producer);
      }
      continue;
    }
    pending.pop();
    if (node === undefined || isDone.get(name) !== false) continue;
    isDone.set(name, true);
    order.push(node);
  }
  return order;
}

/** The functions that an attribute of a node names. */
function functionsOf(node: Node, attribute: string): readonly string[] {
  const { value } = node.attr.find(({ key }) => key === attribute) ?? {};
  if (value === undefined) return [];
  const { func, list } = decode("AttrValue", value);
  return [...(func === null ? [] : [func]), ...(list?.func ?? [])].map(({ name }) => name);
}
