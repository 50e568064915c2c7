import type { Steps } from "../../../base/steps.js";
import { objectAttributes, usedNodes } from "../../../saved-model/graph/duplicated-variables.js";
import { attributeOf, type GraphIndex, operationOf, sharedName } from "../../../saved-model/graph/graph.js";
import { variablesIn } from "../../../saved-model/graph/loader-operations.js";
import { decode, type Message, toNumber } from "../../../saved-model/proto/decode.js";
import { readShape } from "../../../saved-model/shape-proto.js";
import { matchesShape } from "../../../tensor/shape.js";
import { type AssignKind, prepareAssignments, type Source } from "../checkpoint/assign.js";
import type { CheckpointReader } from "../checkpoint/checkpoint-reader.js";
import { OBJECT_GRAPH } from "../checkpoint/match-keys.js";
import type { GraphSession } from "../graph-session.js";
import { dtypeOf, isReference, isTable, type Resource } from "./resources.js";

type MetaGraph = Message<"MetaGraphDef">;

/** The collections of TensorFlow 1 that list variables. */
const COLLECTIONS = ["variables", "trainable_variables", "local_variables", "model_variables"];

/** Possible source in a checkpoint for a resource; the shape is that of the whole variable. */
interface Candidate {
  readonly key: string;
  readonly slice: string;
  readonly shape: readonly (number | null)[] | null;
}

/**
 * Assigns resources the values that the model's checkpoint has for them, as Python does: by object, or else by name.
 */
export function* restoreFromCheckpoint(
  session: GraphSession,
  metaGraph: MetaGraph,
  graph: GraphIndex,
  resources: readonly Resource[],
): Steps<void> {
  const prefix = session.checkpoint;
  if (prefix === undefined || resources.length === 0) return;
  const reader = yield* session.openCheckpoint(prefix);
  try {
    const byObject = yield* keysByObject(metaGraph, graph, reader);
    const definitions = definitionsByNode(metaGraph);
    const found = resources.flatMap((resource) => {
      const { node } = resource;
      const candidates = [...(byObject.get(node.name) ?? []), ...byName(node, definitions.get(node.name))];
      const sources = candidates.map((candidate) => sourceOf(resource, candidate, reader));
      const source = sources.find((found) => found !== undefined);
      return source === undefined ? [] : [{ resource, source }];
    });
    const assign = prepareAssignments(
      session,
      found.map(({ resource }) => ({
        node: resource.node.name,
        kind: assignKind(resource),
        dtypes: dtypesOf(resource),
      })),
    );
    yield* assign(
      prefix,
      found.map(({ source }) => source),
    );
  } finally {
    reader.close();
  }
}

/** The keys of the objects that signatures use, by the node that holds the object. */
function* keysByObject(
  metaGraph: MetaGraph,
  graph: GraphIndex,
  reader: CheckpointReader,
): Steps<ReadonlyMap<string, readonly Candidate[]>> {
  const found = new Map<string, readonly Candidate[]>();
  if (metaGraph.objectGraphDef.length === 0 || reader.describe(OBJECT_GRAPH)?.shape.length !== 0) return found;
  const objects = decode("SavedObjectGraph", metaGraph.objectGraphDef);
  const trackables = decode("TrackableObjectGraph", yield* reader.bytes(OBJECT_GRAPH)).nodes;
  const attributes = objectAttributes(objects.nodes, trackables);
  for (const [object, nodes] of usedNodes(metaGraph, graph, objects)) {
    const keys = attributes.get(object)?.map(({ checkpointKey }) => checkpointKey) ?? [];
    for (const node of nodes) {
      found.set(
        node,
        keys.map((key) => ({ key, slice: "", shape: null })),
      );
    }
  }
  return found;
}

function definitionsByNode({ collectionDef }: MetaGraph): ReadonlyMap<string, Message<"VariableDef">> {
  const definitions = COLLECTIONS.flatMap((key) => variablesIn(collectionDef, key));
  return new Map(definitions.map((definition) => [operationOf(definition.variableName), definition]));
}

/** TensorFlow 1 saves a variable under its name, and the parts of a divided one under the name of the whole. */
function byName(node: Message<"NodeDef">, definition: Message<"VariableDef"> | undefined): readonly Candidate[] {
  const part = definition?.saveSliceInfoDef;
  if (part) {
    const shape = part.fullShape.map(toNumber);
    const sizes = part.varShape.map(toNumber);
    const slice = part.varOffset.map((offset, axis) => `${toNumber(offset)},${sizes[axis]}`).join(":");
    return [{ key: part.fullName, slice: `${shape.join(" ")} ${slice}`, shape }];
  }
  return [...new Set([node.name, sharedName(node)])].map((key) => ({ key, slice: "", shape: null }));
}

/**
 * Returns the source of a resource under a key of the checkpoint, if all of it is there with the right dtype and shape.
 */
function sourceOf(resource: Resource, candidate: Candidate, reader: CheckpointReader): Source | undefined {
  const { key, slice, shape } = candidate;
  const keys = isTable(resource) ? [`${key}-keys`, `${key}-values`] : [key];
  const declared = isTable(resource) ? null : (shape ?? shapeOf(resource.node));
  const dtypes = dtypesOf(resource);
  const fits = keys.every((each, index) => {
    const tensor = reader.describe(each);
    return tensor?.dtype === dtypes[index] && tensor !== undefined && matchesShape(tensor.shape, declared);
  });
  return fits ? { keys, slice } : undefined;
}

function shapeOf(node: Message<"NodeDef">): readonly (number | null)[] | null {
  const shape = attributeOf(node, "shape")?.shape;
  return shape ? readShape(shape) : null;
}

function assignKind(resource: Resource): AssignKind {
  if (!isTable(resource)) return isReference(resource) ? "reference" : "variable";
  return isReference(resource) ? "reference to a table" : "table";
}

/** TensorFlow's numbers of the dtypes of a variable's value, or of a table's keys and values. */
function dtypesOf(resource: Resource): readonly number[] {
  const attributes = isTable(resource) ? ["key_dtype", "value_dtype"] : ["dtype"];
  return attributes.map((attribute) => dtypeOf(resource.node, attribute));
}
