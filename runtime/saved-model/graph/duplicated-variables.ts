import { itemAt } from "../../base/item-at.js";
import { decode, type Message } from "../proto/decode.js";
import {
  attributeOf,
  calledFunction,
  type GraphIndex,
  openGraph,
  operationOf,
  producerOf,
  stringConstant,
} from "./graph.js";
import { pairObjects } from "./paired-objects.js";

/**
 * One variable of the Python program that has two in the graph.
 *
 * A variable of `tf.distribute.MirroredStrategy` is one for each replica, and checkpoints hold the first. Keras 3 exports such models: its variables wrap TensorFlow's, and both are copied into the graph (`tf.saved_model.save`
 * of a model, `ExportArchive.track`). Signatures then work on one copy, and checkpoints hold the other, which Python
 * reads back for both.
 */
export interface SplitVariable {
  /** The VarHandleOp that signatures read and write. */
  readonly used: string;
  /** The VarHandleOp whose value is saved under the variable's key in checkpoints, and restored from it. */
  readonly saved: string;
  /** True if the one that signatures use is in checkpoints as well, under another key. */
  readonly isUsedSaved: boolean;
  /** True if signatures use the other as well, as they do with the replicas of a distributed variable. */
  readonly isSavedUsed: boolean;
  /** TensorFlow's number of the dtype of both. */
  readonly dtype: number;
}

type MetaGraph = Message<"MetaGraphDef">;
type Node = Message<"NodeDef">;

/** Nodes of a model's variables in its graph. */
export interface VariableHandles {
  readonly split: readonly SplitVariable[];
  /** The VarHandleOp that holds the current value of each object that is a variable, as far as it is known. */
  readonly byObject: ReadonlyMap<number, string>;
}

/**
 * Finds the variables, and those that are split, by following both the functions and the checkpoint to the same object of
 * Python's. Models of TensorFlow 1 have no objects.
 *
 * @param given the graph of the meta graph, where it is open already
 */
export function findVariableHandles(metaGraph: MetaGraph, given?: GraphIndex): VariableHandles {
  const none = { split: [], byObject: new Map<number, string>() };
  if (!metaGraph.saverDef?.saveTensorName || metaGraph.objectGraphDef.length === 0) return none;
  const graph = given ?? openGraph(metaGraph.graphDef);
  const checkpoint = readSaveFunction(metaGraph.saverDef.saveTensorName, graph);
  if (checkpoint === undefined) return none;
  const objects = decode("SavedObjectGraph", metaGraph.objectGraphDef);
  const keys = checkpointKeys(objects.nodes, decode("TrackableObjectGraph", checkpoint.objectGraph).nodes);
  const savedHandles = new Set(checkpoint.handles.values());
  const split: SplitVariable[] = [];
  const byObject = new Map<number, string>();
  for (const [object, key] of keys) {
    const handle = checkpoint.handles.get(key);
    if (handle !== undefined) byObject.set(object, handle);
  }
  for (const [object, handles] of usedNodes(metaGraph, graph, objects)) {
    const used = [...handles].flatMap((handle) => {
      const node = graph.node(handle);
      return node?.op === "VarHandleOp" ? [node] : [];
    });
    const saved = byObject.get(object);
    const isSavedUsed = saved !== undefined && handles.has(saved);
    const [first] = used;
    if (!isSavedUsed && first !== undefined) byObject.set(object, first.name);
    if (saved === undefined) continue;
    for (const node of used) {
      const dtype = attributeOf(node, "dtype")?.type;
      if (node.name === saved || dtype === undefined) continue;
      split.push({ used: node.name, saved, isUsedSaved: savedHandles.has(node.name), isSavedUsed, dtype });
    }
  }
  return { split, byObject };
}

/** Nodes used by signatures that hold each object that is a variable, a table or a constant. */
export function usedNodes(
  metaGraph: MetaGraph,
  graph: GraphIndex,
  objects: Message<"SavedObjectGraph">,
): ReadonlyMap<number, ReadonlySet<string>> {
  const functions = new Map(objects.concreteFunctions.map(({ key, value }) => [key, value]));
  const used = new Map<number, Set<string>>();
  for (const name of new Set(metaGraph.signatureDef.flatMap(({ value }) => outputOperations(value)))) {
    const call = graph.node(name);
    const bound = (call && functions.get(calledFunction(call) ?? ""))?.boundInputs ?? [];
    // A call's inputs are the arguments, then the captures.
    const captures = call?.input.filter((input) => !input.startsWith("^")).slice(-bound.length) ?? [];
    if (bound.length === 0 || captures.length !== bound.length) continue;
    for (const [index, object] of bound.entries()) {
      const nodes = used.get(object) ?? new Set();
      used.set(object, nodes.add(operationOf(itemAt(captures, index))));
    }
  }
  return used;
}

