import type { SavedModelError } from "./base/errors.js";
import type { VariableInfo } from "./saved-model/graph/variable-list.js";
import type { ModelSpec } from "./saved-model/model-spec.js";
import type { SignatureInfo, TensorInfo } from "./saved-model/signature-info.js";
import type { DType, NumericDType, TypedArrays } from "./tensor/dtype.js";
import type { ShapeSpec } from "./tensor/shape.js";
import type { Tensor } from "./tensor/tensor.js";
import type { AnyTensor } from "./tensor/types.js";

/**
 * Runs the signatures of one model: in process, on a server, or as functions of a test. A client checks and shapes values;
 * an engine only moves dense tensors.
 */
export interface Engine {
  /** Location of the model, for messages: a folder or a URL. */
  readonly source: string;
  /** Signatures, sorted by key. */
  readonly signatures: readonly SignatureInfo[];
  /** Limits the number of concurrent asynchronous runs. */
  readonly pool: Pool;
  /**
   * True if stacks of errors of asynchronous calls begin at their callers. Takes some 10 µs per call, which is much for
   * a short run in process.
   */
  readonly remembersCallers?: boolean;
  /** @internal True if the engine reads many strings from one block: it is given `PackedStrings`. */
  readonly packsStrings?: boolean;
  /** Deadline in milliseconds of asynchronous calls that do not set one; no limit by default. */
  readonly timeoutMs?: number;
  /**
   * Takes on the signatures that a client expects, which `signatures` has from then on. For engines of a server that does
   * not tell all of it; `open` compares them with the server's. Without it, `connect` compares `signatures`.
   *
   * @param clientFile returns the file of the client, where it is known: its model's folder may be near it
   */
  adopt?(expected: ModelSpec, clientFile?: () => string | undefined): void;
  /**
   * Connects to a server. Called once by `connect`, before any call.
   *
   * @throws SavedModelError `SIGNATURE_MISMATCH`, `TF_<STATUS>`
   */
  open?(): Promise<void>;
  /**
   * Prepares a signature.
   *
   * @throws SavedModelError `MODEL_CORRUPT` or `SIGNATURE_UNSUPPORTED`
   */
  prepare(signature: DenseSignature): Execution;
  /** Reads, saves and restores the variables, where the engine can. */
  readonly variables?: VariableStore;
  /** The same for an engine on servers. */
  readonly asyncVariables?: AsyncVariableStore;
  /** Lists the devices that operations can run on, where the engine knows them. */
  devices?(): readonly Device[];
  /** Records the operations of synchronous calls, where the engine can. */
  trace?<T>(run: () => T): Traced<T>;
  /** Allocates zeroed memory that the engine reads without a copy; any other memory works too. */
  allocate?<D extends NumericDType>(dtype: D, shape: readonly number[]): TypedArrays[D];
  /** Returns the error for an unsupported feature; by default `UNSUPPORTED_BY_ENGINE`. */
  unsupported?(call: string): SavedModelError;
  /** Releases the engine's resources. Called when no call runs any more; idempotent, and never throws. */
  dispose(): void;
}

/** A signature as engines have it: ragged and sparse values are several dense tensors. */
export interface DenseSignature {
  /** Raw key in the SavedModel. */
  readonly key: string;
  /** For messages: `train()`. */
  readonly name: string;
  /** In argument order. */
  readonly inputs: readonly TensorInfo[];
  /** In result order. */
  readonly outputs: readonly TensorInfo[];
}

/** A checked value. */
export interface DenseValue {
  readonly shape: readonly number[];
  /**
   * In row-major order: the bytes of each string, both parts of each complex number. They may be the caller's own memory: an
   * engine never writes to them, but for those that are a target of the same call, after the run.
   */
  readonly elements: TypedArrays[NumericDType] | readonly Uint8Array[];
}

/** Form of results: plain values where the signature says rank 0 and tensors elsewhere, or tensors everywhere. */
export type Form = "plain" | "tensors";

/** One result per output, in result order. */
export type Results<F extends Form> = F extends "tensors" ? readonly AnyTensor[] : readonly unknown[];

/** Tensors that results are to be written into, one per output in result order; undefined for results in new memory. */
export type Targets = readonly (Tensor | undefined)[];

