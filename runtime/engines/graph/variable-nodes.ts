import { attributeOf, type GraphIndex, openGraph } from "../../saved-model/graph/graph.js";
import { listVariables, type VariableDescription } from "../../saved-model/graph/variable-list.js";
import type { Message } from "../../saved-model/proto/decode.js";
import type { Session } from "../local/session.js";

/** A variable, and the node of the loaded graph that holds it. */
export interface VariableNode {
  readonly description: VariableDescription;
  readonly node: string;
}

/**
 * The variables of a loaded model, in the order of `savedmodel inspect`. Of one that the model has twice, the node is the
 * one that signatures work on. One that neither signatures nor checkpoints lead to is found by its name; where there is no
 * node of that name, there is nothing in the graph that could hold it, and it is left out.
 */
export function locateVariables(session: Session): readonly VariableNode[] {
  const graph = openGraph(session.graphDef());
  const { objectGraph: objectGraphDef, collections: collectionDef } = session;
  const { byObject } = session.variableHandles;
  const found = new Set(byObject.values());
  const byName = lazily(() => namedHandles(graph, found));
  return listVariables({ objectGraphDef, collectionDef }, graph, graph.operationTypes(), byObject).flatMap(
    ({ description, object, node: own }) => {
      const node = own ?? byObject.get(object ?? -1) ?? byName().get(description.name);
      return node === undefined ? [] : [{ description, node }];
    },
  );
}

/** The VarHandleOps that are not found yet, by the name of their variable; those that share one are left out. */
function namedHandles(graph: GraphIndex, found: ReadonlySet<string>): ReadonlyMap<string, string> {
  const byName = new Map<string, string | undefined>();
  for (const node of graph.ofTypes(new Set(["VarHandleOp"]))) {
    if (found.has(node.name)) continue;
    const name = sharedName(node);
    byName.set(name, byName.has(name) ? undefined : node.name);
  }
  return new Map([...byName].filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function sharedName(node: Message<"NodeDef">): string {
  return Buffer.from(attributeOf(node, "shared_name")?.s ?? []).toString() || node.name;
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
