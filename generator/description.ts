import type { SignatureDescription } from "../runtime/description.js";

/**
 * A SavedModel as this package understands it: plain data, sorted, JSON. `inspect --json` prints it.
 */
export interface ModelDescription {
  /** Changes when the meaning of a field changes. */
  readonly formatVersion: 1;
  /** The folder, as it was given. */
  readonly directory: string;
  /** The tags of the meta graph that is described, sorted. */
  readonly tags: readonly string[];
  /** The tag sets of all meta graphs in the file. */
  readonly tagSets: readonly (readonly string[])[];
  /** The version of TensorFlow that wrote the model; empty where the file does not say. */
  readonly tensorflowVersion: string;
  /** Sorted by key; inputs in the author's order where the file tells it. */
  readonly signatures: readonly SignatureDescription[];
}
