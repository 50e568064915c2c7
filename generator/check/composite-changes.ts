import { quote } from "../../runtime/base/text.js";
import { labelOf, nameOf } from "../../runtime/saved-model/input-match.js";
import type { ModelSpec, SignatureSpec, TensorSpec } from "../../runtime/saved-model/model-spec.js";
import type { ExampleFeature } from "../../runtime/saved-model/signature-info.js";
import { formatShape } from "../../runtime/tensor/shape.js";

/** An input before and after a change. */
export interface InputChange {
  readonly was: TensorSpec;
  readonly is: TensorSpec;
}

/** Returns the changed arguments that are or were ragged or sparse. */
export function otherComposites(before: readonly TensorSpec[], after: readonly TensorSpec[]): readonly InputChange[] {
  return pairs(before, after).filter(
    ({ was, is }) => (was.parts ?? is.parts) !== undefined && formatInput(was) !== formatInput(is),
  );
}

/** Returns the keys of a SignatureDef that make up an argument. */
export function keysOf({ key, parts }: TensorSpec): readonly string[] {
  return parts === undefined ? [key] : parts.map((part) => part.key);
}

export function describeComposite(signature: string, { was, is }: InputChange): readonly string[] {
  const name = `input ${labelOf(was)} of ${signature}`;
  return [
    `${name} is ${formatInput(is)}, not ${formatInput(was)}`,
    ...(was.optional === true && is.optional !== true ? [`${name} is now required`] : []),
  ];
}

function formatInput({ encoding, dtype, shape, raggedRank }: TensorSpec): string {
  const rank = raggedRank === undefined ? "" : ` of ragged rank ${raggedRank}`;
  return `${encoding ?? "dense"} ${dtype} ${formatShape(shape)}${rank}`;
}

/**
 * Describes changes to the features of examples, for each input of serialized examples.
 *
 * @param inputs the previous inputs, by their current keys
 */
export function otherFeatures(
  signature: string,
  { before, inputs }: { readonly before: ModelSpec; readonly inputs: readonly TensorSpec[] },
  { after, is }: { readonly after: ModelSpec; readonly is: SignatureSpec },
): readonly string[] {
  return pairs(inputs, is.inputs).flatMap((pair) => {
    const was = featuresOf(before, pair.was);
    const now = featuresOf(after, pair.is);
    const name = `input ${labelOf(pair.was)} of ${signature}`;
    if (was !== undefined && now !== undefined) return compareFeatures(name, was, now);
    if (was === now) return [];
    return [`${name} ${now === undefined ? "no longer takes" : "now takes"} examples as objects`];
  });
}

function featuresOf({ examples = [] }: ModelSpec, { example }: TensorSpec): Features | undefined {
  return example === undefined ? undefined : examples[example];
}

type Features = readonly ExampleFeature[];

function compareFeatures(name: string, before: Features, after: Features): readonly string[] {
  const known = new Set(before.map(({ key }) => key));
  const byKey = new Map(after.map((feature) => [feature.key, feature]));
  return [
    ...before.flatMap((was): readonly string[] => {
      const is = byKey.get(was.key);
      const feature = `feature ${quote(was.key)} of ${name}`;
      if (is === undefined) return [`${feature} is gone`];
      const [old, now] = [formatFeature(was), formatFeature(is)];
      const changed = old === now ? [] : [`${feature} is ${now}, not ${old}`];
      if (was.optional === is.optional) return changed;
      return [...changed, `${feature} is ${is.optional === true ? "now" : "no longer"} optional`];
    }),
    ...after
      .filter(({ key }) => !known.has(key))
      .map(({ key, optional }) => {
        const kind = optional === true ? "optional" : "required";
        return `${name} has a new ${kind} feature ${quote(key)}`;
      }),
  ];
}

function formatFeature({ kind, dtype, shape }: ExampleFeature): string {
  return `${kind} ${dtype} ${formatShape(shape)}`;
}

function pairs(before: readonly TensorSpec[], after: readonly TensorSpec[]): readonly InputChange[] {
  const byName = new Map(after.map((input) => [nameOf(input), input]));
  return before.flatMap((was) => {
    const is = byName.get(nameOf(was));
    return is === undefined ? [] : [{ was, is }];
  });
}
