import { compareCodeUnits, compareNatural } from "../../base/text.js";
import { dtypeName } from "../../tensor/dtype.js";
import type { ShapeSpec } from "../../tensor/shape.js";
import { decode, type Message } from "../proto/decode.js";
import { readShape } from "../shape-proto.js";
import { attributeOf, type GraphIndex, operationOf, sharedName } from "./graph.js";
import { pathsOf } from "./object-paths.js";

/** A variable of a model. */
export interface VariableInfo {
  /** As it was named in Python; not always unique, and it may be empty. */
  readonly name: string;
  readonly dtype: string;
  readonly shape: ShapeSpec;
  /** Null where the file does not tell, as some of TensorFlow 1 do not. */
  readonly trainable: boolean | null;
  /**
   * Shortest path to it from the Python object that was saved, the names of attributes joined by `/`: `hidden/kernel`,
   * or `variables/0` for one that is only in a list. Absent in models of TensorFlow 1, for variables that no attribute
   * leads to, and where it has more than 1,000 characters.
   */
  readonly path?: string;
  /** True for an object that holds the same variable as an earlier one: some exports of Keras 3 write variables twice. */
  readonly copy?: true;
}

/** A variable, and where it is in the file. */
export interface ListedVariable {
  readonly description: VariableInfo;
  /** Its number among the objects of the model. */
  readonly object?: number;
  /** The node that holds it, in models of TensorFlow 1. */
  readonly node?: string;
}

/** Parts of the meta graph that variables are read from, beside the graph. */
type MetaGraph = Pick<Message<"MetaGraphDef">, "collectionDef" | "objectGraphDef">;

/** The operations that hold a variable: the first two of TensorFlow 1, the last of both. */
const VARIABLE_OPS: ReadonlySet<string> = new Set(["AutoReloadVariable", "VarHandleOp", "Variable", "VariableV2"]);

/**
 * Returns the variables of a model, sorted by name. TensorFlow 2 lists them among the objects of the model; for
 * TensorFlow 1 the graph is searched.
 *
 * @param operations the types of all operations in the graph, so that a graph without variables is not searched
 * @param handles the node of each object's value, where known: those of copies are the same
 */
export function listVariables(
  metaGraph: MetaGraph,
  graph: GraphIndex,
  operations: Iterable<string>,
  handles: ReadonlyMap<number, string>,
): readonly ListedVariable[] {
  if (metaGraph.objectGraphDef.length > 0) return objectVariables(metaGraph.objectGraphDef, handles);
  return [...operations].some((type) => VARIABLE_OPS.has(type)) ? graphVariables(metaGraph, graph) : [];
}

function objectVariables(objectGraph: Uint8Array, handles: ReadonlyMap<number, string>): readonly ListedVariable[] {
  const { nodes } = decode("VariableNodes", objectGraph);
  const paths = pathsOf(nodes);
  const found = new Set<string>();
  return nodes
    .flatMap(({ variable }, object): readonly ListedVariable[] => {
      if (variable === null) return [];
      const { name, dtype, shape, trainable } = variable;
      const [path, handle] = [paths.get(object), handles.get(object)];
      const described = {
        name,
        dtype: dtypeName(dtype),
        shape: readShape(shape),
        trainable,
        ...(path === undefined ? {} : { path }),
        ...(handle !== undefined && found.has(handle) ? { copy: true as const } : {}),
      };
      if (handle !== undefined) found.add(handle);
      return [{ object, description: described }];
    })
    .sort(({ description: a }, { description: b }) => {
      return compareCodeUnits(a.name, b.name) || compareNatural(a.path ?? "", b.path ?? "");
    });
}

function graphVariables({ collectionDef }: MetaGraph, graph: GraphIndex): readonly ListedVariable[] {
  const trained = trainableNodes(collectionDef);
  // Nodes with one shared name are one variable.
  const byName = new Map<string, ListedVariable>();
  for (const node of graph.ofTypes(VARIABLE_OPS)) {
    const name = sharedName(node);
    const trainable = trained?.has(node.name) ?? null;
    if (byName.has(name) && trainable !== true) continue;
    const shape = attributeOf(node, "shape");
    const description = {
      name,
      dtype: dtypeName(attributeOf(node, "dtype")?.type ?? 0),
      shape: shape === undefined ? null : readShape(shape.shape),
      trainable,
    };
    byName.set(name, { node: node.name, description });
  }
  return [...byName.values()].sort((a, b) => compareCodeUnits(a.description.name, b.description.name));
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
