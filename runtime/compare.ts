import type { SignatureDescription, TensorDescription } from "./description.js";
import type { ModelDescriptor, SignatureDescriptor, TensorDescriptor } from "./descriptor.js";
import { formatShape } from "./shape.js";
import { quote } from "./text.js";

/**
 * What keeps a generated client from being used with a model, one sentence each; empty when nothing does.
 *
 * Names of tensors do not count: they change with every export. Nor do signatures, outputs and optional inputs that the
 * client does not know: they change nothing for its callers.
 */
export function findDifferences(
  descriptor: ModelDescriptor,
  signatures: readonly SignatureDescription[],
): readonly string[] {
  const byKey = new Map(signatures.map((signature) => [signature.key, signature]));
  return descriptor.signatures.flatMap((expected) => {
    const actual = byKey.get(expected.key);
    return actual === undefined ? [`signature ${quote(expected.key)} is missing`] : compareSignature(expected, actual);
  });
}

function compareSignature(expected: SignatureDescriptor, actual: SignatureDescription): readonly string[] {
  const name = quote(expected.key);
  // A ragged or sparse argument may be several inputs of the model.
  const inputs = expected.inputs.flatMap((input) => input.parts ?? input);
  const known = new Set(inputs.map(({ key }) => key));
  return [
    ...compareTensors("input", name, inputs, actual.inputs),
    ...actual.inputs
      .filter(({ key, optional }) => !known.has(key) && optional !== true)
      .map(({ key }) => `${name} has a new required input ${quote(key)}`),
    ...compareTensors("output", name, expected.outputs, actual.outputs),
  ];
}

function compareTensors(
  role: "input" | "output",
  signature: string,
  expected: readonly TensorDescriptor[],
  actual: readonly TensorDescription[],
): readonly string[] {
  const byKey = new Map(actual.map((tensor) => [tensor.key, tensor]));
  return expected.flatMap((tensor) => {
    const found = byKey.get(tensor.key);
    if (found === undefined) return [`${signature} is missing ${role} ${quote(tensor.key)}`];
    const differences: string[] = [];
    const [was, is] = [formatTensor(tensor), formatTensor({ ...found, ...raggedRankOf(found) })];
    const name = `${role} ${quote(tensor.key)} of ${signature}`;
    if (was !== is) differences.push(`${name} is ${is}, not ${was}`);
    if (tensor.optional === true && found.optional !== true) {
      differences.push(`${name} is no longer optional`);
    }
    return differences;
  });
}

/** The number of ragged dimensions of a ragged value, which has row splits for each. */
function raggedRankOf({ encoding, components = [] }: TensorDescription): { readonly raggedRank?: number } {
  return encoding === "ragged" ? { raggedRank: components.length - 1 } : {};
}

function formatTensor({
  dtype,
  shape,
  encoding,
  raggedRank,
}: Pick<TensorDescription, "dtype" | "shape" | "encoding"> & Pick<TensorDescriptor, "raggedRank">): string {
  const ragged = raggedRank === undefined ? "" : ` of ragged rank ${raggedRank}`;
  return `${encoding === undefined ? "" : `${encoding} `}${dtype} ${formatShape(shape)}${ragged}`;
}
