import { checkCount, checkFlag, checkOptions, invalidOption } from "../../base/check-options.js";
import { type ErrorCode, SavedModelError } from "../../base/errors.js";
import { describeForeign } from "../../base/package-copies.js";
import { type BoundMethod, boundMethod } from "../../client/bound-methods.js";
import type { VariableStore } from "../../engine.js";

/** Options of `evaluate` and `predict`, which call a signature with all batches of its data. */
export interface PassOptions {
  /** Number of rows of a call; by default 32, or the size that the signature fixes. */
  readonly batchSize?: number;
  /** Aborts the calls between two batches, with `ABORTED`. */
  readonly signal?: AbortSignal;
  /**
   * True to run each call on a worker thread; by default on this one, yielding to the event loop every few
   * milliseconds.
   */
  readonly worker?: boolean;
}

/** @throws SavedModelError `INVALID_OPTION`, naming the option */
export function checkPassOptions(call: string, options: PassOptions, others: readonly string[]): void {
  checkOptions(call, options, ["batchSize", "signal", "worker", ...others]);
  const { batchSize, signal, worker } = options;
  if (batchSize === Number.POSITIVE_INFINITY) throw invalidOption(call, "batchSize", "a positive integer");
  checkCount(call, "batchSize", batchSize);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidOption(call, "signal", "an AbortSignal");
  checkFlag(call, "worker", worker);
}

/** Returns a function that throws when the calls are to end. */
export function stopsBy(call: string, signal: AbortSignal | undefined): () => void {
  return () => {
    if (signal?.aborted === true) throw new SavedModelError("ABORTED", `${call} was aborted`, { cause: signal.reason });
  };
}

/** @throws SavedModelError with this code for a function that is not a method of a client */
export function requireMethod(call: "fit" | "evaluate" | "predict", code: ErrorCode, signature: unknown): BoundMethod {
  const bound = boundMethod(signature);
  if (bound !== undefined) return bound;
  const foreign = describeForeign(signature);
  if (foreign !== undefined) {
    throw new SavedModelError(code, `${call}() got ${foreign}`, { fix: `Import ${call} from the client's copy.` });
  }
  const example = { fit: "model.train", evaluate: "model.evaluate", predict: "model.predict" }[call];
  throw new SavedModelError(code, `${call}() takes a method of a generated client`, {
    fix: `Pass the method itself: \`${call}(${example}, …)\`.`,
  });
}

/**
 * Returns the variables that a training saves or restores by a method of the model; undefined for a fake client on which a
 * test has replaced that method.
 *
 * @param option for messages: `fit() checkpoints`
 * @throws SavedModelError `UNSUPPORTED_BY_ENGINE`, or `NOT_FAKED` of a fake client
 */
export function requireVariables(
  option: string,
  { calls: { connection }, model }: BoundMethod,
  method: "save" | "saveWeights",
): VariableStore | undefined {
  if (Object.hasOwn(model, method)) return connection.engine.variables;
  return connection.capability(option, (engine) => engine.variables);
}
