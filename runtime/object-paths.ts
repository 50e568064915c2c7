import type { Message } from "./proto/decode.js";

/** Longer ways help nobody, and there could be very many of them. */
const LONGEST_PATH = 1000;

/**
 * The way to each object from the model, which is object 0: the names of attributes, joined by `/`.
 *
 * It is the shortest one that ends in an attribute's name, `cell/kernel`. Only where there is none it ends in a position
 * in a list, `variables/0`. Objects that cannot be reached, or only on a very long way, have no path.
 */
export function pathsOf(objects: readonly Pick<Message<"VariableNode">, "children">[]): ReadonlyMap<number, string> {
  const shortest = new Map([[0, ""]]);
  const named = new Map<number, string>();
  for (const [object, path] of shortest) {
    // A map can grow while it is gone through: nearer objects come first.
    for (const { localName, nodeId } of objects[object]?.children ?? []) {
      const child = path === "" ? localName : `${path}/${localName}`;
      if (child.length > LONGEST_PATH) continue;
      if (!shortest.has(nodeId)) shortest.set(nodeId, child);
      if (!named.has(nodeId) && !/^\d*$/.test(localName)) named.set(nodeId, child);
    }
  }
  shortest.delete(0);
  return new Map([...shortest, ...named]);
}