/** Limits of an asynchronous run. */
export interface RunLimits {
  /** Aborted by the caller, who does not need the results any more: an engine may end the run. */
  readonly signal?: AbortSignal | undefined;
  /** Time of `performance.now()` at which the call ends without results: an engine may end the run. */
  readonly deadline?: number | undefined;
  /** True if the client says that the signature is read-only: an engine may run it again after a failure. */
  readonly mayRepeat?: boolean;
}

/** A prepared signature. Values are one per input, undefined where an optional input is omitted. */
export interface Execution {
  /** True if a run may change variables, or anything else that another call can see. */
  readonly writes: boolean;
  /**
   * Runs on the calling thread. Absent where an engine is asynchronous only.
   *
   * @param into of the dtypes of the outputs. An engine may write all results that have a target of their shape into
   * it, and return the target itself; for any other result that it returns, the caller of this method does so
   * @throws SavedModelError `TF_<STATUS>`, `CONFLICTING_INPUTS`
   */
  run?<F extends Form>(inputs: readonly (DenseValue | undefined)[], form: F, into?: Targets): Results<F>;
  /**
   * Runs off the calling thread. The inputs are read before this returns.
   *
   * @param isWanted returns false when the results are not needed any more, and need not be read
   * @param into as in {@link Execution.run}; only for results that are still wanted
   * @param limits for engines that can end a run early
   * @throws SavedModelError `TF_<STATUS>`, `CONFLICTING_INPUTS`
   */
  start<F extends Form>(
    inputs: readonly (DenseValue | undefined)[],
    form: F,
    isWanted: () => boolean,
    into?: Targets,
    limits?: RunLimits,
  ): Promise<Results<F>>;
  /**
   * Prepares the first run, so that it does not wait.
   *
   * @param mayRun true if the signature may be run for it, with zeros: its effects are not observable
   */
  warmUp?(mayRun: boolean): void;
}

/** Capacity for asynchronous calls that all models of an engine share: threads of the process, or requests in flight. */
export interface Pool {
  /** Number of concurrent runs. */
  readonly capacity: number;
  readonly hasRoom: boolean;
  /** Takes a slot for a run that begins. */
  take(): void;
  /** Releases the slot of a run that has ended. */
  giveBack(): void;
  /** Registers a queue whose runs wait for a slot; queues take turns. */
  wait(who: Waiting): void;
}

/** Queue with runs that wait for a slot. */
export interface Waiting {
  readonly isWaiting: boolean;
  /** Starts one of the runs, if one may start. */
  startNext(): boolean;
}

/** The variables of a loaded model. */
export interface VariableStore {
  /** Reads all variables, by name, then by path. */
  read(): readonly ModelVariable[];
  /**
   * Saves the whole model.
   *
   * @param add writes additional files of the folder
   */
  save(directory: string, add?: (folder: string) => void): void;
  /** Saves the variables as a checkpoint. */
  saveWeights(prefix: string): void;
  /** Restores the variables from a checkpoint or another SavedModel. */
  restore(path: string, options: RestoreOptions): RestoreReport;
  /** @throws SavedModelError `NOT_SAVEABLE`, `OUTPUT_CONFLICT`: if a later save to this folder would fail */
  requireSaveable(directory: string): void;
  /**
   * Puts back the folder that a save moved away before its process was killed. Nothing changes where there is something in
   * its place.
   *
   * @returns the previous path of the folder; undefined where no save left one
   * @throws Error when it cannot be moved, or another process is still saving
   */
  putBack(directory: string): string | undefined;
  /** Returns true if another saved model has the same graph. */
  hasGraphOf(directory: string): boolean;
  /** Returns the loaded graph, a GraphDef. */
  graphDef(): Uint8Array;
  /** Lists the variables with the nodes of the graph that hold them. */
  nodes(): readonly VariableNode[];
}

/** The variables of a model on servers. Paths are those of their file systems. */
export interface AsyncVariableStore {
  /** Reads all variables, by name, then by path. */
  read(): Promise<readonly ModelVariable[]>;
  /** Saves the whole model. */
  save(directory: string): Promise<void>;
  /** Saves the variables as a checkpoint. */
  saveWeights(prefix: string): Promise<void>;
  /** Restores the variables from a checkpoint or another SavedModel. */
  restore(path: string, options: RestoreOptions): Promise<RestoreReport>;
}

