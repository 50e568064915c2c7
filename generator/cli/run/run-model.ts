import type { Engine } from "../../../runtime/engine.js";
import { Model } from "../../../runtime/model.js";
import { specOfInfo } from "../../../runtime/saved-model/convert-spec.js";
import type { ModelSpec } from "../../../runtime/saved-model/model-spec.js";
import type { ExampleFeature, SignatureInfo } from "../../../runtime/saved-model/signature-info.js";

/**
 * A model with one signature, whose inputs are those that `inspect` shows: ragged and sparse ones as a whole, and
 * examples as objects, which {@link Model.load} does not support.
 */
export class OneSignature extends Model {
  /** Loads the model. @throws SavedModelError the codes of {@link Model.load} */
  static of(
    directory: string,
    tags: readonly string[],
    signature: SignatureInfo,
    opLibraries: readonly string[] = [],
  ): OneSignature {
    return new OneSignature(specOf(signature, directory, tags), directory, { tags, opLibraries });
  }

  /** Connects to a server of the model. @throws SavedModelError the codes of `connect` */
  static async at(engine: Engine, signature: SignatureInfo): Promise<OneSignature> {
    const model = new OneSignature(specOf(signature, "", []), engine);
    await model.connected();
    return model;
  }
}

function specOf(signature: SignatureInfo, directory: string, tags: readonly string[]): ModelSpec {
  const inputs = signature.inputs.map((input, index) => ({
    ...specOfInfo(input),
    ...(input.example && { example: index }),
  }));
  const outputs = signature.outputs.map(specOfInfo);
  const examples = signature.inputs.map(({ example = [] }) => example.map(withProperty));
  return { name: "Model", directory, tags, examples, signatures: [{ key: signature.key, inputs, outputs }] };
}

/** Returns a feature with its key as its property, as in JSON. */
function withProperty(feature: ExampleFeature): ExampleFeature & { readonly property: string } {
  return { ...feature, property: feature.key };
}
