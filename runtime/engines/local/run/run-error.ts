import { SavedModelError } from "../../../base/errors.js";
import { firstLine, listSome, quote } from "../../../base/text.js";
import { type InputSpec, nameInput } from "../../../tensor/check-value.js";
import type { Flattened } from "../../../tensor/flatten.js";
import { TensorFlowError } from "../native/status.js";

/**
 * What a failed call is reported as: TensorFlow's status becomes the code, the first line of its message the message.
 *
 * @param advice what to do where a value is missing that the call reads
 */
export function runError(call: string, cause: unknown, advice?: string): unknown {
  if (!(cause instanceof TensorFlowError)) return cause;
  const op = /No OpKernel was registered to support Op '([^']+)'/.exec(cause.message)?.[1];
  if (op !== undefined) {
    const what = `${call} needs the operation ${quote(op)}, for which this TensorFlow has no kernel on this machine's devices`;
    return new SavedModelError("OP_NOT_REGISTERED", what, {
      fix: "Export the model for a CPU, or pass a shared library with such a kernel to load() as `opLibraries`.",
      cause,
    });
  }
  // What a read of a variable or table without a value ends with.
  const isAbsence = cause.status === "FAILED_PRECONDITION" || cause.status === "NOT_FOUND";
  return new SavedModelError(`TF_${cause.status}`, `${call}: TensorFlow failed: ${firstLine(cause.message)}`, {
    ...(advice !== undefined && isAbsence ? { fix: advice } : {}),
    cause,
  });
}

/**
 * Adds the numbers of rows to an error of TensorFlow's, where those of the inputs differ. A model may take that, so it is no
 * error before the run, and TensorFlow's own message names no input.
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
