import type { Message } from "../proto/decode.js";

/** Maximum length of a path: longer ones are not useful, and could be very many. */
const LONGEST_PATH = 1000;
/** Maximum number of characters of all paths together: far more than any model has. */
const MOST_CHARACTERS = 10_000_000;

/**
 * The way to each object from the model, which is object 0: the names of attributes, joined by `/`.
 *
 * It is the shortest one that ends in an attribute's name, `cell/kernel`. Only where there is none it ends in a position
 * in a list, `variables/0`. Objects that cannot be reached, or only on a very long way, have no path; nor have those that
 * come after very many others.
 */
export function pathsOf(objects: readonly Pick<Message<"VariableNode">, "children">[]): ReadonlyMap<number, string> {
  const shortest = new Map([[0, ""]]);
  const named = new Map<number, string>();
  let characters = 0;
  for (const [object, path] of shortest) {
    // A map can grow while it is iterated: nearer objects come first.
    for (const { localName, nodeId } of objects[object]?.children ?? []) {
      const child = path === "" ? localName : `${path}/${localName}`;
      if (child.length > LONGEST_PATH || characters > MOST_CHARACTERS) continue;
      const isFirst = !shortest.has(nodeId);
      const isNamed = !named.has(nodeId) && !/^\d*$/.test(localName);
      if (isFirst) shortest.set(nodeId, child);
      if (isNamed) named.set(nodeId, child);
      if (isFirst || isNamed) characters += child.length;
    }
  }
  shortest.delete(0);
  return new Map([...shortest, ...named]);
}
