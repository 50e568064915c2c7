import { compareCodeUnits } from "../../base/text.js";
import { type Effects, effectsOf } from "../effects/write-effects.js";
import type { Message } from "../proto/decode.js";
import type { SignatureInfo } from "../signature-info.js";
import { operationOf } from "./graph.js";
import { KNOWN_OPS, OPS_WITHOUT_KERNEL, STATEFUL_OPS } from "./known-ops.js";
import { assetsOf } from "./loader-operations.js";

/** The operations among these that TensorFlow does not have: custom ones, or newer ones than this package knows. */
export function unknownOperations(types: readonly string[]): readonly string[] {
  return types.filter((type) => !KNOWN_OPS.has(type));
}

/** The operations among these that TensorFlow has, but without a kernel on a CPU: a call that reaches one fails. */
export function operationsWithoutKernel(types: readonly string[]): readonly string[] {
  return types.filter((type) => OPS_WITHOUT_KERNEL.has(type));
}

/** Nodes that are read to find out what signatures write: seconds of work, and far more than models that train have. */
const MOST_NODES = 1_000_000;

/**
 * Determines for signatures whether running them changes anything that outlives the call, as far as it is known.
 *
 * @param unknown the operations of the graph that TensorFlow does not have: they may do anything, or nothing
 */
export function effectsReader(
  graphDef: Uint8Array,
  unknown: readonly string[],
): (signature: SignatureInfo) => SignatureInfo {
  const known = new Map<string, boolean | undefined>();
  const states = unknown.length === 0 ? [STATEFUL_OPS] : [STATEFUL_OPS, new Set([...STATEFUL_OPS, ...unknown])];
  let effects: readonly Effects[] | undefined;
  const read = (operations: readonly string[]): boolean | undefined => {
    try {
      effects ??= states.map((stateful) => effectsOf(graphDef, (type) => stateful.has(type), MOST_NODES));
      const [least, ...others] = effects.map((found) => found.writes(operations));
      return others.every((most) => most === least) ? least : undefined;
    } catch {
      // The caller of the signature gets the error of the graph.
      return undefined;
    }
  };
  return (signature) => {
    if (signature.unsupported !== undefined) return signature;
    const tensors = signature.outputs.flatMap(({ tensor, components }) =>
      components === undefined ? [tensor] : components.map((component) => component.tensor),
    );
    const operations = [...new Set(tensors.filter((tensor) => tensor !== undefined).map(operationOf))];
    const key = JSON.stringify(operations);
    if (!known.has(key)) known.set(key, read(operations));
    const writes = known.get(key);
    return writes === undefined ? signature : { ...signature, writes };
  };
}

/** The names of the files below `assets/` that the graph reads, sorted. */
export function readAssets(metaGraph: Message<"MetaGraphDef">): readonly string[] {
  return [...new Set(assetsOf(metaGraph).map(({ filename }) => filename))].sort(compareCodeUnits);
}
