import { SavedModelError } from "../../base/errors.js";
import { printable, quote } from "../../base/text.js";
import type { ModelSpec, TensorSpec } from "../../saved-model/model-spec.js";
import { formatShape, type ShapeSpec } from "../../tensor/shape.js";

/** An input or output, as a server describes it. */
export interface ServedTensor {
  readonly key: string;
  readonly dtype: string;
  readonly shape: ShapeSpec;
  /** True where the server has a default value for an input. */
  readonly optional?: true;
}

/** A signature, as a server describes it; undefined lists where it does not. */
export interface ServedSignature {
  readonly inputs: readonly ServedTensor[] | undefined;
  readonly outputs: readonly ServedTensor[] | undefined;
}

/**
 * Rejects servers whose model is not the one that a client was generated from.
 *
 * @param keys the signatures of the client that servers should have
 * @param served the signatures that they have, by key
 * @param isExact false for a protocol without scalars and default values, whose servers may leave sizes open that the model
 * does not
 * @throws SavedModelError `SIGNATURE_MISMATCH`
 */
export function compareServed(
  expected: ModelSpec,
  keys: readonly string[],
  source: string,
  served: ReadonlyMap<string, ServedSignature>,
  isExact: boolean,
): void {
  const differences = expected.signatures.flatMap(({ key, inputs, outputs }) => {
    if (!keys.includes(key)) return [];
    const signature = served.get(key);
    if (signature === undefined) return [`signature ${quote(key)} is missing`];
    return [
      ...compare(`input %s of ${quote(key)}`, inputs.flatMap(partsOf), signature.inputs, isExact),
      ...extraInputs(key, inputs.flatMap(partsOf), signature.inputs),
      ...compare(`output %s of ${quote(key)}`, outputs, signature.outputs, isExact),
    ];
  });
  if (differences.length === 0) return;
  throw new SavedModelError(
    "SIGNATURE_MISMATCH",
    `${printable(source, 500)} does not match the generated ${expected.name}: ${differences.join("; ")}`,
    {
      fix: "Serve the model that the client was generated from, or regenerate the client. Where servers have some of its signatures only, name these in the option `signatures`.",
    },
  );
}

/** The tensors that are sent for an input. */
function partsOf(input: TensorSpec): readonly TensorSpec[] {
  return input.parts ?? [input];
}

function compare(
  place: string,
  expected: readonly TensorSpec[],
  served: readonly ServedTensor[] | undefined,
  isExact: boolean,
): readonly string[] {
  if (served === undefined) return [];
  const byKey = new Map(served.map((tensor) => [tensor.key, tensor]));
  return expected.flatMap((tensor) => {
    const { key, dtype, shape, optional } = tensor;
    const found = byKey.get(key);
    const name = place.replace("%s", () => quote(key));
    if (found === undefined) return optional === true && !isExact ? [] : [`${name} is missing`];
    const isSame = dtype === found.dtype && (isExact ? sameShape(shape, found.shape) : fits(shape, found.shape));
    // Whether an input may be omitted is in the graph, which servers do not show.
    return isSame ? [] : [`${name} is ${found.dtype} ${formatShape(found.shape)}, not ${dtype} ${formatShape(shape)}`];
  });
}

function extraInputs(
  signature: string,
  expected: readonly TensorSpec[],
  served: readonly ServedTensor[] | undefined = [],
): readonly string[] {
  const keys = new Set(expected.map(({ key }) => key));
  return served
    .filter(({ key, optional }) => !keys.has(key) && optional !== true)
    .map(({ key }) => `${quote(signature)} has a new required input ${quote(key)}`);
}

function sameShape(a: ShapeSpec, b: ShapeSpec): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Returns true if a value may have both shapes. A scalar travels as one element of any rank. */
function fits(expected: ShapeSpec, served: ShapeSpec): boolean {
  if (expected === null || served === null) return true;
  if (expected.length === 0) return served.every((size) => size === null || size === 1);
  if (expected.length !== served.length) return false;
  return expected.every((size, axis) => size === null || served[axis] === null || size === served[axis]);
}
