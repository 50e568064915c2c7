import type { SignatureDescription, TensorDescription } from "../../runtime/description.js";
import type { SignatureDescriptor, TensorDescriptor } from "../../runtime/descriptor.js";
import { Model } from "../../runtime/model.js";
import { asDType } from "./run-values.js";

/** A model with the signature that is trained, and perhaps one that measures. `fit` takes its methods. */
export class TrainedModel extends Model {
  readonly #trained: string;
  readonly #measuring: string;

  /** @throws SavedModelError the codes of {@link Model.load} */
  constructor(
    directory: string,
    tags: readonly string[],
    trained: SignatureDescription,
    measuring: SignatureDescription | undefined,
  ) {
    const signatures = [
      describe(trained, "train"),
      ...(measuring === undefined ? [] : [describe(measuring, "evaluate")]),
    ];
    super({ name: "Model", directory, tags, signatures }, directory, { tags });
    this.#trained = trained.key;
    this.#measuring = measuring?.key ?? "";
  }

  train(...inputs: readonly unknown[]): unknown {
    return this.call(this.#trained, inputs);
  }

  evaluate(...inputs: readonly unknown[]): unknown {
    return this.call(this.#measuring, inputs);
  }
}

function describe({ key, inputs, outputs }: SignatureDescription, method: string): SignatureDescriptor {
  // Metrics are dense; no other output is asked for.
  const dense = outputs.filter(({ encoding }) => encoding === undefined);
  return { key, method, inputs: inputs.map(describeTensor), outputs: dense.map(describeTensor) };
}

function describeTensor({ key, dtype, shape, optional }: TensorDescription): TensorDescriptor {
  return { key, dtype: asDType(dtype), shape, ...(optional && { optional }) };
}