/** The operations that the outputs of a signature come from, with those of the components of ragged and sparse ones. */
export function outputOperations(signature: Message<"SignatureDef"> | null): readonly string[] {
  const tensors = signature?.outputs.flatMap(({ value }) => {
    const sparse = value?.cooSparse;
    const parts = sparse ? [sparse.valuesTensorName, sparse.indicesTensorName, sparse.denseShapeTensorName] : [];
    const components = value?.compositeTensor?.components.map(({ name }) => name) ?? [];
    return [value?.name ?? "", ...parts, ...components];
  });
  return [...new Set(tensors?.filter((tensor) => tensor !== "").map(operationOf))];
}

interface SavedCheckpoint {
  /** The VarHandleOp whose value is saved under each key. */
  readonly handles: ReadonlyMap<string, string>;
  /** The serialized TrackableObjectGraph that is saved with the values. */
  readonly objectGraph: Uint8Array;
}

/** Reads which tensors the function that saves a checkpoint writes, and from where. */
export function readSaveFunction(saveTensor: string, graph: GraphIndex): SavedCheckpoint | undefined {
  const call = graph.node(operationOf(saveTensor));
  const body = call && graph.function(calledFunction(call) ?? "");
  if (call === undefined || body === undefined) return undefined;
  const nodes = new Map(body.nodeDef.map((node) => [node.name, node]));
  // Many keys may lead to one node, and many operations have the same keys: each is read once.
  const sourceInBody = sourceFinder((name) => nodes.get(name));
  const sourceInGraph = sourceFinder((name) => graph.node(name));
  const keysOf = memoised((node: Node | undefined) => stringConstant(node).map((key) => Buffer.from(key).toString()));
  const graphOf = memoised((node: Node | undefined) => stringConstant(node)[0]);
  const operands = new Map(
    body.signature?.inputArg.flatMap(({ name }, index) => {
      const input = call.input[index];
      return input === undefined ? [] : [[name, operationOf(input)] as const];
    }),
  );
  const handles = new Map<string, string>();
  let objectGraph: Uint8Array | undefined;
  for (const save of body.nodeDef.filter(({ op }) => op === "SaveV2")) {
    const [, names = "", , ...values] = save.input;
    for (const [index, name] of keysOf(nodes.get(producerOf(names)))
      .slice(0, values.length)
      .entries()) {
      const operand = operands.get(sourceInBody(itemAt(values, index)));
      if (operand === undefined) continue;
      if (name === "_CHECKPOINTABLE_OBJECT_GRAPH") objectGraph = graphOf(graph.node(operand));
      // Before TensorFlow 2.9 or so, the function gets the value read from the variable, not the variable.
      const handle = sourceInGraph(operand);
      if (graph.node(handle)?.op === "VarHandleOp") handles.set(name, handle);
    }
  }
  return objectGraph === undefined ? undefined : { handles, objectGraph };
}

/** Follows values to where they come from, a variable or an argument: through reads, copies and conversions. */
function sourceFinder(nodeOf: (name: string) => Node | undefined): (value: string) => string {
  const stepFrom = memoised((name: string) => {
    const [next] = nodeOf(name)?.input ?? [];
    return next === undefined ? undefined : producerOf(next);
  });
  return (value) => {
    let current = producerOf(value);
    for (let step = 0; step < 16; step++) {
      const next = stepFrom(current);
      if (next === undefined) break;
      current = next;
    }
    return current;
  };
}

/** The same function, which computes each result once. */
function memoised<K, V>(compute: (key: K) => V): (key: K) => V {
  const known = new Map<K, { readonly value: V }>();
  return (key) => {
    const found = known.get(key) ?? { value: compute(key) };
    known.set(key, found);
    return found.value;
  };
}

type ObjectNodes = readonly Message<"TrackableObject">[];

/** The checkpoint key of each object that is a variable. */
function checkpointKeys(objects: ObjectNodes, trackables: ObjectNodes): ReadonlyMap<number, string> {
  const keys = new Map<number, string>();
  for (const [object, attributes] of objectAttributes(objects, trackables)) {
    const value = attributes.find(({ name }) => name === "VARIABLE_VALUE");
    if (value !== undefined) keys.set(object, value.checkpointKey);
  }
  return keys;
}

/** Attributes of each object in checkpoints. */
export function objectAttributes(
  objects: ObjectNodes,
  trackables: ObjectNodes,
): ReadonlyMap<number, readonly Message<"SerializedTensor">[]> {
  return new Map(
    Array.from(pairObjects(objects, trackables), ([object, trackable]) => [
      object,
      trackables[trackable]?.attributes ?? [],
    ]),
  );
}
