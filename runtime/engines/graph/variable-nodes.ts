import { once } from "../../base/once.js";
import type { VariableNode } from "../../engine.js";
import { type GraphIndex, openGraph, sharedName } from "../../saved-model/graph/graph.js";
import { listVariables } from "../../saved-model/graph/variable-list.js";
import type { GraphSession } from "./graph-session.js";

/** A variable of a loaded model, and how its node holds it. */
export interface LocatedVariable extends VariableNode {
  /** True in models of TensorFlow 1 whose node is a reference to the value, not a handle of it. */
  readonly isReference: boolean;
}

/**
 * The variables of a loaded model, in the order of `savedmodel inspect`. Of one that the model has twice, the node is
 * the one that signatures work on. One that neither signatures nor checkpoints lead to is found by its name; without a
 * node of that name nothing in the graph could hold it, and it is omitted.
 */
export function locateVariables(session: GraphSession): readonly LocatedVariable[] {
  const graph = openGraph(session.graphDef());
  const { objectGraph: objectGraphDef, collections: collectionDef } = session;
  const { byObject } = session.variableHandles;
  const found = new Set(byObject.values());
  const byName = once(() => namedHandles(graph, found));
  return listVariables({ objectGraphDef, collectionDef }, graph, graph.operationTypes(), byObject).flatMap(
    ({ description, object, node: own }) => {
      const saved = object === undefined ? undefined : byObject.get(object);
      const node = own ?? saved ?? byName().get(description.name);
      return node === undefined ? [] : [{ description, node, isReference: graph.edges(node)?.op !== "VarHandleOp" }];
    },
  );
}

/** Returns the VarHandleOps that are not found yet, by the name of their variable; those that share one are omitted. */
function namedHandles(graph: GraphIndex, found: ReadonlySet<string>): ReadonlyMap<string, string> {
  const byName = new Map<string, string | undefined>();
  for (const node of graph.ofTypes(new Set(["VarHandleOp"]))) {
    if (found.has(node.name)) continue;
    const name = sharedName(node);
    byName.set(name, byName.has(name) ? undefined : node.name);
  }
  return new Map([...byName].filter((entry): entry is [string, string] => entry[1] !== undefined));
}
