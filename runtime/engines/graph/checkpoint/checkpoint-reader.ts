/** What a checkpoint says of one of its tensors. */
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
  /** Gives up what it holds. */
  close(): void;
}