/** A variable, and the node of the loaded graph that holds it. */
export interface VariableNode {
  readonly description: VariableInfo;
  readonly node: string;
}

/** A variable of a loaded model. */
export interface ModelVariable {
  /** Name in Python, as in `savedmodel inspect`; not always unique, and may be empty. */
  readonly name: string;
  /**
   * Shortest path to it from the Python object that was saved, the names of attributes joined by `/`: `hidden/kernel`.
   * Absent in models of TensorFlow 1, and for variables that no attribute leads to.
   */
  readonly path?: string;
  /** True for a further copy of a variable that the export wrote twice, as some of Keras 3 do. Both are kept equal. */
  readonly copy?: true;
  /** Null where the model does not specify it, as some of TensorFlow 1. */
  readonly trainable: boolean | null;
  readonly dtype: DType;
  /** Shape of the value; of a variable without a value the model's shape for it, with null for unknown dimensions. */
  readonly shape: ShapeSpec;
  /**
   * Copy of the variable's value. Undefined where it has none: nothing was restored into it, and no call has assigned
   * one yet, as with the metrics of TensorFlow 1.
   */
  readonly value: Tensor | undefined;
}

/** Options of {@link Model.restore}. */
export interface RestoreOptions {
  /**
   * True to restore what the checkpoint and the model have in common, and keep the rest. By default a checkpoint that
   * lacks something is rejected.
   */
  readonly partial?: boolean;
}

/** Tensor of a checkpoint with another dtype or shape than in the model. */
export interface MismatchedKey {
  /** Key in the checkpoint. */
  readonly key: string;
  /** Dtype and shape in the model: `float32 [2, 1]`. */
  readonly expected: string;
  /** Dtype and shape in the checkpoint: `float32 [3, 1]`. */
  readonly actual: string;
}

/** Report of a restore: restored and skipped keys, sorted. */
export interface RestoreReport {
  /** Keys of the model that were restored from the checkpoint. */
  readonly restored: readonly string[];
  /** Keys of the model that the checkpoint lacks: their values stay as they were. */
  readonly missing: readonly string[];
  /** Keys with another dtype or shape in the checkpoint; the model's values stay as they were. */
  readonly mismatched: readonly MismatchedKey[];
  /** Keys of the checkpoint that nothing was restored from. */
  readonly unused: readonly string[];
}

/** A device that operations of a model can run on. */
export interface Device {
  /** `/job:localhost/replica:0/task:0/device:CPU:0` */
  readonly name: string;
  /** `CPU`, `GPU`, … */
  readonly type: string;
  /** Memory in bytes that TensorFlow may use on it. For a CPU it reports 256 MiB, whatever there is. */
  readonly memoryBytes: number;
}

/** One operation that a traced call ran, as an event of Chrome's trace format. */
export interface OperationEvent {
  /** Type of the operation: `MatMul`. */
  readonly name: string;
  readonly cat: "operation";
  readonly ph: "X";
  /** Start in microseconds since the first operation of the trace. */
  readonly ts: number;
  /** Duration in microseconds. */
  readonly dur: number;
  /** The device: a process to the viewer. */
  readonly pid: number;
  /** The lane: one per thread, and more where operations of one thread overlap. */
  readonly tid: number;
  readonly args: {
    /** Name of the operation in the graph. */
    readonly node: string;
    /** Call that it ran in: `train()`. */
    readonly call: string;
    /** Index of the call in the trace, starting at 0. */
    readonly callIndex: number;
    /** Start of its kernel in microseconds since the start of the event. */
    readonly kernelStart: number;
    readonly kernelEnd: number;
  };
}

/** Name of a device or a lane. */
export interface NameEvent {
  readonly name: "process_name" | "thread_name";
  readonly ph: "M";
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name: string };
}

/** Entry of a trace: an operation with its time, or the name of a row of the chart. */
export type TraceEvent = NameEvent | OperationEvent;

/** Trace in Chrome's format, which chrome://tracing and ui.perfetto.dev show after `JSON.stringify`. */
export interface Trace {
  /** Names first, then the operations in the order in which they began. */
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ns";
}

/** Result of a traced function, and the operations that it ran. */
export interface Traced<T> {
  readonly result: T;
  readonly trace: Trace;
}
