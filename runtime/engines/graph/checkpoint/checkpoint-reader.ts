/** Description of a tensor in a checkpoint. */
interface CheckpointTensor {
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
   * Reads a tensor and forgets it: its bytes are there, and are those that were written.
   *
   * @throws TensorFlowError
   */
  verify(key: string): void;
  /** Returns the bytes of a scalar string. */
  bytes(key: string): Uint8Array;
  /** Releases its resources. */
  close(): void;
}
