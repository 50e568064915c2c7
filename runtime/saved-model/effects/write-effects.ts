import { attributeOf, calledFunction, nodeOf, producerOf } from "../graph/graph.js";
import { KNOWN_OPS, STATEFUL_OPS } from "../graph/known-ops.js";
import { decode, type Message } from "../proto/decode.js";
import { effectOf, makesHandle } from "./operation-effects.js";

type Node = Message<"NodeDef">;

/** Tells which parts of a graph change what outlives a call: variables, tables, queues, files. */
export interface Effects {
  /** Returns true if running these operations of the main graph, and what they depend on, may change something. */
  writes(operations: readonly string[]): boolean;
  /**
   * Returns true if running these operations changes nothing, and makes nothing either that keeps what it is given, such as
   * an iterator of its own: that outlives a run that fails, with threads that go on reading.
   */
  leavesNothing(operations: readonly string[]): boolean;
  /**
   * Returns true if these operations and what they depend on only move values: they read no string. Some of those that do
   * need a zero byte behind it (`tf.strings.lower` with an encoding), which views of one block do not have.
   */
  onlyMoves(operations: readonly string[]): boolean;
}

/** Operations that pass values on, by copies at most, or look at shapes. */
const MOVERS: ReadonlySet<string> = new Set([
  "Placeholder",
  "PlaceholderWithDefault",
  "Identity",
  "IdentityN",
  "NoOp",
  "Const",
  "StopGradient",
  "Reshape",
  "ExpandDims",
  "Squeeze",
  "Shape",
  "Size",
  "Rank",
  "Pack",
  "Unpack",
  "ConcatV2",
  "GatherV2",
  "StridedSlice",
  "PartitionedCall",
  "StatefulPartitionedCall",
]);

/**
 * Origin of a handle: made in the same call, argument number `n` of the function, or anything else, such as a variable
 * of the model.
 */
type Origin = "call" | "elsewhere" | number;

/** Writes of a function, or of one node. */
interface Writes {
  /** Something that is there before and after the call. */
  readonly other: boolean;
  /** Something that was made in the call. */
  readonly made: boolean;
  /** Arguments of the function whose resources are written. */
  readonly args: ReadonlySet<number>;
}

/** A node that calls functions. */
interface CallSite {
  readonly callees: readonly string[];
  /** Origins of the arguments of the callees; undefined where it is unknown which input is which argument. */
  readonly origins: readonly Origin[] | undefined;
  /** True if the results of the callees are their arguments in the next round. */
  readonly isLoop: boolean;
}

/** Writes of a function by itself, and the functions that it calls. */
interface Body {
  readonly own: Writes;
  readonly calls: readonly CallSite[];
  /** Arguments that are passed on as the result of the same number. */
  readonly returned: ReadonlySet<number>;
}

const NOTHING: Writes = { other: false, made: false, args: new Set() };
const ANYTHING: Writes = { other: true, made: true, args: new Set() };
const MADE: Writes = { other: false, made: true, args: new Set() };

/**
 * Reads a serialized GraphDef. Operations that are not known to be harmless count as a change: an operation of a custom
 * library that calls itself stateful, for example.
 *
 * @param operations a serialized OpList of the library that runs the graph; by default, the operations of TensorFlow
 * itself are known
 */
export function readEffects(graphDef: Uint8Array, operations?: Uint8Array): Effects {
  if (operations === undefined) {
    return effectsOf(graphDef, (type) => STATEFUL_OPS.has(type) || !KNOWN_OPS.has(type));
  }
  const states = statefulOperations(operations);
  return effectsOf(graphDef, (type) => states.get(type) ?? true);
}

/**
 * Reads a serialized GraphDef, as {@link readEffects} does.
 *
 * @param isStateful returns true if operations of a type may change something
 * @param budget maximum number of nodes that are read
 * @throws RangeError when the budget is exceeded
 */
