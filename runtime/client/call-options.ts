import { checkOptions, checkTimeout } from "../base/check-options.js";
import { SavedModelError } from "../base/errors.js";
import type { NumericDType } from "../tensor/dtype.js";
import type { RaggedTensor } from "../tensor/ragged-tensor.js";
import type { SparseTensor } from "../tensor/sparse-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import type { FlatLike, Shape } from "../tensor/types.js";

/** True where a shape has at most one unknown size: the length of an array then determines it. */
type IsDetermined<S extends Shape, HasUnknown extends boolean = false> = S extends readonly []
  ? true
  : S extends readonly [infer Size extends number, ...infer Rest extends Shape]
    ? number extends Size
      ? HasUnknown extends true
        ? false
        : IsDetermined<Rest, true>
      : IsDetermined<Rest, HasUnknown>
    : false;

/** Memory for one result; `never` for a result that cannot be written into memory. */
type TargetOf<Result> =
  Result extends Tensor<infer D, infer S>
    ? D extends NumericDType
      ? Tensor<D, S> | (IsDetermined<S> extends true ? FlatLike<D> : never)
      : never
    : never;

/** Memory for a result by its raw key, whose dtype and shape the compiler does not know. */
type AnyTarget = Tensor<NumericDType> | FlatLike<NumericDType>;

/**
 * Memory that the results of a call are written into: a tensor of the result's dtype and shape, or a typed array where
 * its length determines the shape. Of a method with several results an object of these, each optional. Strings, ragged
 * and sparse tensors and plain values cannot be written into memory.
 *
 * @typeParam Result the method's result
 */
export type Into<Result> = Result extends Tensor
  ? TargetOf<Result>
  : Result extends RaggedTensor | SparseTensor
    ? never
    : Result extends object
      ? string extends keyof Result
        ? Readonly<Record<string, AnyTarget | undefined>>
        : {
            readonly [Name in keyof Result as [TargetOf<Result[Name]>] extends [never] ? never : Name]?:
              | TargetOf<Result[Name]>
              | undefined;
          }
      : never;

/**
 * Options of a call on the calling thread.
 *
 * @typeParam Result the method's result
 */
export interface ResultOptions<Result> {
  /**
   * Memory to write the results into, instead of new memory. A given tensor is itself the result; for a typed array the
   * result is a tensor over that array. It is written after the run, so it may be an input of the same call; when the
   * call fails or is aborted, nothing is written.
   */
  readonly into?: Into<Result> | undefined;
}

/**
 * Options of a call on a worker thread.
 *
 * @typeParam Result the method's result
 */
export interface CallOptions<Result = unknown> extends ResultOptions<Result> {
  /**
   * Aborts the call. A waiting call is dropped. A running one continues in process, but its results are discarded; on a
   * server the request is canceled. The promise rejects with `ABORTED` at once.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Deadline in milliseconds, with the time that the call waits; `Infinity` for none. The promise rejects with
   * `TF_DEADLINE_EXCEEDED` when it is over. By default 30,000 for an engine on a server, and none for a loaded model.
   */
  readonly timeoutMs?: number | undefined;
}

/** Names of the options of calls on the calling thread. */
export const RESULT_OPTIONS: readonly string[] = ["into"];

/** Names of the options of calls on a worker thread. */
export const CALL_OPTIONS: readonly string[] = ["into", "signal", "timeoutMs"];

/** Options of any call; `into` is checked where the results are known. */
export interface AnyCallOptions {
  readonly into?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** @throws SavedModelError `INVALID_OPTION` */
export function checkCallOptions(call: string, options: object, known: readonly string[]): AnyCallOptions {
  checkOptions(call, options, known);
  const { into, signal, timeoutMs } = options as AnyCallOptions;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new SavedModelError("INVALID_OPTION", `${call}: signal must be an AbortSignal`);
  }
  checkTimeout(call, timeoutMs);
  return { into, signal, timeoutMs };
}
