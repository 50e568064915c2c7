import { awaitAtCaller } from "../base/caller-stack.js";
import { SavedModelError } from "../base/errors.js";
import { printable, quote } from "../base/text.js";
import { isComposite } from "../call/composite-call.js";
import { asResult, type Method } from "../client/methods.js";
import type { RaggedTensor } from "../tensor/ragged-tensor.js";
import type { SparseTensor } from "../tensor/sparse-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { batchSource } from "./batches/batches.js";
import { Turns } from "./batches/event-loop-yield.js";
import { JoinedRows } from "./batches/joined-rows.js";
import { runPass } from "./batches/run-batch.js";
import type { SignatureMethod, TrainingData } from "./options/fit-types.js";
import { checkPassOptions, type PassOptions, requireMethod, stopsBy } from "./options/pass-options.js";

/** Shape with another number of rows. */
type WithRows<S> = S extends readonly [unknown, ...infer Row] ? [number, ...Row] : S;

/** Results of a signature for all rows: each tensor with any number of rows. */
export type Predictions<Result> =
  Result extends Tensor<infer D, infer S>
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
    const { batchSize, signal, worker = false } = options;
    const bound = requireMethod("predict", "INVALID_ARGUMENT", signature);
    const name = `${printable(bound.key)}()`;
    const method = bound.calls.method(bound.key);
    requireRows(name, method);
    const source = batchSource(name, method, data, { batchSize, seed: undefined, remainder: "fill" });
    if (source.filled > 0 && bound.calls.prepare(bound.key, method).writes) {
      throw new SavedModelError(
        "INVALID_DATA",
        `${name} takes ${source.batchSize} rows at a time and may change variables, so its last batch cannot be padded: ` +
          `${source.filled} rows are missing`,
        { fix: `Pass a multiple of ${source.batchSize} rows.` },
      );
    }
    const joined = method.outputs.map(({ key }) => new JoinedRows(`${name}: output ${quote(key)}`, source.rows));
    const pass = { bound, method, source, form: "tensors", worker, turns: new Turns() } as const;
    await runPass({ ...pass, requireGo: stopsBy(CALL, signal) }, (results, batch) => {
      for (const [index, rows] of joined.entries()) rows.add(results[index], batch);
    });
    if (joined.some(({ isEmpty }) => isEmpty)) throw new SavedModelError("INVALID_DATA", `${name}: there was no batch`);
    const results = joined.map((rows) => rows.take());
    // The type says the same of the client's method.
    return asResult(method, results) as Predictions<Result>;
  });
}

/** @throws SavedModelError `SIGNATURE_UNSUPPORTED` when an output has one value per batch, not per row */
function requireRows(name: string, { outputs }: Method): void {
  if (outputs.length === 0) throw new SavedModelError("SIGNATURE_UNSUPPORTED", `${CALL}: ${name} has no outputs`);
  const scalar = outputs.find((output) => !isComposite(output) && output.shape?.length === 0);
  if (scalar === undefined) return;
  throw new SavedModelError(
    "SIGNATURE_UNSUPPORTED",
    `${CALL}: ${name} does not predict row by row: its output ${quote(scalar.key)} is a scalar`,
    { fix: "Metrics are for `evaluate()`; call the signature itself for anything else." },
  );
}
