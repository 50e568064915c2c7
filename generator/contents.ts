import { dtypeName } from "../runtime/dtype.js";
import { decode, type Message } from "../runtime/proto/decode.js";
import { readShape } from "../runtime/signatures.js";
import { compareCodeUnits } from "../runtime/text.js";
import type { VariableDescription } from "./description.js";
import { KNOWN_OPS } from "./known-ops.js";

type MetaGraph = Message<"MetaGraphDef">;

/** The types of all operations in a meta graph, functions included, sorted. */
export function operationTypes({ graphDef }: MetaGraph): readonly string[] {
  const { node, library } = decode("GraphDef", graphDef);
  const types = new Set<string>();
  for (const bytes of node) types.add(decode("NodeHead", bytes).op);
  for (const body of library?.function ?? []) {
    for (const bytes of decode("FunctionNodes", body).nodeDef) types.add(decode("NodeHead", bytes).op);
  }
  // A node may also call a function by its name.
  const functions = new Set(library?.function.map((body) => decode("FunctionName", body).signature?.name));
  return [...types].filter((type) => !functions.has(type)).sort(compareCodeUnits);
}

/** The operations among these that TensorFlow does not have: custom ones, or newer ones than this package knows. */
export function unknownOperations(types: readonly string[]): readonly string[] {
  return types.filter((type) => !KNOWN_OPS.has(type));
}

/** The variables of a model of TensorFlow 2, sorted by name; models of TensorFlow 1 do not list theirs. */
export function readVariables({ objectGraphDef }: MetaGraph): readonly VariableDescription[] {
  const nodes = decode("VariableNodes", objectGraphDef).nodes;
  return nodes
    .flatMap(({ variable }) => (variable === null ? [] : [variable]))
    .map(({ name, dtype, shape, trainable }) => ({ name, dtype: dtypeName(dtype), shape: readShape(shape), trainable }))
    .sort((a, b) => compareCodeUnits(a.name, b.name));
}

/** The names of the files below `assets/` that the graph reads, sorted. */
export function readAssets({ assetFileDef }: MetaGraph): readonly string[] {
  return [...new Set(assetFileDef.map(({ filename }) => filename))].sort(compareCodeUnits);
}
