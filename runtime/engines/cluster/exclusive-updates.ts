import { outputOperations } from "../../saved-model/graph/duplicated-variables.js";
import type { GraphIndex } from "../../saved-model/graph/graph.js";
import type { Message } from "../../saved-model/proto/decode.js";
import { isHidden } from "../../saved-model/signatures.js";
import { nodesBySignature } from "../graph/initial-values/give-values.js";
import { RESOURCE_TYPES } from "../graph/initial-values/resources.js";
import type { MasterFields } from "./master-messages.js";

/**
 * A signature that runs alone among those that change variables, on all tasks and for all clients: a step that reads a
 * variable and assigns it later would overwrite the steps between.
 */
export interface ExclusiveSignature {
  /** Raw key. */
  readonly key: string;
  /** Operation that takes the mutex. */
  readonly lock: string;
  /** Operation that gives it back; a run that fails does so too. */
  readonly unlock: string;
  /** Nodes of the main graph that run between the two. */
  readonly nodes: ReadonlySet<string>;
  /** The last of them. */
  readonly ends: readonly string[];
}

/** Types of operations that neither read nor write variables. */
const PASSIVE: ReadonlySet<string> = new Set([
  "Const",
  "NoOp",
  "Placeholder",
  "PlaceholderWithDefault",
  ...RESOURCE_TYPES,
]);

/** Control flow of TensorFlow 1: nothing from outside of a loop may be ordered with its inside. */
const FLOW: ReadonlySet<string> = new Set(["Enter", "RefEnter", "Switch", "RefSwitch", "Merge", "RefMerge"]);

/** Name of the mutex in the container of the variables. */
const MUTEX = "savedmodel/updates";

/**
 * Returns the signatures that are to run alone. Those with TensorFlow 1's loops and conditions are omitted.
 *
 * @param writes returns true if running some operations may change variables
 */
export function exclusiveSignatures(
  metaGraph: Message<"MetaGraphDef">,
  graph: GraphIndex,
  writes: (operations: readonly string[]) => boolean,
): readonly ExclusiveSignature[] {
  const bySignature = nodesBySignature(metaGraph, graph);
  return metaGraph.signatureDef.flatMap(({ key, value }, index) => {
    const ends = [...new Set(outputOperations(value))].filter((name) => graph.edges(name) !== undefined);
    if (isHidden(key) || !writes(ends)) return [];
    const all = [...(bySignature.get(key) ?? [])].map((name) => ({ name, op: graph.edges(name)?.op ?? "NoOp" }));
    if (all.some(({ op }) => FLOW.has(op))) return [];
    const nodes = new Set(all.filter(({ op }) => !PASSIVE.has(op)).map(({ name }) => name));
    const [lock, unlock] = [`savedmodel/lock_${index}`, `savedmodel/unlock_${index}`];
    return [{ key, lock, unlock, nodes, ends: ends.filter((name) => nodes.has(name)) }];
  });
}

/**
 * Returns the nodes that take and give back the mutex, to be added to the graph.
 *
 * @param device of the mutex
 */
export function mutexNodes(
  signatures: readonly ExclusiveSignature[],
  container: string,
  device: string,
): readonly MasterFields<"AddedNode">[] {
  if (signatures.length === 0) return [];
  const attr = Object.entries({ container, shared_name: MUTEX }).map(([key, text]) => ({
    key,
    value: { s: Buffer.from(text) },
  }));
  return [
    { name: MUTEX, op: "MutexV2", device, attr },
    ...signatures.flatMap(({ lock, unlock, ends }) => [
      { name: lock, op: "MutexLock", input: [MUTEX], device },
      { name: unlock, op: "ConsumeMutexLock", input: [lock, ...ends.map((name) => `^${name}`)], device },
    ]),
  ];
}
