import type { DType } from "../tensor/dtype.js";
import type { ShapeSpec } from "../tensor/shape.js";
import type { ExampleFeature } from "./signature-info.js";

/** One input or output in a generated client. */
export interface TensorSpec {
  /** The raw key of the SignatureDef. */
  readonly key: string;
  /** The author's expression for this input, `x["age"]`, where the key is one that TensorFlow or Keras made up. */
  readonly argument?: string;
  readonly dtype: DType;
  readonly shape: ShapeSpec;
  /** True for an input that need not be given. */
  readonly optional?: true;
  /** Representation of the value, if it is not one dense tensor. */
  readonly encoding?: "sparse" | "ragged";
  /** Number of ragged dimensions, not counting the outermost. */
  readonly raggedRank?: number;
  /** The inputs of the SignatureDef that a ragged or sparse argument is made of, where it is not one of them itself. */
  readonly parts?: readonly TensorSpec[];
  /** True for a string output that is bytes rather than text: a scalar is returned as a `Uint8Array`. */
  readonly bytes?: true;
  /** The property that holds this output, where a signature has several; or this input, where a method takes one object. */
  readonly property?: string;
  /** Index of the model's example for each item of this input. */
  readonly example?: number;
  /** Set where the shape leaves the rank open: 0 for one example only, 1 for an array of them only. */
  readonly exampleRank?: 0 | 1;
}

/** One feature of a `tf.Example`, with the property of the generated interface that holds it. */
export interface FeatureSpec extends ExampleFeature {
  readonly property: string;
}

/** One method of a generated client. */
export interface SignatureSpec {
  /** The raw key of the SignatureDef. */
  readonly key: string;
  /** The name of the method, where it is not the key. */
  readonly method?: string;
  /** In argument order. */
  readonly inputs: readonly TensorSpec[];
  /** One is returned as itself, several as an object. */
  readonly outputs: readonly TensorSpec[];
}

/** Description that a generated client was generated from: compared with the model that it loads. */
export interface ModelSpec {
  /** The name of the generated class. */
  readonly name: string;
  /**
   * The SavedModel's folder, relative to the package that the client was generated in; empty in a client of a served
   * model.
   */
  readonly directory: string;
  /** The tags of the meta graph. */
  readonly tags: readonly string[];
  /** The libraries of custom operations to load by default: names of packs, and files like {@link directory}. */
  readonly opLibraries?: readonly string[];
  /** The features of each kind of `tf.Example` that inputs take. The loaded model is not asked for them. */
  readonly examples?: readonly (readonly FeatureSpec[])[];
  readonly signatures: readonly SignatureSpec[];
}
