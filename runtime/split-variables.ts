import { calledFunction, type GraphIndex, openGraph, operationOf, producerOf } from "./graph.js";
import { decode, type Message } from "./proto/decode.js";

/**
 * One variable of the Python program that has two in the graph.
 *
 * Keras 3 exports such models: its variables wrap TensorFlow's, and both are copied into the graph (`tf.saved_model.save`
 * of a model, `ExportArchive.track`). Signatures then work on one copy, and checkpoints hold the other, which Python
 * reads back for both.
 */
interface SplitVariable {
  /** The VarHandleOp that signatures read and write. */
  readonly used: string;
  /** The VarHandleOp whose value is saved under the variable's key in checkpoints, and restored from it. */
  readonly saved: string;
  /** Whether the one that signatures use is in checkpoints as well, under another key. */
  readonly isUsedSaved: boolean;
}

type MetaGraph = Message<"MetaGraphDef">;
type Node = Message<"NodeDef">;

/** Where the variables of a model are in its graph. */
export interface VariableHandles {
  readonly split: readonly SplitVariable[];
  /** The VarHandleOp that holds the present value of each object that is a variable, as far as it is known. */
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
  const used = usedHandles(metaGraph, graph, objects);
  const savedHandles = new Set(checkpoint.handles.values());
  const split: SplitVariable[] = [];
  const byObject = new Map<number, string>();
  for (const [object, key] of keys) {
    const handle = checkpoint.handles.get(key);
    if (handle !== undefined) byObject.set(object, handle);
  }
  for (const [object, handle] of used) {
    const saved = byObject.get(object);
    byObject.set(object, handle);
    if (saved === undefined || saved === handle) continue;
    split.push({ used: handle, saved, isUsedSaved: savedHandles.has(handle) });
  }
  return { split, byObject };
}

/** What signatures use: the VarHandleOp of each object that is a variable. */
function usedHandles(
  metaGraph: MetaGraph,
  graph: GraphIndex,
  objects: Message<"SavedObjectGraph">,
): Map<number, string> {
  const functions = new Map(objects.concreteFunctions.map(({ key, value }) => [key, value]));
  const calls = metaGraph.signatureDef.flatMap(({ value }) => value?.outputs.map((output) => output.value?.name) ?? []);
  const used = new Map<number, string>();
  for (const name of new Set(calls.map((tensor) => operationOf(tensor ?? "")))) {
    const call = graph.node(name);
    const bound = (call && functions.get(calledFunction(call) ?? ""))?.boundInputs ?? [];
    // A call's inputs are the arguments, then the captures.
    const captures = call?.input.filter((input) => !input.startsWith("^")).slice(-bound.length) ?? [];
    if (bound.length === 0 || captures.length !== bound.length) continue;
    bound.forEach((object, index) => {
      const handle = operationOf(captures[index] ?? "");
      if (graph.node(handle)?.op === "VarHandleOp") used.set(object, handle);
    });
  }
  return used;
}

interface SavedCheckpoint {
  /** The VarHandleOp whose value is saved under each key. */
  readonly handles: ReadonlyMap<string, string>;
  /** The serialised TrackableObjectGraph that is saved with the values. */
  readonly objectGraph: Uint8Array;
}

/** What the function that saves a checkpoint writes, and from where. */
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
    body.signature?.inputArg.map(({ name }, index) => [name, operationOf(call.input[index] ?? "")]),
  );
  const handles = new Map<string, string>();
  let objectGraph: Uint8Array | undefined;
  for (const save of body.nodeDef.filter(({ op }) => op === "SaveV2")) {
    const [, names = "", , ...values] = save.input;
    const keys = keysOf(nodes.get(producerOf(names)));
    for (const [index, value] of values.slice(0, keys.length).entries()) {
      const operand = operands.get(sourceInBody(value));
      if (operand === undefined) continue;
      const name = keys[index] ?? "";
      if (name === "_CHECKPOINTABLE_OBJECT_GRAPH") objectGraph = graphOf(graph.node(operand));
      // Before TensorFlow 2.9 or so, the function is given what was read from the variable, not the variable.
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

function stringConstant(node: Node | undefined): readonly Uint8Array[] {
  const value = node?.op === "Const" ? node.attr.find(({ key }) => key === "value")?.value : undefined;
  return value === undefined ? [] : (decode("AttrValue", value).tensor?.stringVal ?? []);
}

type ObjectNodes = readonly Message<"TrackableObject">[];

/** The checkpoint key of each object: both graphs are walked from their roots along the same names. */
function checkpointKeys(objects: ObjectNodes, trackables: ObjectNodes): ReadonlyMap<number, string> {
  const keys = new Map<number, string>();
  const pairs: (readonly [object: number, trackable: number])[] = [[0, 0]];
  const seen = new Set<number>([0]);
  // Many objects may have the same counterpart.
  const indexes = new Map<number, TrackableIndex>();
  for (const [object, trackable] of pairs) {
    const known = indexes.get(trackable);
    const { value, children } = known ?? indexTrackable(trackables[trackable]);
    if (known === undefined) indexes.set(trackable, { value, children });
    if (value !== undefined) keys.set(object, value);
    for (const { localName, nodeId } of objects[object]?.children ?? []) {
      const match = children.get(localName);
      if (match === undefined || seen.has(nodeId)) continue;
      seen.add(nodeId);
      pairs.push([nodeId, match]);
    }
  }
  return keys;
}

interface TrackableIndex {
  /** The checkpoint key of its value, if it is a variable. */
  readonly value: string | undefined;
  readonly children: ReadonlyMap<string, number>;
}

function indexTrackable(trackable: Message<"TrackableObject"> | undefined): TrackableIndex {
  const value = trackable?.attributes.find(({ name }) => name === "VARIABLE_VALUE");
  const children = new Map(trackable?.children.map(({ localName, nodeId }) => [localName, nodeId]));
  return { value: value?.checkpointKey, children };
}
