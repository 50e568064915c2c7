import { constants, isUtf8 } from "node:buffer";
import { SavedModelError } from "../../../runtime/base/errors.js";
import { readRegularFile } from "../../../runtime/base/regular-file.js";
import { printable, quote, reasonOf } from "../../../runtime/base/text.js";
import { carried } from "../../../runtime/saved-model/convert-spec.js";
import type { TensorInfo } from "../../../runtime/saved-model/signature-info.js";
import { type DType, dtypeInfo } from "../../../runtime/tensor/dtype.js";
import { decodeNpy } from "../../../runtime/tensor/npy/npy.js";
import { formatShape } from "../../../runtime/tensor/shape.js";
import type { Tensor } from "../../../runtime/tensor/tensor.js";
import { parseExact } from "./run-json.js";
import { fromJson } from "./run-values.js";

/**
 * Returns the values of `--input <name>=<value>`, by key. A key that the signature does not have is kept, for the
 * runtime to reject.
 *
 * @throws SavedModelError `INVALID_OPTION` for an invalid value, the codes of `decodeNpy`, `INVALID_DTYPE` and
 * `OUT_OF_RANGE`
 */
export function readInputs(
  parameters: readonly string[],
  inputs: readonly TensorInfo[],
): Readonly<Record<string, unknown>> {
  const values = new Map<string, unknown>();
  for (const parameter of parameters) {
    const [key, text] = splitAssignment(
      parameter,
      inputs.map((input) => input.key),
    );
    if (key === undefined) {
      throw new SavedModelError("INVALID_OPTION", `--input ${quote(parameter)} is not of the form <name>=<value>`);
    }
    if (values.has(key)) throw new SavedModelError("INVALID_OPTION", `--input ${quote(key)} is given twice`);
    const input = inputs.find((input) => input.key === key);
    values.set(key, input === undefined ? null : readValue(text, input));
  }
  return Object.fromEntries(values);
}

/** Splits `key=rest`. A key may contain a `=` itself: the longest known one is used. */
export function splitAssignment(
  parameter: string,
  known: readonly string[],
): readonly [key: string | undefined, rest: string] {
  const keys = known.filter((key) => parameter.startsWith(`${key}=`)).sort((a, b) => b.length - a.length);
  const end = keys[0]?.length ?? parameter.indexOf("=");
  return end === -1 ? [undefined, parameter] : [parameter.slice(0, end), parameter.slice(end + 1)];
}

function readValue(text: string, { key, example, ...input }: TensorInfo): unknown {
  const dtype = carried(input.dtype);
  // Wide integers are parsed as strings, which other dtypes do not accept.
  const isWide = [dtype, ...(example ?? []).map((feature) => feature.dtype)].some(
    (name) => dtypeInfo(name).kind === "bigint",
  );
  const parse = (json: string): unknown => fromJson(isWide ? parseExact(json) : JSON.parse(json), dtype, example);
  try {
    const inline = attempt(() => parse(text));
    if (!(inline instanceof SyntaxError)) return inline;
    if (/\.npy$/i.test(text)) return readNpy(text, dtype);
    if (/\.json$/i.test(text)) return readJson(text, parse);
  } catch (error) {
    if (!(error instanceof SavedModelError)) throw error;
    const { code, rawMessage, fix, cause } = error;
    throw new SavedModelError(code, `--input ${quote(key)}: ${rawMessage}`, { ...(fix && { fix }), cause });
  }
  const what = `--input ${quote(key)}: ${quote(text)} is neither JSON nor a path that ends in .json or .npy`;
  throw new SavedModelError("INVALID_OPTION", what, { fix: adviceFor(dtype) });
}

function adviceFor(dtype: DType): string {
  if (dtype === "string") return `Put a string in JSON quotes within shell quotes: --input 'name="text"'.`;
  return `Quote the whole argument for the shell, e.g. --input 'name=[[1, 2]]'; write NaN as "NaN".`;
}

/** Returns the parsed value, or the SyntaxError that says why it is not JSON. */
function attempt(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SyntaxError) return error;
    throw error;
  }
}

function readJson(path: string, parse: (json: string) => unknown): unknown {
  const bytes = readFile(path, constants.MAX_STRING_LENGTH);
  if (!isUtf8(bytes)) throw new SavedModelError("INVALID_OPTION", `${name(path)} is not JSON: it is not UTF-8`);
  const text = bytes.toString("utf8").replace(/^\ufeff/, "");
  const value = attempt(() => parse(text));
  if (!(value instanceof SyntaxError)) return value;
  const what = `${name(path)} is not JSON: ${printable(value.message, 500)}`;
  throw new SavedModelError("INVALID_OPTION", what, { cause: value });
}

function readNpy(path: string, dtype: DType): Tensor {
  const tensor = decodeNpy(readFile(path, constants.MAX_LENGTH));
  if (tensor.dtype === dtype) return tensor;
  const what = `${name(path)} holds ${tensor.dtype} ${formatShape(tensor.shape)}, expected ${dtype}`;
  // NumPy stores Python's floats as float64 by default.
  const isNumpys = /^(u?int|float|complex|bool)/.test(dtype);
  throw new SavedModelError("INVALID_DTYPE", what, {
    fix: isNumpys ? `Convert it in Python: x.astype("${dtype}").` : "Pass it as JSON.",
  });
}

function readFile(path: string, maxBytes: number): Buffer {
  try {
    return readRegularFile(path, maxBytes);
  } catch (cause) {
    throw new SavedModelError("INVALID_OPTION", `${name(path)} cannot be read: ${printable(reasonOf(cause), 500)}`, {
      cause,
    });
  }
}

function name(path: string): string {
  return printable(path, 500);
}
