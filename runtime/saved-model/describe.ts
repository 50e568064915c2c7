import { checkOptions, checkTags } from "../base/check-options.js";
import { SavedModelError } from "../base/errors.js";
import { compareCodeUnits, printable } from "../base/text.js";
import { argumentRestorer } from "./arguments/author-arguments.js";
import { readFingerprint } from "./files/fingerprint.js";
import { readUnchanged } from "./files/folder-identity.js";
import { toPath } from "./files/locate-model.js";
import { chooseMetaGraph, readMetaGraphs, tagsOf } from "./files/saved-model-file.js";
import {
  effectsReader,
  operationsWithoutKernel,
  readAssets,
  unknownOperations,
} from "./graph/assets-and-operations.js";
import { bytesReader } from "./graph/byte-outputs.js";
import { findVariableHandles } from "./graph/duplicated-variables.js";
import { openGraph } from "./graph/graph.js";
import { readFunctions } from "./graph/unexported-functions.js";
import { listVariables } from "./graph/variable-list.js";
import type { ModelInfo } from "./model-info.js";
import { readSignatures } from "./signatures.js";
import { exampleReader } from "./tf-example.js";

/** Options for reading a SavedModel. */
export interface InspectOptions {
  /** The tags of the meta graph; by default `["serve"]`, or the only one there is. */
  readonly tags?: readonly string[];
}

/**
 * Describes a SavedModel. Nothing but `saved_model.pb` and `fingerprint.pb` is read, and no native code is needed.
 *
 * @throws SavedModelError `MODEL_NOT_FOUND`, `NOT_A_SAVED_MODEL`, `MODEL_FORMAT_UNSUPPORTED`, `MODEL_CORRUPT`,
 * `TAGS_NOT_FOUND`, or `LOAD_FAILED` when the model is replaced again and again while it is read
 */
export function inspect(directory: string, options: InspectOptions = {}): ModelInfo {
  checkOptions("inspect()", options, ["tags"]);
  return describe(toPath(directory), options.tags, "inspect()");
}

/** {@link inspect}, on behalf of a call that has checked its other options. */
export function describe(directory: string, tags: readonly string[] | undefined, call: string): ModelInfo {
  checkTags(call, tags);
  return readUnchanged({ folder: directory, what: "read", read: () => describeFolder(directory, tags) });
}

function describeFolder(directory: string, tags: readonly string[] | undefined): ModelInfo {
  const metaGraphs = readMetaGraphs(directory);
  const metaGraph = chooseMetaGraph(directory, metaGraphs, tags);
  try {
    const graph = openGraph(metaGraph.graphDef);
    const withArguments = argumentRestorer(graph, metaGraph.objectGraphDef);
    const withExamples = exampleReader(graph);
    const withBytes = bytesReader(graph);
    const { byObject } = findVariableHandles(metaGraph, graph);
    const operations = [...graph.operationTypes()].sort(compareCodeUnits);
    const unknown = unknownOperations(operations);
    const withEffects = effectsReader(metaGraph.graphDef, unknown);
    const signatures = readSignatures(metaGraph).map((signature) =>
      withEffects(withBytes(withExamples(withArguments(signature)))),
    );
    return {
      formatVersion: 1,
      directory,
      tags: tagsOf(metaGraph),
      tagSets: metaGraphs.map(tagsOf),
      tensorflowVersion: metaGraph.metaInfoDef?.tensorflowVersion ?? "",
      operations,
      unknownOperations: unknown,
      operationsWithoutKernel: operationsWithoutKernel(operations),
      variables: listVariables(metaGraph, graph, operations, byObject).map(({ description }) => description),
      assets: readAssets(metaGraph),
      ...readFingerprint(directory),
      signatures,
      ...(signatures.length === 0 ? { functions: readFunctions(metaGraph.objectGraphDef) } : {}),
    };
  } catch (cause) {
    if (cause instanceof SavedModelError) throw cause;
    throw new SavedModelError("MODEL_CORRUPT", `the graph in ${printable(directory, 500)} cannot be read`, { cause });
  }
}
