import { SavedModelError } from "../base/errors.js";
import { printable, quote } from "../base/text.js";
import type { Engine } from "../engine.js";
import { InputMatcher, labelOf } from "../saved-model/input-match.js";
import type { ModelSpec, SignatureSpec, TensorSpec } from "../saved-model/model-spec.js";
import type { SignatureInfo, TensorInfo } from "../saved-model/signature-info.js";
import { formatShape } from "../tensor/shape.js";

/**
 * Rejects an engine whose model is not the one that a client was generated from.
 *
 * @throws SavedModelError `SIGNATURE_MISMATCH`
 */
export function requireSameSignatures(
  descriptor: ModelSpec,
  { source, signatures }: Pick<Engine, "source" | "signatures">,
): void {
  const differences = findDifferences(descriptor, signatures);
  if (differences.length === 0) return;
  throw new SavedModelError(
    "SIGNATURE_MISMATCH",
    `${printable(source, 500)} does not match the generated ${descriptor.name}: ${differences.join("; ")}`,
    { fix: "Regenerate the client from this model: `npx savedmodel generate`." },
  );
}

/**
 * Returns the reasons why a generated client cannot be used with a model, one sentence each; empty if there are none.
 *
 * Names of tensors do not count: they change with every export. Nor do keys of inputs that TensorFlow or Keras made up,
 * where the author's names are known, and signatures, outputs and optional inputs that the client does not know.
 */
export function findDifferences(descriptor: ModelSpec, signatures: readonly SignatureInfo[]): readonly string[] {
  const byKey = new Map(signatures.map((signature) => [signature.key, signature]));
  return descriptor.signatures.flatMap((expected) => {
    const actual = byKey.get(expected.key);
    return actual === undefined ? [`signature ${quote(expected.key)} is missing`] : compareSignature(expected, actual);
  });
}

function compareSignature(expected: SignatureSpec, actual: SignatureInfo): readonly string[] {
  const name = quote(expected.key);
  if (actual.unsupported !== undefined) return [`${name} cannot be run: ${actual.unsupported}`];
  const matcher = new InputMatcher(actual.inputs);
  const known = new Set<TensorInfo>();
  const inputs = expected.inputs.flatMap((input) => {
    const { parts = [input] } = input;
    const found = matcher.find(input);
    for (const tensor of found) if (tensor !== undefined) known.add(tensor);
    // A ragged or sparse argument may be several inputs of the model.
    if (input.argument === undefined || found.every((tensor) => tensor !== undefined)) {
      return parts.flatMap((part, index) => compareTensor("input", name, part, found[index]));
    }
    const others = matcher.named(input);
    for (const tensor of others) known.add(tensor);
    return [compareForm(name, input, others) ?? missingInput(name, input, matcher)];
  });
  const outputs = new Map(actual.outputs.map((output) => [output.key, output]));
  return [
    ...inputs,
    ...actual.inputs
      .filter((input) => !known.has(input) && input.optional !== true)
      .map((input) => `${name} has a new required input ${labelOf(input)}`),
    ...expected.outputs.flatMap((output) => compareTensor("output", name, output, outputs.get(output.key))),
  ];
}

/** Returns the change of an argument that now consists of another number of tensors. */
function compareForm(signature: string, expected: TensorSpec, found: readonly TensorInfo[]): string | undefined {
  const [first] = found;
  if (first === undefined) return undefined;
  const is = found.length === 1 ? `dense ${formatTensor(first)}` : `made of ${found.length} tensors`;
  const was = `${expected.encoding === undefined ? "dense " : ""}${formatTensor(expected)}`;
  return `input ${labelOf(expected)} of ${signature} is ${is}, not ${was}`;
}

function missingInput(signature: string, input: TensorSpec, matcher: InputMatcher): string {
  const withKey = matcher.withKeyOf(input);
  const what = `${signature} is missing input ${labelOf(input)}`;
  if (withKey === undefined || withKey.argument !== undefined) return what;
  return `${what}: the model does not tell whether it is ${quote(input.key)}`;
}

function compareTensor(
  role: "input" | "output",
  signature: string,
  expected: TensorSpec,
  found: TensorInfo | undefined,
): readonly string[] {
  const label = labelOf(expected);
  if (found === undefined) return [`${signature} is missing ${role} ${label}`];
  const differences: string[] = [];
  const [was, is] = [formatTensor(expected), formatTensor({ ...found, ...raggedRankOf(found) })];
  const name = `${role} ${label} of ${signature}`;
  if (was !== is) differences.push(`${name} is ${is}, not ${was}`);
  if (expected.optional === true && found.optional !== true) {
    differences.push(`${name} is now required`);
  }
  return differences;
}

/** The number of ragged dimensions of a ragged value, which has row splits for each. */
function raggedRankOf({ encoding, components = [] }: TensorInfo): { readonly raggedRank?: number } {
  return encoding === "ragged" ? { raggedRank: components.length - 1 } : {};
}

function formatTensor({
  dtype,
  shape,
  encoding,
  raggedRank,
}: Pick<TensorInfo, "dtype" | "shape" | "encoding"> & Pick<TensorSpec, "raggedRank">): string {
  const ragged = raggedRank === undefined ? "" : ` of ragged rank ${raggedRank}`;
  return `${encoding === undefined ? "" : `${encoding} `}${dtype} ${formatShape(shape)}${ragged}`;
}
