/**
 * The run time of generated clients: load a SavedModel, call its signatures, save it.
 *
 * Importing this module loads no native code; loading a model does.
 *
 * @module
 */
export type { SignatureDescription, TensorDescription } from "./description.js";
export type { ModelDescriptor, SignatureDescriptor, TensorDescriptor } from "./descriptor.js";
export type { DType, NumericDType, TypedArrays } from "./dtype.js";
export { type ErrorCode, SavedModelError, type SavedModelErrorOptions, type StatusName } from "./errors.js";
export { type LoadOptions, Model } from "./model.js";
export { TensorFlowError } from "./native/status.js";
export type { PartialShape, ShapeSpec } from "./shape.js";
export { Tensor } from "./tensor.js";
export type {
  AnyNested,
  AnyShape,
  FlatLike,
  Nested,
  NestedLike,
  Scalar,
  ScalarLike,
  Shape,
  TensorData,
  TensorLike,
} from "./types.js";
