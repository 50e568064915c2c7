import { SavedModelError } from "../base/errors.js";
import { quote, suggest } from "../base/text.js";
import type { EarlyStopping } from "./options/fit-options.js";

/** Prefix of a validation's metric, where it is watched. */
export const VALIDATION = "validation_";

/** A metric that is watched, and whether less or more of it is better. */
export type Watched = Required<Pick<EarlyStopping, "monitor" | "mode">>;

/** Option that watches a metric, for messages. */
export interface Asker {
  /** `fit()` */
  readonly call: string;
  /** Example of how to set the metric and the mode there. */
  readonly example: (monitor: string, mode: string) => string;
}

/** Names of which less is better: words at the end of `validation_mean_squared_error`, `totalLoss`, `mae_1`. */
const LESS_IS_BETTER = /(?:^|_)(?:loss|error|mae|mape|mse|msle|nll|perplexity|rmse|rmsle|cross_?entropy)(?:_?\d+)?$/;

/** scikit-learn has errors with a negative sign. */
const NEGATED = /(?:^|_)(?:neg|negated|negative|minus)_/;

/**
 * Returns the metric that decides which epoch is the best, and its mode.
 *
 * By default it is `loss`, else the first whose name says loss or error, else the only one: of the validation, or of
 * the training if it is without validation. Less is better of a loss or an error. For anything else the mode must be
 * set: a training that keeps the worst weights of an accuracy looks successful.
 *
 * @throws SavedModelError `INVALID_OPTION` for an unknown metric, and when `monitor` or `mode` must be set
 */
export function watchedMetric(
  { monitor, mode }: Pick<EarlyStopping, "monitor" | "mode">,
  metrics: readonly string[],
  validation: readonly string[],
  { call, example }: Asker,
): Watched {
  const validated = validation.map((name) => VALIDATION + name);
  const known = [...validated, ...metrics];
  if (monitor !== undefined) {
    if (!known.includes(monitor)) {
      const message = `${call}: unknown metric ${quote(monitor)}`;
      throw new SavedModelError("INVALID_OPTION", message, { fix: suggest(monitor, known, "Known metrics") });
    }
    return { monitor, mode: mode ?? requireLess(monitor, call, example) };
  }
  const candidates = validated.length > 0 ? validated : metrics;
  const chosen =
    candidates.find((name) => name === "loss" || name === `${VALIDATION}loss`) ??
    candidates.find(isLessBetter) ??
    (candidates.length === 1 ? candidates[0] : undefined);
  // `max` is not intended for a loss that was chosen by default.
  if (chosen === undefined || (mode === "max" && isLessBetter(chosen))) {
    const meant = candidates.find((name) => !isLessBetter(name)) ?? known.find((name) => !isLessBetter(name));
    throw new SavedModelError("INVALID_OPTION", `${call}: cannot choose a metric to monitor`, {
      fix: `Known metrics: ${known.map((name) => quote(name)).join(", ")}. Set it, e.g. ${example(meant ?? known[0] ?? "", mode ?? "max")}.`,
    });
  }
  return { monitor: chosen, mode: mode ?? requireLess(chosen, call, example) };
}

function requireLess(monitor: string, call: string, example: Asker["example"]): "min" {
  if (isLessBetter(monitor)) return "min";
  throw new SavedModelError(
    "INVALID_OPTION",
    `${call}: cannot tell whether ${quote(monitor)} should be minimized or maximized`,
    {
      fix: `Set it, e.g. ${example(monitor, "max")}.`,
    },
  );
}

function isLessBetter(name: string): boolean {
  const words = name.replace(/([a-z\d])(?=[A-Z])/g, "$1_").toLowerCase();
  return LESS_IS_BETTER.test(words) && !NEGATED.test(words);
}
