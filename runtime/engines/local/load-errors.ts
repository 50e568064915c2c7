import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { SavedModelError } from "../../base/errors.js";
import { patternIn } from "../../base/path-pattern.js";
import { TensorFlowError } from "../../base/tensorflow-error.js";
import { firstLine, listSome, printable, quote, reasonOf } from "../../base/text.js";
import { chooseMetaGraph, readMetaGraphs } from "../../saved-model/files/saved-model-file.js";
import { adviseOnOp } from "../../saved-model/graph/op-packages.js";
import { decode, type Message } from "../../saved-model/proto/decode.js";
import { missingShards } from "../graph/checkpoint/shards.js";

/** Operations that hold a variable which the loader restores from `variables/`. */
const VARIABLE_OPS: ReadonlySet<string> = new Set(["VarHandleOp", "VariableV2", "Variable"]);

/**
 * Rejects a model whose variables were lost: TensorFlow loads it without complaint and fails at the first read.
 *
 * @throws SavedModelError `VARIABLES_NOT_FOUND`
 */
export function requireVariables(directory: string, metaGraph: Message<"MetaGraphDef">): void {
  if (!metaGraph.saverDef?.restoreOpName || existsSync(join(directory, "variables", "variables.index"))) return;
  const graph = decode("GraphDef", metaGraph.graphDef);
  const hasVariables = graph.node.some((node) => VARIABLE_OPS.has(decode("NodeHead", node).op));
  if (hasVariables) throw variablesNotFound(directory);
}

/** Returns the error for a failed load, told from the folder and from TensorFlow's answer. */
export function diagnoseLoadFailure(directory: string, tags: readonly string[], cause: unknown): SavedModelError {
  const name = printable(directory, 500);
  const fromFile = diagnoseFile(directory, tags);
  if (fromFile !== undefined) return fromFile;
  const message = reasonOf(cause);
  const op = /Op type not registered '([^']+)'/.exec(message)?.[1];
  if (op !== undefined) {
    return new SavedModelError(
      "OP_NOT_REGISTERED",
      `${name} needs the operation ${quote(op)}, which this TensorFlow lacks`,
      { fix: adviseOnOp(op), cause },
    );
  }
  const pattern = patternIn(resolve(directory));
  if (pattern !== undefined && existsSync(join(directory, "variables", "variables.index"))) {
    return new SavedModelError(
      "LOAD_FAILED",
      `${name} has the character ${pattern}, and TensorFlow treats such a path of variables as a pattern`,
      { fix: "Rename the folder, or load it through a link whose path has neither [ nor \\.", cause },
    );
  }
  const status = cause instanceof TensorFlowError ? ` (${cause.status})` : "";
  return new SavedModelError("LOAD_FAILED", `TensorFlow could not load ${name}${status}: ${firstLine(message)}`, {
    cause,
  });
}

/** Returns the error for a problem of the folder itself, if there is one. */
function diagnoseFile(directory: string, tags: readonly string[]): SavedModelError | undefined {
  try {
    chooseMetaGraph(directory, readMetaGraphs(directory), tags);
  } catch (error) {
    if (error instanceof SavedModelError) return error;
    throw error;
  }
  const prefix = join(directory, "variables", "variables");
  if (!existsSync(`${prefix}.index`)) return undefined;
  const missing = missingShards(prefix);
  return missing?.length === 0 ? undefined : variablesNotFound(directory, missing);
}

/** @param missing the files that are missing, where it is not all of them */
function variablesNotFound(directory: string, missing: readonly string[] = []): SavedModelError {
  const what = missing.length === 0 ? "their values are missing" : `it lacks ${listSome(missing, nameInVariables)}`;
  return new SavedModelError("VARIABLES_NOT_FOUND", `${printable(directory, 500)} has variables, but ${what}`, {
    fix: "Copy the whole SavedModel: the folder variables/ holds variables.index and variables.data-*.",
  });
}

function nameInVariables(file: string): string {
  return `variables/${file}`;
}
