import type { LoadOptions } from "../../../runtime/engines/local/load-options.js";
import { Model } from "../../../runtime/model.js";
import { specOfInfo } from "../../../runtime/saved-model/convert-spec.js";
import type { SignatureSpec } from "../../../runtime/saved-model/model-spec.js";
import type { SignatureInfo } from "../../../runtime/saved-model/signature-info.js";

/** The signatures of a training. */
export interface TrainedSignatures {
  readonly trained: SignatureInfo;
  readonly measuring: SignatureInfo | undefined;
  /** The one that resets metrics, if it is named. */
  readonly reset: SignatureInfo | undefined;
  /** All others that can be called, in which `fit` finds those that reset metrics. */
  readonly others: readonly SignatureInfo[];
}

/** A model with the signature that is trained, and optionally ones that measure and reset. `fit` uses its methods. */
export class TrainedModel extends Model {
  readonly #trained: string;
  readonly #measuring: string;
  readonly #reset: string;

  /** @throws SavedModelError the codes of {@link Model.load} */
  constructor(
    directory: string,
    options: Required<Pick<LoadOptions, "tags" | "opLibraries">>,
    { trained, measuring, reset, others }: TrainedSignatures,
  ) {
    const signatures = [
      describe(trained, "train"),
      ...(measuring === undefined ? [] : [describe(measuring, "evaluate")]),
      ...(reset === undefined ? [] : [describe(reset, "reset")]),
      ...others.map((other, index) => describe(other, `other_${index}`)),
    ];
    super({ name: "Model", directory, tags: options.tags, signatures }, directory, options);
    this.#trained = trained.key;
    this.#measuring = measuring?.key ?? "";
    this.#reset = reset?.key ?? "";
  }

  train(...inputs: readonly unknown[]): unknown {
    return this.call(this.#trained, inputs);
  }

  evaluate(...inputs: readonly unknown[]): unknown {
    return this.call(this.#measuring, inputs);
  }

  reset(): unknown {
    return this.call(this.#reset, []);
  }
}

function describe({ key, inputs, outputs }: SignatureInfo, method: string): SignatureSpec {
  // Metrics are dense; no other output is requested.
  const dense = outputs.filter(({ encoding }) => encoding === undefined);
  return { key, method, inputs: inputs.map(specOfInfo), outputs: dense.map(specOfInfo) };
}
