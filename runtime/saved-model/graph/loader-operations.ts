import { existsSync } from "node:fs";
import { join } from "node:path";
import { decode, type Message } from "../proto/decode.js";
import { type GraphIndex, operationOf, upstream } from "./graph.js";

type MetaGraph = Message<"MetaGraphDef">;

/** The names that TensorFlow's loader knows (tensorflow/cc/saved_model/constants.h). */
const INIT_SIGNATURE = "__saved_model_init_op";
const INIT_COLLECTIONS = ["saved_model_main_op", "legacy_init_op"];

/** The path prefix of the checkpoint of a SavedModel, if it has one. */
export function checkpointOf(directory: string): string | undefined {
  const prefix = join(directory, "variables", "variables");
  return existsSync(`${prefix}.index`) ? prefix : undefined;
}

/**
 * Operations that TensorFlow's loader ran, and all that they depend on: the variables and tables among it have values
 * (`RestoreSession` and `GetInitOp` in tensorflow/cc/saved_model/loader.cc and loader_util.cc).
 */
export function loadedNodes(metaGraph: MetaGraph, graph: GraphIndex, hasCheckpoint: boolean): ReadonlySet<string> {
  const restored = hasCheckpoint ? (metaGraph.saverDef?.restoreOpName ?? "") : "";
  const operations = [restored, initOperation(metaGraph) ?? ""];
  return upstream(graph, operations.filter((name) => name !== "").map(operationOf));
}

/** The operation that initializes a model; a loader runs one only. */
export function initOperation({ signatureDef, collectionDef }: MetaGraph): string | undefined {
  const signature = signatureDef.find(({ key }) => key === INIT_SIGNATURE);
  if (signature !== undefined) return signature.value?.outputs.find(({ key }) => key === INIT_SIGNATURE)?.value?.name;
  const key = INIT_COLLECTIONS.find((name) => collectionDef.some((entry) => entry.key === name));
  return key === undefined ? undefined : nodesIn(collectionDef, key)[0];
}

/** The files beside a graph, and the tensors that take their paths; TensorFlow 1 keeps them in a collection. */
export function assetsOf({
  assetFileDef,
  collectionDef,
}: Pick<MetaGraph, "assetFileDef" | "collectionDef">): readonly Message<"AssetFileDef">[] {
  if (assetFileDef.length > 0) return assetFileDef;
  try {
    const entries = entriesOf(collectionDef, "saved_model_assets")?.anyList?.value ?? [];
    return entries.map(({ value }) => decode("AssetFileDef", value));
  } catch {
    return [];
  }
}

/** The names of operations in a collection; none where it holds something else. */
export function nodesIn(collections: MetaGraph["collectionDef"], key: string): readonly string[] {
  return entriesOf(collections, key)?.nodeList?.value ?? [];
}

/** The variables in a collection; none where it holds something else. */
export function variablesIn(collections: MetaGraph["collectionDef"], key: string): readonly Message<"VariableDef">[] {
  try {
    return (entriesOf(collections, key)?.bytesList?.value ?? []).map((bytes) => decode("VariableDef", bytes));
  } catch {
    // Anything may be in a collection.
    return [];
  }
}

function entriesOf(collections: MetaGraph["collectionDef"], key: string): Message<"CollectionDef"> | undefined {
  const entry = collections.find((collection) => collection.key === key);
  try {
    return entry && decode("CollectionDef", entry.value);
  } catch {
    return undefined;
  }
}
