import { dtypeName } from "../runtime/dtype.js";
import { attributeOf, type GraphIndex, operationOf } from "../runtime/graph.js";
import { decode, type Message } from "../runtime/proto/decode.js";
import { readShape } from "../runtime/read-shape.js";
import { compareCodeUnits, compareNatural } from "../runtime/text.js";
import type { VariableDescription } from "./description.js";
import { pathsOf } from "./object-paths.js";

type MetaGraph = Message<"MetaGraphDef">;

/** The operations that hold a variable: the first two of TensorFlow 1, the last of both. */
const VARIABLE_OPS: ReadonlySet<string> = new Set(["AutoReloadVariable", "VarHandleOp", "Variable", "VariableV2"]);

/**
 * The variables of a model, sorted by name. TensorFlow 2 lists them among the objects of the model; for TensorFlow 1 they
 * are looked for in the graph.
 *
 * @param operations the types of all operations in the graph, so that no graph without variables is gone through
 */
export function readVariables(
  metaGraph: MetaGraph,
  graph: GraphIndex,
  operations: readonly string[],
): readonly VariableDescription[] {
  if (metaGraph.objectGraphDef.length > 0) return objectVariables(metaGraph.objectGraphDef);
  return operations.some((type) => VARIABLE_OPS.has(type)) ? graphVariables(metaGraph, graph) : [];
}

function objectVariables(objectGraph: Uint8Array): readonly VariableDescription[] {
  const { nodes } = decode("VariableNodes", objectGraph);
  const paths = pathsOf(nodes);
  return nodes
    .flatMap(({ variable }, index): readonly VariableDescription[] => {
      if (variable === null) return [];
      const { name, dtype, shape, trainable } = variable;
      const path = paths.get(index);
      const described = { name, dtype: dtypeName(dtype), shape: readShape(shape), trainable };
      return [path === undefined ? described : { ...described, path }];
    })
    .sort((a, b) => compareCodeUnits(a.name, b.name) || compareNatural(a.path ?? "", b.path ?? ""));
}

function graphVariables({ collectionDef }: MetaGraph, graph: GraphIndex): readonly VariableDescription[] {
  const trained = trainableNodes(collectionDef);
  // Nodes with one shared name are one variable.
  const byName = new Map<string, VariableDescription>();
  for (const node of graph.ofTypes(VARIABLE_OPS)) {
    const name = Buffer.from(attributeOf(node, "shared_name")?.s ?? []).toString() || node.name;
    const trainable = trained?.has(node.name) ?? null;
    if (byName.has(name) && trainable !== true) continue;
    const shape = attributeOf(node, "shape");
    byName.set(name, {
      name,
      dtype: dtypeName(attributeOf(node, "dtype")?.type ?? 0),
      shape: shape === undefined ? null : readShape(shape.shape),
      trainable,
    });
  }
  return [...byName.values()].sort((a, b) => compareCodeUnits(a.name, b.name));
}

/** The nodes that the exporter listed as trainable; undefined where it listed none of its variables, or illegibly. */
function trainableNodes(collections: MetaGraph["collectionDef"]): ReadonlySet<string> | undefined {
  const listed = collections.filter(({ key }) => key === "trainable_variables" || key === "variables");
  if (listed.length === 0) return undefined;
  try {
    const entries = listed
      .filter(({ key }) => key === "trainable_variables")
      .flatMap(({ value }) => decode("CollectionDef", value).bytesList?.value ?? []);
    return new Set(entries.map((entry) => operationOf(decode("VariableDef", entry).variableName)));
  } catch {
    // Anything may be in a collection, and no model needs it to run.
    return undefined;
  }
}
