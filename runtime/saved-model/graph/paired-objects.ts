import type { Message } from "../proto/decode.js";

/** Objects of a model or a checkpoint, each with the attributes that lead to others; the first is the root. */
type Objects = readonly Pick<Message<"TrackableObject">, "children">[];

/**
 * Walks two graphs of objects along the same names, as Python does to find the objects of a model in a checkpoint.
 *
 * @param from where it begins in the first graph
 * @param to where it begins in the second one
 * @returns the counterpart of each object of the first graph that has one
 */
export function pairObjects(first: Objects, second: Objects, from = 0, to = 0): ReadonlyMap<number, number> {
  const pairs = new Map([[from, to]]);
  // Many objects may have the same counterpart.
  const indexes = new Map<number, ReadonlyMap<string, number>>();
  // A map can grow while it is iterated.
  for (const [object, counterpart] of pairs) {
    const children = indexes.get(counterpart) ?? childrenOf(second[counterpart]);
    indexes.set(counterpart, children);
    for (const { localName, nodeId } of first[object]?.children ?? []) {
      const match = children.get(localName);
      if (match !== undefined && !pairs.has(nodeId)) pairs.set(nodeId, match);
    }
  }
  return pairs;
}

function childrenOf(object: Objects[number] | undefined): ReadonlyMap<string, number> {
  return new Map(object?.children.map(({ localName, nodeId }) => [localName, nodeId]));
}
