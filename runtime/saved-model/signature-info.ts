import type { PartialShape, ShapeSpec } from "../tensor/shape.js";

/** A small tensor in JSON; 64-bit integers are decimal strings, complex numbers their two parts. */
export type DefaultValue = number | boolean | string | ComplexDefault | readonly DefaultValue[];

/** A complex number in JSON. */
export interface ComplexDefault {
  readonly re: number;
  readonly im: number;
}

/** A feature that a model parses out of a serialized `tf.Example`. */
export interface ExampleFeature {
  /** The key in the example's map of features. */
  readonly key: string;
  readonly dtype: "float32" | "int64" | "string";
  /** A dense feature has a value of fixed shape in each example; a sparse or ragged one any number of values. */
  readonly kind: "dense" | "sparse" | "ragged";
  /** The shape of the feature in one example; a null dimension is unknown. */
  readonly shape: PartialShape;
  /** True for a feature that an example may lack. */
  readonly optional?: true;
}

/** One of the dense tensors that a sparse or ragged one is made of, each of which is fed or fetched. */
export interface ComponentInfo {
  /** `indices`, `values` and `dense_shape` of a sparse tensor; `flat_values` and each `row_splits` of a ragged one. */
  readonly role: "indices" | "values" | "dense_shape" | "flat_values" | "row_splits";
  /** Key in the SignatureDef, if the component is a separate entry. */
  readonly key?: string;
  readonly dtype: string;
  readonly shape: ShapeSpec;
  /** The tensor that is fed or fetched, `operation:index`. */
  readonly tensor?: string;
}

/** One input or output of a signature, as the SavedModel states it. */
export interface TensorInfo {
  /** The key in the SignatureDef: what error messages name. Of several entries that are one value, the first. */
  readonly key: string;
  /**
   * The author's expression for it, where the key is one that TensorFlow or Keras made up: `x["age"]` for an input
   * `x_1`. For a component that is a separate input, the expression for the whole.
   */
  readonly argument?: string;
  /** The author's name for it, where the key is a made-up one: `age` for `x["age"]`. */
  readonly name?: string;
  /** `float32`, `string`, …: a name of `tf.dtypes`, whether or not the runtime can carry it. */
  readonly dtype: string;
  /** Null where the rank is unknown; a null dimension is unknown. */
  readonly shape: ShapeSpec;
  /** The tensor that is fed or fetched, `operation:index`; absent for the values that are not one dense tensor. */
  readonly tensor?: string;
  /**
   * Representation of the value, if it is not one dense tensor; a composite that is neither sparse nor ragged is
   * unsupported.
   */
  readonly encoding?: "sparse" | "ragged" | "composite";
  /** The dense tensors that a sparse or ragged value is made of, in TensorFlow's order. */
  readonly components?: readonly ComponentInfo[];
  /** True for an input that need not be fed, because the SignatureDef or the graph holds a default value. */
  readonly optional?: true;
  /** The default value of an optional input, where it is small and plain: nested arrays of numbers, booleans or text. */
  readonly default?: DefaultValue;
  /** True for a string output that is bytes rather than text, such as an image, where the graph tells it. */
  readonly bytes?: true;
  /**
   * Features that the model parses out of each string of an input, where that is a serialized `tf.Example`; in natural
   * order.
   */
  readonly example?: readonly ExampleFeature[];
  /**
   * Set where the shape leaves the rank open, by the operation that parses the examples: 0 for one example only, 1 for
   * an array of them only.
   */
  readonly exampleRank?: 0 | 1;
}

/** A SignatureDef. Inputs are in the author's order where the file tells it, else in natural order; so are outputs. */
export interface SignatureInfo {
  readonly key: string;
  /** For example `tensorflow/serving/predict`. */
  readonly methodName: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /**
   * True where the order of several inputs is not the author's: the file does not tell it, or they are entries of a dict,
   * which TensorFlow sorts.
   */
  readonly unordered?: true;
  /**
   * True if running it changes variables, tables or files. Absent where that was not found out, or depends on operations that
   * are not TensorFlow's own.
   */
  readonly writes?: boolean;
  /** Values that were taken from the graph, where the SignatureDef contradicts it. */
  readonly notes?: readonly string[];
  /** Reason why it cannot be called, if it cannot. */
  readonly unsupported?: string;
}
