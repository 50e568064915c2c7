import { SavedModelError } from "../../../runtime/base/errors.js";
import { printable, quote, reasonOf, suggest } from "../../../runtime/base/text.js";
import { carried } from "../../../runtime/saved-model/convert-spec.js";
import type { SignatureInfo, TensorInfo } from "../../../runtime/saved-model/signature-info.js";
import type { DType } from "../../../runtime/tensor/dtype.js";
import { Tensor } from "../../../runtime/tensor/tensor.js";
import { splitAssignment } from "../run/run-inputs.js";
import { parseExact } from "../run/run-json.js";
import { fromJson } from "../run/run-values.js";
import type { DataFile, Wanted } from "./train-data.js";

/** Source of an input's values: rows of the data, the same value in each step, or its default. */
export type InputPlan =
  | { readonly kind: "rows"; readonly wanted: Wanted }
  | { readonly kind: "constant"; readonly value: unknown }
  | { readonly kind: "default" };

/** Values of `--input` and `--constant`, by the key of an input. */
export interface Assignments {
  readonly columns: ReadonlyMap<string, string>;
  readonly constants: ReadonlyMap<string, string>;
}

/**
 * Reads `--input <name>=<columns>` and `--constant <name>=<value>`.
 *
 * @throws SavedModelError `INVALID_OPTION` for a name that no signature has, and for a repeated one
 */
export function readAssignments(
  signatures: readonly SignatureInfo[],
  input: readonly string[],
  constant: readonly string[],
): Assignments {
  const keys = [...new Set(signatures.flatMap(({ inputs }) => inputs.map(({ key }) => key)))];
  const taken = new Set<string>();
  const read = (flag: string, parameters: readonly string[]): ReadonlyMap<string, string> =>
    new Map(
      parameters.map((parameter) => {
        const [key, text] = splitAssignment(parameter, keys);
        if (key === undefined || text === "") {
          throw new SavedModelError("INVALID_OPTION", `${flag} ${quote(parameter)} is not of the form <name>=<…>`);
        }
        if (!keys.includes(key)) {
          throw new SavedModelError("INVALID_OPTION", `${flag}: unknown input ${quote(key)}`, {
            fix: suggest(key, keys, "The inputs"),
          });
        }
        if (taken.has(key)) throw new SavedModelError("INVALID_OPTION", `${flag}: ${quote(key)} is given twice`);
        taken.add(key);
        return [key, text];
      }),
    );
  return { columns: read("--input", input), constants: read("--constant", constant) };
}

/**
 * Returns the source of each input of a signature, in argument order.
 *
 * @throws SavedModelError `INVALID_OPTION`, `SIGNATURE_UNSUPPORTED`
 */
export function planInputs(
  { key: signature, inputs }: SignatureInfo,
  { columns, constants }: Assignments,
  data: DataFile,
): readonly InputPlan[] {
  return inputs.map((input): InputPlan => {
    const { key, shape } = input;
    const dtype = requireDense(signature, input);
    const constant = constants.get(key);
    if (constant !== undefined) return { kind: "constant", value: parseConstant(constant, input, dtype) };
    const text = columns.get(key) ?? (data.names.includes(key) ? key : undefined);
    if (text === undefined) {
      if (input.optional === true) return { kind: "default" };
      throw missing(signature, input, data.names);
    }
    if (shape?.length === 0) {
      throw new SavedModelError("INVALID_OPTION", `--input ${quote(key)}: it is a scalar, the same for all rows`, {
        fix: `Pass a value: --constant ${quote(`${key}=0.1`)}.`,
      });
    }
    return { kind: "rows", wanted: { key, dtype, shape, columns: data.columns(key, text) } };
  });
}

/** Requires a dense input: rows of a file are dense. */
function requireDense(signature: string, { key, dtype, encoding, example }: TensorInfo): DType {
  const what = encoding ?? (example === undefined ? undefined : "made of tf.Examples");
  if (what === undefined) return carried(dtype);
  const message = `${printable(signature)}() cannot be trained from a file: its input ${quote(key)} is ${what}`;
  throw new SavedModelError("SIGNATURE_UNSUPPORTED", message, { fix: "Train it from code: fit() takes such rows." });
}

function missing(signature: string, { key, shape }: TensorInfo, names: readonly string[]): SavedModelError {
  const message = `${printable(signature)}() needs its input ${quote(key)}`;
  const fix =
    shape?.length === 0
      ? `Pass a value: --constant ${quote(`${key}=0.1`)}.`
      : `Map it to data, e.g. --input ${quote(`${key}=${names[0] ?? "name"}`)}. The data has ${names.map(quote).join(", ")}.`;
  return new SavedModelError("INVALID_OPTION", message, { fix });
}

function parseConstant(text: string, { key, shape }: TensorInfo, dtype: DType): unknown {
  const refuse = (reason: string, cause: unknown): SavedModelError =>
    new SavedModelError("INVALID_OPTION", `--constant ${quote(key)}: ${quote(text)} ${reason}`, { cause });
  let json: unknown;
  try {
    json = /64$/.test(dtype) ? parseExact(text) : JSON.parse(text);
  } catch (cause) {
    // A string needs no quotes here: it cannot be the name of a file.
    if (dtype !== "string") throw refuse("is not JSON", cause);
    json = text;
  }
  try {
    const value = fromJson(json, dtype);
    const tensor = Tensor.from(dtype, value as number[]);
    if (shape !== null && tensor.shape.length !== shape.length) throw new TypeError(`its rank must be ${shape.length}`);
    return shape?.length === 0 ? value : () => tensor;
  } catch (cause) {
    const reason = cause instanceof SavedModelError ? cause.rawMessage : reasonOf(cause);
    throw refuse(`does not fit: ${reason}`, cause);
  }
}
