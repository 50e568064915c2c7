import { assetsOf } from "../runtime/initial-values/loader.js";
import type { Message } from "../runtime/proto/decode.js";
import { compareCodeUnits } from "../runtime/text.js";
import { KNOWN_OPS, OPS_WITHOUT_KERNEL } from "./known-ops.js";

/** The operations among these that TensorFlow does not have: custom ones, or newer ones than this package knows. */
export function unknownOperations(types: readonly string[]): readonly string[] {
  return types.filter((type) => !KNOWN_OPS.has(type));
}

/** The operations among these that TensorFlow has, but without a kernel on a CPU: a call that reaches one fails. */
export function operationsWithoutKernel(types: readonly string[]): readonly string[] {
  return types.filter((type) => OPS_WITHOUT_KERNEL.has(type));
}

/** The names of the files below `assets/` that the graph reads, sorted. */
export function readAssets(metaGraph: Message<"MetaGraphDef">): readonly string[] {
  return [...new Set(assetsOf(metaGraph).map(({ filename }) => filename))].sort(compareCodeUnits);
}
