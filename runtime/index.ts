/**
 * The run time of generated clients: load a SavedModel, call its signatures, save it.
 *
 * Importing this module loads no native code; loading a model does.
 *
 * @module
 */

export {
  type ErrorCategory,
  type ErrorCode,
  SavedModelError,
  type SavedModelErrorOptions,
  type StatusName,
} from "./base/errors.js";
export { TensorFlowError } from "./base/tensorflow-error.js";
export type { BaseModel, Connected } from "./client/base-model.js";
export type { CallOptions, Into, ResultOptions } from "./client/call-options.js";
export type { ClientOptions } from "./client/client-options.js";
export type { CallEvent, ErrorEvent, LoadEvent } from "./client/diagnostics.js";
export type {
  AsyncVariableStore,
  DenseSignature,
  DenseValue,
  Device,
  Engine,
  Execution,
  Form,
  MismatchedKey,
  ModelVariable,
  NameEvent,
  OperationEvent,
  Pool,
  RestoreOptions,
  RestoreReport,
  Results,
  RunLimits,
  Targets,
  Trace,
  Traced,
  TraceEvent,
  VariableNode,
  VariableStore,
  Waiting,
} from "./engine.js";
export type { FakeSource } from "./engines/fake/fake-engine.js";
export type { LoadOptions } from "./engines/local/load-options.js";
export type { GpuOptions, Scheduling, SessionOptions } from "./engines/local/session-options.js";
export { Model } from "./model.js";
export type { BatchingOptions } from "./queue/batcher.js";
export type { QueueOptions } from "./queue/read-write-queue.js";
export type {
  FeatureSpec,
  ModelSpec,
  SignatureSpec,
  TensorSpec,
} from "./saved-model/model-spec.js";
export type {
  ComponentInfo,
  ExampleFeature,
  SignatureInfo,
  TensorInfo,
} from "./saved-model/signature-info.js";
export type { DType, NumericDType, TypedArrays } from "./tensor/dtype.js";
export { decodeNpy, encodeNpy } from "./tensor/npy/npy.js";
export { RaggedTensor, type RowSplits } from "./tensor/ragged-tensor.js";
export type { PartialShape, ShapeSpec } from "./tensor/shape.js";
export { SparseTensor } from "./tensor/sparse-tensor.js";
export { Tensor } from "./tensor/tensor.js";
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
} from "./tensor/types.js";
export { type EvaluateOptions, evaluate } from "./training/evaluate.js";
export { fit } from "./training/fit.js";
export { History, type HistoryDetails } from "./training/history/history.js";
export type { HistoryJson } from "./training/history/history-json.js";
export type {
  Checkpoints,
  EarlyStopping,
  FitOptions,
  Logs,
  ResetMethod,
  Validation,
} from "./training/options/fit-options.js";
export type {
  Batches,
  Column,
  ColumnForEachInput,
  Columns,
  Constant,
  MetricName,
  SignatureMethod,
  TableWithColumns,
  TrainingData,
} from "./training/options/fit-types.js";
export type { PassOptions } from "./training/options/pass-options.js";
export type { PlotOptions } from "./training/plot/plot.js";
export { type Predictions, predict } from "./training/predict.js";
export { type ProgressStream, progressObserver } from "./training/progress/progress-line.js";
export type {
  BatchEvent,
  EpochRecord,
  Metrics,
  TrainingObserver,
  TrainingStart,
} from "./training/records/events.js";
export { TrainingError } from "./training/training-error.js";
