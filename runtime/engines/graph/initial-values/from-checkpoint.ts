import { objectAttributes, usedNodes } from "../../../saved-model/graph/duplicated-variables.js";
import { attributeOf, type GraphIndex, operationOf } from "../../../saved-model/graph/graph.js";
import { checkpointOf, variablesIn } from "../../../saved-model/graph/loader-operations.js";
import { decode, type Message, toNumber } from "../../../saved-model/proto/decode.js";
import { readShape } from "../../../saved-model/shape-proto.js";
import { matchesShape } from "../../../tensor/shape.js";
import type { Session } from "../../local/session.js";
import { prepareAssignments, type Source } from "../checkpoint/assign.js";
import { CheckpointReader } from "../checkpoint/checkpoint-reader.js";
import { OBJECT_GRAPH } from "../checkpoint/match-keys.js";
import { type Resource, sharedName } from "./resources.js";

type MetaGraph = Message<"MetaGraphDef">;

/** The collections of TensorFlow 1 that list variables. */
const COLLECTIONS = ["variables", "trainable_variables", "local_variables", "model_variables"];

/** What a checkpoint may have for a resource; the shape is that of the whole variable. */
interface Candidate {
  readonly key: string;
  readonly slice: string;
  readonly shape: readonly (number | null)[] | null;
}

/** Gives resources the values that the model's checkpoint has for them, as Python does: by object, or else by name. */
export function restoreFromCheckpoint(
  session: Session,
  metaGraph: MetaGraph,
  graph: GraphIndex,
  resources: readonly Resource[],
): void {
  const prefix = checkpointOf(session.directory);
  if (prefix === undefined || resources.length === 0) return;
  const reader = new CheckpointReader(session.api, prefix);
  try {
    const byObject = keysByObject(metaGraph, graph, reader);
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
      found.map(({ resource: { kind, node } }) => ({
        node: node.name,
        kind: kind === "variable" || kind === "reference" ? kind : "table",
        dtypes: dtypesOf(node),
      })),
    );
    assign(
      prefix,
      found.map(({ source }) => source),
    );
  } finally {
    reader.close();
  }
}

/** The keys of the objects that signatures use, by the node that holds the object. */
function keysByObject(
  metaGraph: MetaGraph,
  graph: GraphIndex,
  reader: CheckpointReader,
): ReadonlyMap<string, readonly Candidate[]> {
  const found = new Map<string, readonly Candidate[]>();
  if (metaGraph.objectGraphDef.length === 0 || reader.describe(OBJECT_GRAPH)?.shape.length !== 0) return found;
  const objects = decode("SavedObjectGraph", metaGraph.objectGraphDef);
  const trackables = decode("TrackableObjectGraph", reader.bytes(OBJECT_GRAPH)).nodes;
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

/** What the checkpoint has for a resource under a key, if it has all of it, of the right dtype and shape. */
function sourceOf({ kind, node }: Resource, candidate: Candidate, reader: CheckpointReader): Source | undefined {
  const { key, slice, shape } = candidate;
  const isVariable = kind === "variable" || kind === "reference";
  const keys = isVariable ? [key] : [`${key}-keys`, `${key}-values`];
  const dtypes = dtypesOf(node);
  const tensors = keys.map((each) => reader.describe(each));
  if (tensors.some((tensor, index) => tensor === undefined || tensor.dtype !== dtypes[index])) return undefined;
  const declared = shape ?? shapeOf(node);
  if (isVariable && tensors.some((tensor) => !matchesShape(tensor?.shape ?? [], declared))) return undefined;
  return { keys, slice };
}

function shapeOf(node: Message<"NodeDef">): readonly (number | null)[] | null {
  const shape = attributeOf(node, "shape")?.shape;
  return shape ? readShape(shape) : null;
}

/** TensorFlow's numbers of the dtypes of a variable's value, or of a table's keys and values. */
function dtypesOf(node: Message<"NodeDef">): readonly number[] {
  const types = ["dtype", "key_dtype", "value_dtype"].map((name) => attributeOf(node, name)?.type);
  return types.filter((type) => type !== undefined);
}
