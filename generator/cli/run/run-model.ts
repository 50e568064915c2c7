import { Model } from "../../../runtime/client/model.js";
import type {
  ExampleFeature,
  SignatureDescription,
  TensorDescription,
} from "../../../runtime/saved-model/description.js";
import type { SignatureDescriptor, TensorDescriptor } from "../../../runtime/saved-model/descriptor.js";
import { asDType, describeTensor } from "./run-values.js";

/**
 * A model with one signature, whose inputs are those that `inspect` shows: ragged and sparse ones in one piece, and
 * examples as objects, which {@link Model.load} does not know.
 */
export class OneSignature extends Model {
  /** @throws SavedModelError the codes of {@link Model.load} */
  static of(
    directory: string,
    tags: readonly string[],
    signature: SignatureDescription,
    opLibraries: readonly string[] = [],
  ): OneSignature {
    const inputs = signature.inputs.map((input, index) => ({
      ...describe(input),
      ...(input.example && { example: index }),
    }));
    const outputs = signature.outputs.map(describe);
    const signatures: readonly SignatureDescriptor[] = [{ key: signature.key, inputs, outputs }];
    const examples = signature.inputs.map(({ example = [] }) => example.map(withProperty));
    return new OneSignature({ name: "Model", directory, tags, examples, signatures }, directory, { tags, opLibraries });
  }
}

/** What a generated client says of an input or output. */
function describe({ encoding, components = [], ...tensor }: TensorDescription): TensorDescriptor {
  const parts = components.flatMap((part) =>
    part.key === undefined ? [] : [{ key: part.key, dtype: asDType(part.dtype), shape: part.shape }],
  );
  return {
    ...describeTensor(tensor),
    ...((encoding === "sparse" || encoding === "ragged") && { encoding }),
    ...(encoding === "ragged" && { raggedRank: components.length - 1 }),
    ...(parts.length > 0 && { parts }),
  };
}

/** In JSON, the property of a feature is its key. */
function withProperty(feature: ExampleFeature): ExampleFeature & { readonly property: string } {
  return { ...feature, property: feature.key };
}
