import { SavedModelError } from "../base/errors.js";
import { listSome } from "../base/text.js";
import { type InputSpec, nameInput } from "../tensor/check-value.js";
import type { Flattened } from "../tensor/flatten.js";

/**
 * Adds the numbers of rows to an error of TensorFlow's, where those of the inputs differ. A model may accept that, so
 * it is not an error before the run, and TensorFlow's own message names no input.
 *
 * @param inputs those whose leading dimension the signature leaves open have `hasRows`
 */
export function explainRows(
  error: unknown,
  inputs: readonly (Pick<InputSpec, "key" | "argument"> & { readonly hasRows: boolean })[],
  values: readonly (Flattened | undefined)[],
): unknown {
  if (!(error instanceof SavedModelError) || error.code !== "TF_INVALID_ARGUMENT") return error;
  const counts = inputs.flatMap((input, index) => {
    const rows = input.hasRows ? values[index]?.shape[0] : undefined;
    return rows === undefined ? [] : [{ name: nameInput(input), rows }];
  });
  if (new Set(counts.map(({ rows }) => rows)).size < 2) return error;
  const shown = counts.map(({ name, rows }) => `${name} ${rows}`);
  const advice = `The inputs have different numbers of rows: ${listSome(shown, String)}.`;
  const { code, rawMessage, fix, cause } = error;
  return new SavedModelError(code, rawMessage, { fix: fix === undefined ? advice : `${fix} ${advice}`, cause });
}
