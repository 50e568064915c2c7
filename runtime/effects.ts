import { type NativeApi, nonNull } from "./native/api.js";
import { bufferContents } from "./native/buffer.js";
import { decode, type Message } from "./proto/decode.js";

type Node = Message<"NodeDef">;

/**
 * Stateful operations that change nothing that another call could see. Random ones are here because their generators are
 * locked by TensorFlow; tensor arrays and stacks because they live within one call.
 */
const HARMLESS =
  /^(VarHandleOp|_VarHandlesOp|ReadVariableOp|_ReadVariablesOp|VarIsInitializedOp|IsVariableInitialized|VariableShape|Variable|VariableV2|DisableCopyOnRead|ResourceGather|ResourceGatherNd|(Mutable)?(Dense)?HashTable(OfTensors)?(V2)?|LookupTable(Find|Size|Export)(V2)?|StatefulPartitionedCall|If|_If|While|_While|RiscWhile|Case|Assert|Print|PrintV2|CheckNumerics|CheckNumericsV2|GuaranteeConst|Empty|Timestamp|DeviceIndex|IsTensorFloat32Enabled|_Arg|_Retval|_DeviceArg|_DeviceRetval|Ref(Identity|Switch|Merge|Select|Enter|Exit|NextIteration)|Random(Uniform|UniformInt|StandardNormal|Shuffle|Gamma|Poisson|PoissonV2)|(Parameterized)?TruncatedNormal|Multinomial|NonDeterministicInts|StatelessRandomGetAlg|SampleDistortedBoundingBox(V2)?|\w+CandidateSampler|TensorArray\w*|Stack(V2|Push|PushV2|Pop|PopV2|Close|CloseV2)?)$/;

/** Tells which parts of a graph change what outlives a call: variables, tables, queues, files. */
export interface Effects {
  /** Whether running these operations of the main graph, and what they depend on, may change something. */
  writes(operations: readonly string[]): boolean;
}

/**
 * Reads a serialised GraphDef. What is not known to be harmless counts as a change: an operation of a custom library that
 * calls itself stateful, for example.
 */
export function readEffects(api: NativeApi, graphDef: Uint8Array): Effects {
  const graph = decode("GraphDef", graphDef);
  const writers = writingOperations(api);
  const nodes = new Map(graph.node.map((bytes) => [decode("NodeHead", bytes).name, bytes]));
  const functions = new Map(
    (graph.library?.function ?? []).map((body) => [decode("FunctionName", body).signature?.name ?? "", body]),
  );
  const summaries = new Map<string, Summary>();

  const summaryOf = (name: string): Summary => {
    const known = summaries.get(name);
    if (known !== undefined) return known;
    const body = functions.get(name);
    const summary =
      body === undefined
        ? { writes: true, calls: [] }
        : summarise(decode("FunctionNodes", body).nodeDef.map((bytes) => summaryOfNode(decode("NodeDef", bytes))));
    summaries.set(name, summary);
    return summary;
  };

  const summaryOfNode = (node: Node): Summary => {
    // Constants are many, large, and refer to nothing.
    if (node.op === "Const") return { writes: false, calls: [] };
    if (functions.has(node.op)) return { writes: false, calls: [node.op] };
    return { writes: writers(node.op), calls: functionsOf(node) };
  };

  /** Functions may call each other in circles. */
  const functionsWrite = (names: readonly string[]): boolean => {
    const seen = new Set(names);
    // What is added while the set is gone through is gone through too.
    for (const name of seen) {
      const { writes, calls } = summaryOf(name);
      if (writes) return true;
      for (const call of calls) seen.add(call);
    }
    return false;
  };

  const nodeWrites = (node: Node): boolean => {
    const { writes, calls } = summaryOfNode(node);
    return writes || functionsWrite(calls);
  };

  return {
    writes: (operations) => {
      const pending = [...operations];
      const seen = new Set<string>();
      for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
        if (seen.has(name)) continue;
        seen.add(name);
        const bytes = nodes.get(name);
        if (bytes === undefined) return true;
        const node = decode("NodeDef", bytes);
        if (nodeWrites(node)) return true;
        for (const input of node.input) pending.push(input.replace(/^\^|:\d+$/g, ""));
      }
      return false;
    },
  };
}

/** What a node or a function does by itself, and which functions it calls. */
interface Summary {
  readonly writes: boolean;
  readonly calls: readonly string[];
}

function summarise(parts: readonly Summary[]): Summary {
  return { writes: parts.some(({ writes }) => writes), calls: [...new Set(parts.flatMap(({ calls }) => calls))] };
}

/** The functions that a node names in its attributes: what it calls, or loops over, or chooses from. */
function functionsOf(node: Node): readonly string[] {
  return node.attr.flatMap(({ value }) => {
    const { func, list } = decode("AttrValue", value);
    return [...(func === null ? [] : [func]), ...(list?.func ?? [])].map(({ name }) => name);
  });
}

/** Whether operations of a type may change something, by what the loaded library and its extensions say of them. */
function writingOperations(api: NativeApi): (type: string) => boolean {
  const buffer = nonNull(api.TF_GetAllOpList(), "list of operations");
  try {
    const { op } = decode("OpEffectsList", bufferContents(api, buffer));
    const states = new Map(
      op.map(({ name, isStateful, inputArg }) => [name, isStateful || inputArg.some(({ isRef }) => isRef)]),
    );
    return (type) => (states.get(type) ?? true) && !HARMLESS.test(type);
  } finally {
    api.TF_DeleteBuffer(buffer);
  }
}
