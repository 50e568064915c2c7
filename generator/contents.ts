import { dtypeName } from "../runtime/dtype.js";
import { decode, type Message } from "../runtime/proto/decode.js";
import { readShape } from "../runtime/signatures.js";
import { compareCodeUnits } from "../runtime/text.js";
import type { VariableDescription } from "./description.js";
import { KNOWN_OPS } from "./known-ops.js";

type MetaGraph = Message<"MetaGraphDef">;

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
