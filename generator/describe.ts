import { argumentRestorer } from "../runtime/arguments.js";
import { SavedModelError } from "../runtime/errors.js";
import { readUnchanged } from "../runtime/folder-identity.js";
import { openGraph } from "../runtime/graph.js";
import { toPath } from "../runtime/locate.js";
import { checkOptions, checkTags } from "../runtime/options.js";
import { chooseMetaGraph, readMetaGraphs, tagsOf } from "../runtime/saved-model-file.js";
import { readSignatures } from "../runtime/signatures.js";
import { findVariableHandles } from "../runtime/split-variables.js";
import { compareCodeUnits, printable } from "../runtime/text.js";
import { listVariables } from "../runtime/variable-list.js";
import { bytesReader } from "./byte-outputs.js";
import { effectsReader, operationsWithoutKernel, readAssets, unknownOperations } from "./contents.js";
import type { ModelDescription } from "./description.js";
import { exampleReader } from "./example.js";
import { readFingerprint } from "./fingerprint.js";
import { readFunctions } from "./functions.js";

/** What is read of a SavedModel. */
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
export function inspect(directory: string, options: InspectOptions = {}): ModelDescription {
  checkOptions("inspect()", options, ["tags"]);
  return describe(toPath(directory), options.tags, "inspect()");
}

/** {@link inspect}, on behalf of a call that has checked its other options. */
export function describe(directory: string, tags: readonly string[] | undefined, call: string): ModelDescription {
  checkTags(call, tags);
  return readUnchanged({ folder: directory, what: "read", read: () => describeFolder(directory, tags) });
}

function describeFolder(directory: string, tags: readonly string[] | undefined): ModelDescription {
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
