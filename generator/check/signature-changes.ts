import { listSome, printable, quote } from "../../runtime/base/text.js";
import { findDifferences } from "../../runtime/client/compare-signatures.js";
import { looseInputs } from "../../runtime/saved-model/components.js";
import { labelOf, nameOf } from "../../runtime/saved-model/input-match.js";
import type { ModelSpec, SignatureSpec, TensorSpec } from "../../runtime/saved-model/model-spec.js";
import type { SignatureInfo } from "../../runtime/saved-model/signature-info.js";
import { describeComposite, keysOf, otherComposites, otherFeatures } from "./composite-changes.js";

type Role = "input" | "output";

/** Renamed tensors, by their previous names. */
type Renames = ReadonlyMap<string, { readonly was: TensorSpec; readonly is: TensorSpec }>;

/**
 * Describes what regenerating a client means for callers, one sentence each; empty if nothing affects them.
 *
 * @param before the descriptor of the existing client
 * @param after the descriptor of the regenerated client
 * @param signatures the signatures of the model that it would be generated from
 */
export function describeChanges(
  before: ModelSpec,
  after: ModelSpec,
  signatures: readonly SignatureInfo[],
): readonly string[] {
  const isNamed = before.name === after.name;
  const known = new Set(before.signatures.map(({ key }) => key));
  const byKey = new Map(after.signatures.map((signature) => [signature.key, signature]));
  const described = new Map(signatures.map((signature) => [signature.key, signature]));
  return [
    ...(isNamed ? [] : [`the class ${printable(before.name)} is now called ${printable(after.name)}`]),
    ...before.signatures.flatMap((was) => {
      const is = byKey.get(was.key);
      const signature = described.get(was.key);
      // To callers, a signature that the client omits is removed.
      if (is === undefined || signature === undefined) return findDifferences({ ...before, signatures: [was] }, []);
      return compareSignature({ before, was }, { after, is }, withLooseInputs(signature));
    }),
    ...after.signatures.filter(({ key }) => !known.has(key)).map(({ key }) => `there is a new signature ${quote(key)}`),
  ];
}

/** Returns the signature as the model has it: a ragged or sparse argument is several inputs there. */
function withLooseInputs(signature: SignatureInfo): SignatureInfo {
  return { ...signature, inputs: signature.inputs.flatMap(looseInputs) };
}

/**
 * Returns the inputs of a client that an older version generated, with the author's expressions of those with equal
 * keys.
 */
function withArguments(before: readonly TensorSpec[], after: readonly TensorSpec[]): readonly TensorSpec[] {
  const names = new Set(after.map(nameOf));
  const arguments_ = new Map(after.map(({ key, argument }) => [key, argument]));
  return before.map((input) => {
    const argument = input.argument ?? (names.has(input.key) ? undefined : arguments_.get(input.key));
    return argument === undefined ? input : { ...input, argument };
  });
}

function without(signature: SignatureInfo, keys: ReadonlySet<string>): SignatureInfo {
  return { ...signature, inputs: signature.inputs.filter(({ key }) => !keys.has(key)) };
}

function compareSignature(
  { before, was }: { readonly before: ModelSpec; readonly was: SignatureSpec },
  { after, is }: { readonly after: ModelSpec; readonly is: SignatureSpec },
  signature: SignatureInfo,
): readonly string[] {
  const named = withArguments(was.inputs, is.inputs);
  // Arguments are passed by position; outputs are sorted by their keys.
  const inputNames = findRenames(named, is.inputs, true);
  const outputNames = findRenames(was.outputs, is.outputs, false);
  const inputs = rename(named, inputNames);
  const outputs = rename(was.outputs, outputNames);
  const name = quote(was.key);
  // What became ragged or sparse, or no longer is, is reported as a whole, not by its component inputs.
  const composites = otherComposites(inputs, is.inputs);
  const others = new Set(composites.map((composite) => composite.was));
  const otherKeys = new Set(composites.flatMap((composite) => keysOf(composite.is)));
  const [oldMethod, newMethod] = [was.method ?? was.key, is.method ?? is.key];
  return [
    ...(oldMethod === newMethod ? [] : [`the method ${printable(oldMethod)} is now called ${printable(newMethod)}`]),
    ...renamed("input", name, inputNames),
    ...renamed("output", name, outputNames),
    ...composites.flatMap((composite) => describeComposite(name, composite)),
    ...findDifferences(
      { ...before, signatures: [{ ...was, inputs: inputs.filter((input) => !others.has(input)), outputs }] },
      [without(signature, otherKeys)],
    ),
    ...additions(name, inputs, is.inputs, outputs, is.outputs),
    ...reordered(name, inputs, is.inputs),
    ...otherFeatures(name, { before, inputs }, { after, is }),
    ...otherResult(name, was.outputs, is.outputs),
  ];
}

interface Placed {
  readonly tensor: TensorSpec;
  readonly at: number;
}

