import type { Steps } from "../../../base/steps.js";
import { pairObjects } from "../../../saved-model/graph/paired-objects.js";
import { decode, type Message } from "../../../saved-model/proto/decode.js";
import type { CheckpointReader } from "./checkpoint-reader.js";

/** Key under which checkpoints of objects hold their TrackableObjectGraph. */
export const OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH";

/** Keys of a checkpoint by the keys that a model restores. */
export type Keys = ReadonlyMap<string, string>;

type ObjectNodes = readonly Message<"TrackableObject">[];

/**
 * Finds the tensors of a model in a checkpoint of an object that is the model under other names, as Python does: by
 * walking both along the same attributes. The model may be the object itself, or one of its attributes, as after
 * `tf.train.Checkpoint(model=model)`.
 *
 * @param modelGraph the TrackableObjectGraph that the model saves with its variables
 * @returns undefined unless exactly one such object exists
 */
export function* matchObjects(
  wanted: readonly string[],
  modelGraph: Uint8Array,
  reader: CheckpointReader,
): Steps<Keys | undefined> {
  if (reader.describe(OBJECT_GRAPH)?.shape.length !== 0) return undefined;
  const model = decode("TrackableObjectGraph", modelGraph).nodes;
  const checkpoint = decode("TrackableObjectGraph", yield* reader.bytes(OBJECT_GRAPH)).nodes;
  const keysFrom = (root: number): Keys | undefined => {
    const found = keysOfPairs(model, checkpoint, 0, root).set(OBJECT_GRAPH, OBJECT_GRAPH);
    const keys = new Map(wanted.map((key) => [key, keyIn(found, key)]));
    return [...keys.values()].every((key) => reader.keys.has(key)) ? keys : undefined;
  };
  const own = keysFrom(0);
  if (own !== undefined) return own;
  const [found, ...others] = attributesOf(checkpoint)
    .map(keysFrom)
    .filter((keys) => keys !== undefined);
  return others.length === 0 ? found : undefined;
}

/**
 * Finds as much as there is of a model in a checkpoint: under the model's own keys, or in an object of the checkpoint that
 * is the model or a part of it, whichever is most. The checkpoint may be of the model, of an object with the model as an
 * attribute, or of an attribute of the model, such as the network in a module that trains it.
 *
 * @param modelGraph the TrackableObjectGraph that the model saves with its variables, if it does
 * @returns undefined for the model's own keys; else keys without an entry were not found
 * @throws Error when two objects of the checkpoint have equally much of the model
 */
export function* matchMost(
  wanted: readonly string[],
  modelGraph: Uint8Array | undefined,
  reader: CheckpointReader,
): Steps<Keys | undefined> {
  const own = wanted.filter((key) => reader.keys.has(key)).length;
  if (modelGraph === undefined || reader.describe(OBJECT_GRAPH)?.shape.length !== 0) return undefined;
  const model = decode("TrackableObjectGraph", modelGraph).nodes;
  const checkpoint = decode("TrackableObjectGraph", yield* reader.bytes(OBJECT_GRAPH)).nodes;
  const keysFrom = (from: number, root: number): Keys => {
    const found = keysOfPairs(model, checkpoint, from, root);
    const pairs = wanted.map((key) => [key, keyIn(found, key)] as const);
    return new Map(pairs.filter(([, key]) => reader.keys.has(key)));
  };
  const whole = keysFrom(0, 0);
  const parts = [
    ...attributesOf(checkpoint).map((root) => keysFrom(0, root)),
    ...attributesOf(model).map((from) => keysFrom(from, 0)),
  ];
  const most = Math.max(own, whole.size, ...parts.map(({ size }) => size));
  if (own === most) return undefined;
  if (whole.size === most) return whole;
  const [found, ...others] = new Map(
    parts.filter(({ size }) => size === most).map((keys) => [JSON.stringify([...keys]), keys]),
  ).values();
  if (others.length > 0) throw new Error("more than one of its objects could be the model");
  return found;
}

/** The objects that are attributes of the first. */
function attributesOf(objects: ObjectNodes): readonly number[] {
  return [...new Set(objects[0]?.children.map(({ nodeId }) => nodeId))];
}

/** Of an attribute that is saved as several tensors, such as a table, their keys begin with its own: `table-keys`. */
function keyIn(found: Keys, key: string): string {
  const [, attribute = key, part = ""] = /^(.*)(-[^-/]*)$/s.exec(key) ?? [];
  const base = found.get(attribute);
  return found.get(key) ?? (base === undefined ? "" : base + part);
}

/** The keys of the attributes that two objects share, and all objects that they lead to by the same names. */
function keysOfPairs(model: ObjectNodes, checkpoint: ObjectNodes, from: number, root: number): Map<string, string> {
  const keys = new Map<string, string>();
  for (const [own, other] of pairObjects(model, checkpoint, from, root)) {
    const values = new Map(checkpoint[other]?.attributes.map(({ name, checkpointKey }) => [name, checkpointKey]));
    for (const { name, checkpointKey } of model[own]?.attributes ?? []) {
      const key = values.get(name);
      if (key !== undefined) keys.set(checkpointKey, key);
    }
  }
  return keys;
}
