import { awaitAtCaller } from "../base/caller-stack.js";
import { SavedModelError } from "../base/errors.js";
import { quote } from "../base/text.js";
import { Turns } from "./batches/event-loop-yield.js";
import type { FitOptions } from "./options/fit-options.js";
import type { MetricName, SignatureMethod, TrainingData } from "./options/fit-types.js";
import { checkPassOptions, type PassOptions, requireMethod, stopsBy } from "./options/pass-options.js";
import type { Metrics } from "./records/events.js";

/** Options for evaluating a model. */
export interface EvaluateOptions extends PassOptions {
  /** Signatures that reset the metrics of the model, called once before: see {@link FitOptions.resetMetrics}. */
  readonly resetMetrics?: FitOptions["resetMetrics"];
}

const CALL = "evaluate()";

/**
 * Measures a model: calls a signature that returns metrics, such as `model.evaluate`, with batch after batch of the data.
 *
 * @param signature a method of a generated client, with at least one scalar output
 * @param data the same as for `fit`: an array of columns in argument order, or an object or table of them where the
 * method takes its inputs by name; or batches of arguments
 * @returns the scalar outputs, averaged over the rows; the last value of running metrics
 * @throws SavedModelError `INVALID_ARGUMENT`, `NOT_TRAINABLE`, `INVALID_OPTION`; `INVALID_DATA`, also when the signature fixes
 * its leading dimension and the rows do not fill the last batch; `ABORTED`, and the codes of a call
 */
export function evaluate<Inputs extends readonly unknown[], Result, Method = unknown>(
  signature: SignatureMethod<Inputs, Result> & Method,
  data: TrainingData<Inputs, Method>,
  options: EvaluateOptions = {},
): Promise<Metrics<MetricName<Result>>> {
  return awaitAtCaller(evaluate, async () => {
    checkPassOptions(CALL, options, ["resetMetrics"]);
    const { batchSize, resetMetrics, signal, worker = false } = options;
    const bound = requireMethod("evaluate", "INVALID_ARGUMENT", signature);
    const [{ Evaluation }, { MetricResets }] = await Promise.all([
      import("./evaluation.js"),
      import("./metrics/metric-resets.js"),
    ]);
    const evaluation = new Evaluation(bound, { data, batchSize, remainder: "reject" });
    const resets = new MetricResets(CALL, resetMetrics, [evaluation]);
    const [unreset] = resets.unresetOf(evaluation);
    if (unreset !== undefined) {
      throw new SavedModelError(
        "INVALID_OPTION",
        `${CALL}: ${quote(unreset)} accumulates over calls, because nothing resets it`,
        {
          fix: "Pass the signature that resets the model's metrics as `resetMetrics`; `resetMetrics: false` continues without.",
        },
      );
    }
    const requireGo = stopsBy(CALL, signal);
    requireGo();
    await resets.run(worker);
    return evaluation.run(new Turns(), worker, requireGo);
  });
}