/**
 * Pairs each removed tensor with a new one of the same dtype and shape: if there is one of both, or if there are as
 * many new ones and one is at its position.
 */
function findRenames(before: readonly TensorSpec[], after: readonly TensorSpec[], hasPlaces: boolean): Renames {
  const gone = byForm(missingFrom(after, before));
  const fresh = byForm(missingFrom(before, after));
  const renames = new Map<string, { readonly was: TensorSpec; readonly is: TensorSpec }>();
  for (const [form, rivals] of gone) {
    const candidates = fresh.get(form) ?? [];
    if (rivals.length !== candidates.length) continue;
    const [only] = candidates;
    const byPlace = new Map(candidates.map((candidate) => [candidate.at, candidate]));
    for (const { tensor, at } of rivals) {
      const found = candidates.length === 1 ? only : hasPlaces ? byPlace.get(at) : undefined;
      if (found !== undefined) renames.set(nameOf(tensor), { was: tensor, is: found.tensor });
    }
  }
  return renames;
}

/** Groups tensors that are equal except for their keys. */
function byForm(tensors: readonly Placed[]): ReadonlyMap<string, readonly Placed[]> {
  const groups = new Map<string, Placed[]>();
  for (const placed of tensors) {
    const form = formOf(placed.tensor);
    const group = groups.get(form);
    if (group === undefined) groups.set(form, [placed]);
    else group.push(placed);
  }
  return groups;
}

function missingFrom(others: readonly TensorSpec[], tensors: readonly TensorSpec[]): readonly Placed[] {
  const known = new Set(others.map(nameOf));
  return tensors.map((tensor, at) => ({ tensor, at })).filter(({ tensor }) => !known.has(nameOf(tensor)));
}

/** Returns a string that is equal for tensors that differ only in name. */
function formOf({ dtype, shape, encoding, raggedRank, optional, parts, argument }: TensorSpec): string {
  const keys = argument === undefined ? parts : parts?.map(({ key: _, ...part }) => part);
  return JSON.stringify([dtype, shape, encoding, raggedRank, optional, keys]);
}

function rename(tensors: readonly TensorSpec[], renames: Renames): readonly TensorSpec[] {
  return tensors.map((tensor) => {
    const is = renames.get(nameOf(tensor))?.is;
    if (is === undefined) return tensor;
    const { argument: _, ...unnamed } = tensor;
    return { ...unnamed, key: is.key, ...(is.argument === undefined ? {} : { argument: is.argument }) };
  });
}

function renamed(role: Role, signature: string, renames: Renames): readonly string[] {
  return [...renames.values()].map(
    ({ was, is }) => `${role} ${labelOf(was)} of ${signature} is now called ${labelOf(is)}`,
  );
}

/** Describes additions, which a client may ignore and a caller may want to know. */
function additions(
  signature: string,
  inputsBefore: readonly TensorSpec[],
  inputs: readonly TensorSpec[],
  outputsBefore: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): readonly string[] {
  const was = new Map(inputsBefore.map((input) => [nameOf(input), input]));
  const known = new Set(outputsBefore.map(({ key }) => key));
  return [
    ...inputs.flatMap((input) => {
      if (input.optional !== true) return [];
      const before = was.get(nameOf(input));
      if (before === undefined) return [`${signature} has a new optional input ${labelOf(input)}`];
      return before.optional === true ? [] : [`input ${labelOf(input)} of ${signature} is now optional`];
    }),
    ...outputs.filter(({ key }) => !known.has(key)).map(({ key }) => `${signature} has a new output ${quote(key)}`),
  ];
}

/** Describes a changed order of the inputs that were kept. */
function reordered(signature: string, before: readonly TensorSpec[], after: readonly TensorSpec[]): readonly string[] {
  const common = (tensors: readonly TensorSpec[], others: readonly TensorSpec[]): readonly string[] => {
    const names = new Set(others.map(nameOf));
    return tensors.filter((tensor) => names.has(nameOf(tensor))).map(labelOf);
  };
  const was = common(before, after);
  const is = common(after, before);
  if (was.every((label, at) => label === is[at])) return [];
  return [`the inputs of ${signature} are in another order: ${listSome(is, String)}, not ${listSome(was, String)}`];
}

/** Describes a changed result: one output is returned directly, several as an object. */
function otherResult(
  signature: string,
  before: readonly TensorSpec[],
  after: readonly TensorSpec[],
): readonly string[] {
  const byKey = new Map(after.map((output) => [output.key, output]));
  const others = before.flatMap((was) => {
    const is = byKey.get(was.key);
    if (is === undefined || is.bytes === was.bytes) return [];
    return [`output ${quote(was.key)} of ${signature} is now ${is.bytes === true ? "bytes" : "text"}`];
  });
  if (before.length > 1 === after.length > 1) return others;
  return [
    ...others,
    `${signature} now returns ${after.length > 1 ? "an object with a property for each output" : "its output"}`,
  ];
}
