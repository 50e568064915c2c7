import type { TensorInfo } from "../signature-info.js";
import type { Accessor, ArgumentLeaf } from "./argument-structure.js";

/** The author's names for an input, where its key is not one of them. */
export type ArgumentNames = Pick<TensorInfo, "argument" | "name">;

/** Longer expressions are of no use to a reader, and one long key may be in many of them. */
const MAX_LENGTH = 300;

/** Keys that Keras counts through all models of a process, and those of arguments without a name. */
const COUNTED = /^(?:keras_tensor(?:_\d+)?|args_\d+(?:_\d+)?)$/;

/** Keys that Keras 2 counts through all models of a process. */
const COUNTED_BY_KERAS_2 = /^input_\d+$/;

/** Names of arguments that have none: Keras passes everything as one. */
const MADE_UP_ROOT = /^args_\d+$/;

/**
 * The author's names for the input of a leaf: the expression that a function reads it by (`x["age"]`), and a name for an
 * identifier (`age`). None where the key is the author's own, which is the name then.
 *
 * @param key the key in the SignatureDef; of a ragged or sparse argument, that of its first component
 * @param isOnlyRoot whether all inputs of the signature are in one Python argument
 */
export function argumentNames(key: string, leaf: ArgumentLeaf, isOnlyRoot: boolean): ArgumentNames {
  if (!isMadeUp(key, leaf)) return {};
  // `export` of Keras calls it `args_0`, `tf.saved_model.save` `inputs`.
  const root = isOnlyRoot && MADE_UP_ROOT.test(leaf.root) ? "inputs" : leaf.root;
  const length = leaf.path.reduce((sum, step) => sum + (step.kind === "index" ? 8 : step.name.length), root.length);
  if (length > MAX_LENGTH) return {};
  const argument = `${root}${leaf.path.map(formatAccessor).join("")}`;
  const name = nameOf(root, leaf.path);
  return COUNTED_BY_KERAS_2.test(key) && name === wordsOf(root, leaf.path) ? { argument } : { argument, name };
}

/**
 * Returns true if TensorFlow or Keras made up a key, so that it does not tell which tensor of the author's it means.
 */
function isMadeUp(key: string, { root, path, specName, composite }: ArgumentLeaf): boolean {
  if (COUNTED.test(key) || (COUNTED_BY_KERAS_2.test(key) && MADE_UP_ROOT.test(root))) return true;
  if (path.length === 0) return composite !== undefined && key !== root;
  // TensorFlow numbers the tensors of an argument: x, x_1, x_2.
  return specName !== key || isNumbered(key, root);
}

function isNumbered(key: string, root: string): boolean {
  return key === root || (key.startsWith(`${root}_`) && /^\d+$/.test(key.slice(root.length + 1)));
}

/** As Python has it. */
function formatAccessor(step: Accessor): string {
  if (step.kind === "index") return `[${step.index}]`;
  return step.kind === "key" ? `[${JSON.stringify(step.name)}]` : `.${step.name}`;
}

/** The last key or field, with the indices after it; all of the path where it has indices only. */
function nameOf(root: string, path: readonly Accessor[]): string {
  const last = path.findLastIndex(({ kind }) => kind !== "index");
  const step = path[last];
  return step === undefined || step.kind === "index" ? wordsOf(root, path) : wordsOf(step.name, path.slice(last + 1));
}

/** `x["b"][0]` → `x_b_0` */
function wordsOf(root: string, path: readonly Accessor[]): string {
  return [root, ...path.map((step) => (step.kind === "index" ? `${step.index}` : step.name))].join("_");
}