export function effectsOf(
  graphDef: Uint8Array,
  isStateful: (type: string) => boolean,
  budget: number = Number.POSITIVE_INFINITY,
): Effects {
  const graph = decode("GraphDef", graphDef);
  let nodesLeft = budget;
  const nodes = new Map(graph.node.map((bytes) => [decode("NodeHead", bytes).name, bytes]));
  const functions = new Map(
    (graph.library?.function ?? []).map((body) => [decode("FunctionName", body).signature?.name ?? "", body]),
  );
  const bodies = new Map<string, Body>();
  /** Writes of functions; final once everything that they call has been visited. */
  const written = new Map<string, Writes>();

  const bodyOf = (name: string): Body => {
    let body = bodies.get(name);
    if (body === undefined) {
      const bytes = functions.get(name);
      body = bytes === undefined ? { own: ANYTHING, calls: [], returned: new Set() } : readBody(bytes);
      bodies.set(name, body);
    }
    return body;
  };

  const readBody = (bytes: Uint8Array): Body => {
    const { signature, nodeDef, ret } = decode("FunctionBody", bytes);
    const inner = nodeDef.map((node) => decode("NodeDef", node));
    const args = new Map((signature?.inputArg ?? []).map(({ name }, index) => [name, index]));
    const byName = new Map(inner.map((node) => [node.name, node]));
    const originOf = (input: string): Origin => traceHandle(input, (name) => byName.get(name), args);
    const parts = inner.map((node) => readNode(node, originOf));
    const results = new Map(ret.map(({ key, value }) => [key, value]));
    const returned = (signature?.outputArg ?? []).flatMap(({ name }, index) => {
      const result = results.get(name);
      return result !== undefined && originOf(result) === index ? [index] : [];
    });
    return {
      own: union(parts.map(({ own }) => own)),
      calls: parts.flatMap(({ call }) => (call === undefined ? [] : [call])),
      returned: new Set(returned),
    };
  };

  const readNode = (node: Node, originOf: (input: string) => Origin): { own: Writes; call?: CallSite } => {
    if (nodesLeft-- <= 0) throw new RangeError("too many nodes");
    // Constants are many, large, and refer to nothing.
    if (node.op === "Const") return { own: NOTHING };
    if (functions.has(node.op)) return { own: NOTHING, call: callSite([node.op], node, 0, originOf) };
    const callees = functionsOf(node);
    const own = writesOf(node, isStateful(node.op), originOf);
    if (callees.length === 0) return { own };
    return { own, call: callSite(callees, node, FIRST_ARGUMENT[node.op], originOf) };
  };

  const callSite = (
    callees: readonly string[],
    node: Node,
    first: number | undefined,
    originOf: (input: string) => Origin,
  ): CallSite => {
    const inputs = node.input.filter((input) => !input.startsWith("^"));
    const origins = first === undefined ? undefined : inputs.slice(first).map(originOf);
    return { callees, origins, isLoop: LOOPS.has(node.op) };
  };

  /** Returns the writes of a call, by what is known of its callees. */
  const writesOfCall = ({ callees, origins, isLoop }: CallSite): Writes => {
    const originOf = (arg: number): Origin => {
      const isKept = !isLoop || callees.some((name) => bodyOf(name).returned.has(arg));
      return (isKept ? origins?.[arg] : undefined) ?? "elsewhere";
    };
    return union(
      callees.map((name) => {
        const { args, ...own } = written.get(name) ?? NOTHING;
        return union([{ ...own, args: new Set() }, ...[...args].map((arg) => writesTo(originOf(arg)))]);
      }),
    );
  };

  /** Functions may call each other in circles: they are iterated until nothing is added. */
  const resolve = (calls: readonly CallSite[]): void => {
    const order = calleesFirst(
      calls.flatMap(({ callees }) => callees),
      (name) => (written.has(name) ? [] : bodyOf(name).calls.flatMap(({ callees }) => callees)),
    ).filter((name) => !written.has(name));
    for (let isChanged = true; isChanged; ) {
      isChanged = false;
      for (const name of order) {
        const { own, calls: inner } = bodyOf(name);
        const before = written.get(name);
        const after = union([own, ...inner.map(writesOfCall)]);
        written.set(name, after);
        if (before?.other !== after.other || before.made !== after.made || before.args.size !== after.args.size) {
          isChanged = true;
        }
      }
    }
  };

  const findNode = (name: string): Node | undefined => {
    const bytes = nodes.get(name);
    return bytes && decode("NodeDef", bytes);
  };

  /** By the names of nodes: many inputs may come from one node, which takes long to decode. */
  const origins = new Map<string, Origin>();
  const originOf = (input: string): Origin => {
    const name = producerOf(input);
    let origin = origins.get(name);
    if (origin === undefined) {
      origin = traceHandle(name, findNode, new Map());
      origins.set(name, origin);
    }
    return origin;
  };

  const nodeWrites = (node: Node): Writes => {
    const { own, call } = readNode(node, originOf);
    if (own.other || call === undefined) return own;
    resolve([call]);
    return union([own, writesOfCall(call)]);
  };

  /** Returns true if these operations, and all that they depend on, are in the graph and pass. */
  const all = (operations: readonly string[], passes: (node: Node) => boolean): boolean => {
    // A set can grow while it is iterated.
    const found = new Set(operations);
    for (const name of found) {
      const node = findNode(name);
      if (node === undefined || !passes(node)) return false;
      for (const input of node.input) found.add(nodeOf(input));
    }
    return true;
  };

  /** Returns true if a function, and those that it calls, only move values. */
  const functionMoves = (name: string, callers: readonly string[]): boolean => {
    const bytes = functions.get(name);
    if (bytes === undefined || callers.includes(name)) return false;
    const inner = decode("FunctionBody", bytes).nodeDef.map((node) => decode("NodeDef", node));
    return inner.every((node) => nodeMoves(node, [...callers, name]));
  };

  const nodeMoves = (node: Node, callers: readonly string[]): boolean => {
    if (!MOVERS.has(node.op)) return false;
    const callee = calledFunction(node);
    return callee === undefined ? !node.op.endsWith("PartitionedCall") : functionMoves(callee, callers);
  };

  return {
    writes: (operations) => !all(operations, (node) => !nodeWrites(node).other),
    leavesNothing: (operations) =>
      all(operations, (node) => {
        const { other, made } = nodeWrites(node);
        return !other && !made;
      }),
    onlyMoves: (operations) => all(operations, (node) => nodeMoves(node, [])),
  };
}

