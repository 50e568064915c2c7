/**
 * The run time of generated clients: load a SavedModel, call its signatures, save it.
 *
 * Importing this module loads no native code; loading a model does.
 *
 * @module
 */
export type { BatchingOptions } from "./async/batcher.js";
export type { LaneOptions } from "./async/lane.js";
export type { CallOptions } from "./call/call.js";
export type { ComponentDescription, ExampleFeature, SignatureDescription, TensorDescription } from "./description.js";
export type { FeatureDescriptor, ModelDescriptor, SignatureDescriptor, TensorDescriptor } from "./descriptor.js";
export type { Device } from "./devices.js";
export type { CallEvent, ErrorEvent, LoadEvent } from "./diagnostics.js";
export type { DType, NumericDType, TypedArrays } from "./dtype.js";
export {
  type ErrorCategory,
  type ErrorCode,
  SavedModelError,
  type SavedModelErrorOptions,
  type StatusName,
} from "./errors.js";
export type { FakeSource } from "./fake.js";
export type { LoadOptions } from "./load-options.js";
export { Model } from "./model.js";
export { TensorFlowError } from "./native/status.js";
export { decodeNpy, encodeNpy } from "./npy.js";
export type { MismatchedKey, RestoreReport } from "./partial-restore.js";
export { RaggedTensor, type RowSplits } from "./ragged-tensor.js";
export type { RestoreOptions } from "./restore.js";
export type { GpuOptions, SessionOptions } from "./session-options.js";
export type { PartialShape, ShapeSpec } from "./shape.js";
export { SparseTensor } from "./sparse-tensor.js";
export { Tensor } from "./tensor.js";
export type { NameEvent, OperationEvent, Trace, Traced, TraceEvent } from "./trace.js";
export { type EvaluateOptions, evaluate } from "./training/evaluate.js";
export type {
  BatchEvent,
  EpochRecord,
  Metrics,
  TrainingObserver,
  TrainingStart,
} from "./training/events.js";
export { fit } from "./training/fit.js";
export { History, type HistoryDetails } from "./training/history.js";
export type { HistoryJson } from "./training/history-json.js";
export type { Checkpoints, EarlyStopping, FitOptions, Logs, ResetMethod, Validation } from "./training/options.js";
export type { PassOptions } from "./training/pass-options.js";
export type { PlotOptions } from "./training/plot.js";
export { type Predictions, predict } from "./training/predict.js";
export { type ProgressStream, progressObserver } from "./training/progress.js";
export { TrainingError } from "./training/training-error.js";
export type {
  Batches,
  Column,
  ColumnForEachInput,
  Columns,
  Constant,
  MetricName,
  SignatureMethod,
  TrainingData,
} from "./training/types.js";
export type {
  AnyNested,
  AnyNestedLike,
  AnyShape,
  AnyTensor,
  Complex,
  FlatLike,
  Nested,
  NestedLike,
  RaggedLike,
  Scalar,
  ScalarLike,
  Shape,
  SparseLike,
  SparseParts,
  TensorData,
  TensorLike,
} from "./types.js";
export type { ModelVariable } from "./variables.js";
