import type { VariableInfo } from "./graph/variable-list.js";
import type { SignatureInfo } from "./signature-info.js";

export type { VariableInfo } from "./graph/variable-list.js";

/** Contents of `fingerprint.pb`: TensorFlow's hashes of the parts of the model, 64-bit integers as decimal strings. */
export interface FingerprintInfo {
  /** Of `saved_model.pb` as a whole. */
  readonly savedModelChecksum: string;
  readonly graphDefProgramHash: string;
  readonly signatureDefHash: string;
  readonly savedObjectGraphHash: string;
  /** Of `variables/variables.index`. */
  readonly checkpointHash: string;
  /** Of the way in which the hashes are computed. */
  readonly version: number;
}

/** A function of the saved object, which Python can call and export as a signature. */
export interface FunctionInfo {
  /** The way to it from the saved object, the names of attributes joined by `/`: `train`, `encoder/predict`. */
  readonly path: string;
  /** The names of its arguments that hold tensors. */
  readonly arguments: readonly string[];
}

/**
 * A SavedModel as this package understands it: plain data, sorted, JSON. `inspect --json` prints it.
 */
export interface ModelInfo {
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
  /** Those of them that TensorFlow has without a kernel on a CPU, such as those of a TPU: calls that reach one fail. */
  readonly operationsWithoutKernel: readonly string[];
  /** The variables, sorted by name, optimizers' included; those of TensorFlow 1 as they are in the graph. */
  readonly variables: readonly VariableInfo[];
  /** The names of the files below `assets/` that the graph reads, sorted. */
  readonly assets: readonly string[];
  /** Contents of `fingerprint.pb`; absent where the file is missing or unreadable. */
  readonly fingerprint?: FingerprintInfo;
  /** Sorted by key; inputs in the author's order where the file tells it. */
  readonly signatures: readonly SignatureInfo[];
  /** The functions of the saved object, nearest first; absent in a model that has signatures. */
  readonly functions?: readonly FunctionInfo[];
}
