import type { Steps } from "../../base/steps.js";
import type { VariableHandles } from "../../saved-model/graph/duplicated-variables.js";
import type { Message } from "../../saved-model/proto/decode.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { CheckpointReader } from "./checkpoint/checkpoint-reader.js";
import type { FoundCheckpoint } from "./checkpoint/find-checkpoint.js";

/**
 * A loaded graph that can be extended, and run by the names of its operations and tensors. It is all that the
 * variables, checkpoints and initial values of a model need of TensorFlow, whether in process or on a server.
 */
export interface GraphSession {
  /** The folder of the SavedModel, as operations of the graph read it. */
  readonly directory: string;
  /** Prefix of the checkpoint in that folder, if it has one. */
  readonly checkpoint: string | undefined;
  /** True if operations of the graph read and write the files of this machine. */
  readonly isLocal: boolean;
  /** Names of the operations by which the model saves and restores its variables, if it can. */
  readonly saver: Message<"SaverDef"> | null;
  /** The model's objects, a SavedObjectGraph; empty for models of TensorFlow 1. */
  readonly objectGraph: Uint8Array;
  readonly collections: Message<"MetaGraphDef">["collectionDef"];
  readonly variableHandles: VariableHandles;

  /** Returns the loaded graph, a GraphDef: the file may have been replaced since. */
  graphDef(): Uint8Array;

  /**
   * Adds operations to the graph, each after those that it takes its inputs from. A server adds them with the next run,
   * which then has the errors.
   *
   * @throws SavedModelError `MODEL_CORRUPT` when an input is not in the graph; TensorFlowError
   */
  addOperations(nodes: readonly NodeSpec[]): void;

  /**
   * Runs a part of the graph.
   *
   * @param call the caller, for messages: `restore()`
   * @returns copies of the fetched values, in that order
   * @throws SavedModelError `MODEL_CORRUPT` when the graph lacks a named tensor or operation, or has another dtype than
   * is fed; `TF_<STATUS>`, with a TensorFlowError as its cause when the run failed
   */
  run(call: string, request: GraphRun): Steps<readonly Tensor[]>;

  /**
   * Finds a checkpoint where operations of the graph read it: by the prefix of its files, by the folder of the SavedModel
   * that it is in, or by the folder of a `tf.train.CheckpointManager`, of which it is the latest.
   *
   * @throws SavedModelError `VARIABLES_NOT_FOUND`, or `INVALID_ARGUMENT` for a path that TensorFlow reads as a pattern
   */
  findCheckpoint(path: string): Steps<FoundCheckpoint>;

  /**
   * Opens a checkpoint for reading, by the prefix of its files.
   *
   * @throws TensorFlowError when it cannot be read
   */
  openCheckpoint(prefix: string): Steps<CheckpointReader>;
}

/** An operation that is to be added to a graph. Tensors are named `operation:0`, the first of an operation `operation`. */
export interface NodeSpec {
  /** The type of the operation: `ReadVariableOp`. */
  readonly op: string;
  /** New to the graph. */
  readonly name: string;
  /** The tensor that each argument takes; an array of them for an argument that is a list. */
  readonly inputs: readonly (string | readonly string[])[];
  /** All attributes that the type of operation has no default for. They are dtypes, by TensorFlow's numbers. */
  readonly dtypes: Readonly<Record<string, number | readonly number[]>>;
}

/** Feeds, fetches and targets of one run. */
export interface GraphRun {
  readonly feeds?: readonly (readonly [tensor: string, value: Tensor])[];
  /** Tensors. */
  readonly fetches?: readonly string[];
  /** Operations. */
  readonly targets?: readonly string[];
}
