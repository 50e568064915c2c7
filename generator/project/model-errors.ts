import { SavedModelError } from "../../runtime/base/errors.js";

/** The results for some models, and the errors of the others. */
export interface Attempts<Result> {
  readonly results: readonly Result[];
  readonly errors: readonly SavedModelError[];
}

/** Does something with each model; one that fails keeps no other from it. */
export function attemptEach<Model, Result>(
  models: readonly Model[],
  action: (model: Model) => Result,
): Attempts<Result> {
  const [results, errors]: [Result[], SavedModelError[]] = [[], []];
  for (const model of models) {
    try {
      results.push(action(model));
    } catch (error) {
      if (!(error instanceof SavedModelError)) throw error;
      errors.push(error);
    }
  }
  return { results, errors };
}

/**
 * Does something with each model, or with none.
 *
 * @throws SavedModelError for all models with which it cannot be done
 */
export function forEachModel<Model, Result>(
  models: readonly Model[],
  action: (model: Model) => Result,
): readonly Result[] {
  const { results, errors } = attemptEach(models, action);
  if (errors.length > 0) throw joinErrors(errors, models.length);
  return results;
}

/** One error for several models, which has a line for each of them and the code of the first. */
export function joinErrors(errors: readonly SavedModelError[], count: number): SavedModelError {
  const [first] = errors;
  if (first === undefined) throw new TypeError("no error");
  if (errors.length === 1) return first;
  const shown = errors.slice(0, MAX_SHOWN).map(({ message }) => message);
  const more = errors.length > MAX_SHOWN ? [`and ${errors.length - MAX_SHOWN} more`] : [];
  const message = [`${errors.length} of ${count} models cannot be read`, ...shown, ...more].join("\n");
  return new SavedModelError(first.code, message, { cause: new AggregateError(errors) });
}

/** More than anybody reads at once; the others show when these are mended. */
const MAX_SHOWN = 20;
