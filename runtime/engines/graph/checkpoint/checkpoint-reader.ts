import type { Steps } from "../../../base/steps.js";

/** Description of a tensor in a checkpoint. */
export interface CheckpointTensor {
  /** TensorFlow's number of it. */
  readonly dtype: number;
  readonly shape: readonly number[];
}

/** An open checkpoint. */
export interface CheckpointReader {
  /** The keys of all its tensors. */
  readonly keys: ReadonlySet<string>;
  /** Returns the dtype and shape of a tensor, or undefined when the checkpoint lacks it. */
  describe(key: string): CheckpointTensor | undefined;
  /**
   * Reads tensors and forgets them: their bytes are there, and are those that were written.
   *
   * @throws TensorFlowError
   */
  verify(keys: readonly string[]): Steps<void>;
  /** Returns the bytes of a scalar string. */
  bytes(key: string): Steps<Uint8Array>;
  /** Releases its resources. */
  close(): void;
}
