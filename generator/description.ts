import type { SignatureDescription } from "../runtime/description.js";
import type { ShapeSpec } from "../runtime/shape.js";

/** A variable of a model. */
export interface VariableDescription {
  /** As it was named in Python; not always unique. */
  readonly name: string;
  readonly dtype: string;
  readonly shape: ShapeSpec;
  readonly trainable: boolean;
}

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
  /** The types of all operations in the graph and its functions, sorted. */
  readonly operations: readonly string[];
  /** Those of them that TensorFlow does not have: custom ones, or ones of a newer TensorFlow than this package knows. */
  readonly unknownOperations: readonly string[];
  /** The variables, sorted by name, optimizers' included; empty for models of TensorFlow 1, which do not list them. */
  readonly variables: readonly VariableDescription[];
  /** The names of the files below `assets/` that the graph reads, sorted. */
  readonly assets: readonly string[];
  /** Sorted by key; inputs in the author's order where the file tells it. */
  readonly signatures: readonly SignatureDescription[];
}
