import type { AnyTensor } from "../tensor/types.js";

/** What results are: plain values where the signature says rank 0 and tensors elsewhere, or tensors everywhere. */
export type Form = "plain" | "tensors";

/** What a call on a worker thread may be told. */
export interface CallOptions {
  /**
   * Gives the call up: one that waits is dropped, one that runs goes on without anybody waiting for it. The promise
   * rejects with `ABORTED` at once.
   */
  readonly signal?: AbortSignal | undefined;
}

/** One result per output, in result order. */
export type Results<F extends Form> = F extends "tensors" ? readonly AnyTensor[] : readonly unknown[];

/** A signature that can be run. */
export interface Call {
  /** For messages: `train()`. */
  readonly name: string;
  /** Whether it may change variables, or anything else that another call can see. */
  readonly writes: boolean;
  /**
   * Runs the signature once, on the calling thread.
   *
   * @param values one per input, in argument order; undefined leaves an optional input out
   */
  run<F extends Form>(values: readonly unknown[], form: F): Results<F>;
  /**
   * Runs the signature once, on a worker thread. The values are read before this returns, or copied.
   *
   * @throws what is wrong with the values, at once
   */
  start<F extends Form>(values: readonly unknown[], form: F, options?: CallOptions): Promise<Results<F>>;
  /** Has TensorFlow make ready what the first run would else wait for. */
  warmUp(): void;
}