/** By the types of nodes that call functions, which of their inputs is the first argument. */
const FIRST_ARGUMENT: Readonly<Record<string, number>> = {
  PartitionedCall: 0,
  StatefulPartitionedCall: 0,
  While: 0,
  StatelessWhile: 0,
  If: 1,
  StatelessIf: 1,
  Case: 1,
  StatelessCase: 1,
};

const LOOPS: ReadonlySet<string> = new Set(["While", "StatelessWhile"]);

/** Limit on operations in a row that pass a handle on, above that of any reasonable graph. */
const MAX_STEPS = 32;

/** Returns the writes of a node by itself. */
function writesOf(node: Node, isStateful: boolean, originOf: (input: string) => Origin): Writes {
  if (printsToFile(node)) return ANYTHING;
  const effect = effectOf(node.op, isStateful);
  if (effect === "none") return NOTHING;
  const written = effect === "other" ? undefined : node.input[effect];
  return written === undefined ? ANYTHING : writesTo(originOf(written));
}

function writesTo(origin: Origin): Writes {
  if (origin === "call") return MADE;
  return origin === "elsewhere" ? ANYTHING : { other: false, made: false, args: new Set([origin]) };
}

/** `tf.print(…, output_stream="file://…")` adds to a file. */
function printsToFile(node: Node): boolean {
  if (node.op !== "PrintV2") return false;
  const stream = attributeOf(node, "output_stream")?.s;
  return stream !== undefined && Buffer.from(stream).toString("latin1").startsWith("file:");
}

function union(parts: readonly Writes[]): Writes {
  return {
    other: parts.some(({ other }) => other),
    made: parts.some(({ made }) => made),
    args: new Set(parts.flatMap(({ args }) => [...args])),
  };
}

/** Follows a handle through operations that pass it on, to its origin. */
function traceHandle(
  input: string,
  nodeOf: (name: string) => Node | undefined,
  args: ReadonlyMap<string, number>,
): Origin {
  let name = producerOf(input);
  for (let step = 0; step < MAX_STEPS; step++) {
    const node = nodeOf(name);
    if (node === undefined) return args.get(name) ?? "elsewhere";
    if (makesHandle(node.op)) return "call";
    if (node.op !== "Identity") return "elsewhere";
    const [input] = node.input;
    if (input === undefined) return "elsewhere";
    name = producerOf(input);
  }
  return "elsewhere";
}

/** These and all that they lead to, each behind what it leads to, as far as they are not a circle. */
function calleesFirst(names: readonly string[], calleesOf: (name: string) => readonly string[]): readonly string[] {
  const order = new Set<string>();
  const seen = new Set<string>();
  const pending = [...names];
  for (let name = pending.at(-1); name !== undefined; name = pending.at(-1)) {
    if (!seen.has(name)) {
      seen.add(name);
      for (const callee of calleesOf(name)) if (!seen.has(callee)) pending.push(callee);
      continue;
    }
    pending.pop();
    order.add(name);
  }
  return [...order];
}

/** The functions that a node names in its attributes: what it calls, or loops over, or chooses from. */
function functionsOf(node: Node): readonly string[] {
  return node.attr.flatMap(({ value }) => {
    const { func, list } = decode("AttrValue", value);
    return [...(func === null ? [] : [func]), ...(list?.func ?? [])].map(({ name }) => name);
  });
}

/** By the types of operations in an OpList, whether they may change something. */
function statefulOperations(operations: Uint8Array): ReadonlyMap<string, boolean> {
  const { op } = decode("OpEffectsList", operations);
  return new Map(op.map(({ name, isStateful, inputArg }) => [name, isStateful || inputArg.some(({ isRef }) => isRef)]));
}
