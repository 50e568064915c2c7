import { SavedModelError } from "../../runtime/base/errors.js";
import { printable, quote } from "../../runtime/base/text.js";
import type { ModelInfo } from "../../runtime/saved-model/model-info.js";
import type { SignatureInfo, TensorInfo } from "../../runtime/saved-model/signature-info.js";

/** Largest number of methods of a client. A larger class would take too long to generate and to compile. */
const MOST_METHODS = 3000;
/** Largest number of parameters of a method. */
const MOST_INPUTS = 2000;
/** Largest number of inputs, outputs and features of examples in all signatures. */
const MOST_MEMBERS = 50_000;

/**
 * Rejects a model whose client would take too long to generate or compile.
 *
 * @throws SavedModelError `MODEL_TOO_LARGE`
 */
export function requireClientSize({ directory, signatures }: ModelInfo): void {
  const callable = signatures.filter(({ unsupported }) => unsupported === undefined);
  if (callable.length > MOST_METHODS) {
    throw tooLarge(directory, `${callable.length} methods, expected at most ${MOST_METHODS}`);
  }
  const wide = callable.find(({ inputs }) => inputs.length > MOST_INPUTS);
  if (wide !== undefined) {
    const method = `a method of ${wide.inputs.length} parameters for ${quote(wide.key)}`;
    throw tooLarge(directory, `${method}, expected at most ${MOST_INPUTS}`);
  }
  const lists = new Set<readonly unknown[]>();
  const members = callable.reduce((sum, signature) => sum + membersOf(signature, lists), 0);
  if (members > MOST_MEMBERS) {
    throw tooLarge(directory, `${members} parameters, results and features, expected at most ${MOST_MEMBERS}`);
  }
}

/**
 * Counts the members of a signature.
 *
 * @param lists the lists of features that were counted: an interface is generated once for each of them
 */
function membersOf({ inputs, outputs }: SignatureInfo, lists: Set<readonly unknown[]>): number {
  const featuresOf = ({ example }: TensorInfo): number => {
    if (example === undefined || lists.has(example)) return 0;
    lists.add(example);
    return example.length;
  };
  return inputs.reduce((sum, input) => sum + 1 + featuresOf(input), outputs.length);
}

function tooLarge(directory: string, what: string): SavedModelError {
  return new SavedModelError("MODEL_TOO_LARGE", `a client of ${printable(directory, 500)} would have ${what}`, {
    fix: "Choose the signatures that you call: the option `signatures`, or --signature on the command line.",
  });
}
