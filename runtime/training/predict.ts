import { awaitAtCaller } from "../base/caller-stack.js";
import type { RaggedTensor } from "../tensor/ragged-tensor.js";
import type { SparseTensor } from "../tensor/sparse-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import type { SignatureMethod, TrainingData } from "./options/fit-types.js";
import { checkPassOptions, type PassOptions, requireMethod } from "./options/pass-options.js";

/** Shape with another number of rows. */
type WithRows<S> = S extends readonly [unknown, ...infer Row] ? [number, ...Row] : S;

/** Results of a signature for all rows: each tensor with any number of rows. */
export type Predictions<Result> =
  Result extends PromiseLike<infer Later>
    ? Predictions<Later>
    : Result extends Tensor<infer D, infer S>
      ? Tensor<D, Extract<WithRows<S>, readonly number[]>>
      : Result extends RaggedTensor | SparseTensor
        ? Result
        : { readonly [Name in keyof Result]: Predictions<Result[Name]> };

const CALL = "predict()";

/**
 * Calls a signature that has a result for each row, such as `model.predict`, with batch after batch of the data, and joins
 * the results.
 *
 * Where the signature fixes its leading dimension, the last batch is filled up by repeating its last row, and the
 * results for these are cut off.
 *
 * @param signature a method of a generated client
 * @param data the same as for `fit`: an array of columns in argument order, or an object or table of them where the
 * method takes its inputs by name; or batches of arguments
 * @returns the results of the signature, with as many rows as the data
 * @throws SavedModelError `INVALID_ARGUMENT`, `INVALID_OPTION`, `INVALID_DATA`, `ABORTED`; `SIGNATURE_UNSUPPORTED` when
 * an output is a scalar; `INVALID_RESULT` when an output has another number of rows than the batch, or rows of another
 * shape than before; and the codes of a call
 */
export function predict<Inputs extends readonly unknown[], Result, Method = unknown>(
  signature: SignatureMethod<Inputs, Result> & Method,
  data: TrainingData<Inputs, Method>,
  options: PassOptions = {},
): Promise<Predictions<Result>> {
  return awaitAtCaller(predict, async () => {
    checkPassOptions(CALL, options, []);
    const bound = requireMethod("predict", "INVALID_ARGUMENT", signature);
    const { predictRows } = await import("./prediction.js");
    // The type says the same of the client's method.
    return (await predictRows(bound, data, options)) as Predictions<Result>;
  });
}
