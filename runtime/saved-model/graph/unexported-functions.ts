import { compareCodeUnits, listSome, printable } from "../../base/text.js";
import { argumentReader } from "../arguments/argument-structure.js";
import type { FunctionInfo, ModelInfo } from "../model-info.js";
import { decode } from "../proto/decode.js";
import { pathsOf } from "./object-paths.js";

/** Maximum number of functions that are listed. */
const MOST_FUNCTIONS = 100;

/** A way to a function by attributes that Python code can write, none of them internal: `__call__`, `encoder/predict`. */
const PUBLIC = /^(?:(?!_)(?!keras_api\/)\w+\/)*(?:__call__|(?!_)[A-Za-z]\w*)$/;

/**
 * The functions of the saved object that were traced, nearest ones first: what could be exported as signatures. Only those
 * that the object graph gives an attribute for are listed.
 */
export function readFunctions(objectGraph: Uint8Array): readonly FunctionInfo[] {
  if (objectGraph.length === 0) return [];
  const paths = pathsOf(decode("VariableNodes", objectGraph).nodes);
  const reader = argumentReader(objectGraph);
  return decode("ConcreteFunctions", objectGraph)
    .nodes.flatMap(({ function: polymorphic }, object) => {
      const path = paths.get(object) ?? "";
      const [name] = polymorphic?.concreteFunctions ?? [];
      return name === undefined || !PUBLIC.test(path) ? [] : [{ path, name }];
    })
    .sort((a, b) => depth(a.path) - depth(b.path) || compareCodeUnits(a.path, b.path))
    .slice(0, MOST_FUNCTIONS)
    .map(({ path, name }) => ({
      path,
      arguments: [...new Set(reader.exact(name)?.leaves.map(({ root }) => root))],
    }));
}

function depth(path: string): number {
  return path.split("/").length;
}

/** A function as Python code calls it: `train(x, target)`. */
export function formatFunction({ path, arguments: names }: FunctionInfo): string {
  return `${printable(path.replaceAll("/", "."))}(${names.map((name) => printable(name)).join(", ")})`;
}

/** Returns the Python code that exports a model without signatures with them. */
export function exportAdvice({ functions = [] }: ModelInfo): string | undefined {
  const [first] = functions;
  if (first === undefined) return undefined;
  const attribute = first.path.replaceAll("/", ".");
  const key = first.path.split("/").at(-1) === "__call__" ? "call" : attribute.replaceAll(".", "_");
  const signatures = `{"${key}": model.${attribute}.concrete_functions[0]}`;
  return `model = tf.saved_model.load(folder); tf.saved_model.save(model, other_folder, signatures=${signatures})`;
}

/** Returns the note for a client without methods. */
export function noSignatureNote(description: ModelInfo): string {
  const { functions = [] } = description;
  const advice = exportAdvice(description);
  const note = "the model has no signature that can be called";
  if (advice === undefined) return note;
  return `${note}, but functions that can be exported as signatures: ${listSome(functions.map(formatFunction), (text) => text)}. In Python: ${advice}`;
}
