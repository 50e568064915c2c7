import { SavedModelError } from "../../runtime/base/errors.js";

/** Results for some models, and the errors of the others. */
export interface Attempts<Result> {
  readonly results: readonly Result[];
  readonly errors: readonly SavedModelError[];
}

/** Calls a function for each model; a failure does not affect the others. */
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
 * Calls a function for each model; all or none succeed.
 *
 * @throws SavedModelError for all models for which it fails
 */
export function forEachModel<Model, Result>(
  models: readonly Model[],
  action: (model: Model) => Result,
): readonly Result[] {
  const { results, errors } = attemptEach(models, action);
  if (errors.length > 0) throw joinErrors(errors, models.length);
  return results;
}

/** Joins the errors of several models: a line for each, and the code of the first. */
export function joinErrors(errors: readonly SavedModelError[], count: number): SavedModelError {
  const [first] = errors;
  if (first === undefined) throw new TypeError("no error");
  if (errors.length === 1) return first;
  const shown = errors.slice(0, MAX_SHOWN).map(({ message }) => message);
  const more = errors.length > MAX_SHOWN ? [`and ${errors.length - MAX_SHOWN} more`] : [];
  const message = [`${errors.length} of ${count} models cannot be read`, ...shown, ...more].join("\n");
  return new SavedModelError(first.code, message, { cause: new AggregateError(errors) });
}

/** Largest number of errors that are shown; the others show when these are fixed. */
const MAX_SHOWN = 20;
