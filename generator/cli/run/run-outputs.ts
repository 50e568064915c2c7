import { resolve } from "node:path";
import { SavedModelError } from "../../../runtime/base/errors.js";
import { printable, quote, suggest } from "../../../runtime/base/text.js";
import { encodeNpy } from "../../../runtime/tensor/npy/npy.js";
import { Tensor } from "../../../runtime/tensor/tensor.js";
import type { AnyTensor } from "../../../runtime/tensor/types.js";
import { writeFiles } from "../../project/write-client.js";
import { safeJson } from "../ui/safe-json.js";
import { splitAssignment } from "./run-inputs.js";
import { jsonText } from "./run-json.js";
import { toPlain } from "./run-values.js";

/** A file to write, with all outputs or one of them. */
export interface Target {
  readonly path: string;
  /** Undefined for all outputs, as one JSON object. */
  readonly key: string | undefined;
}

/**
 * Parses `--output <file>` and `--output <name>=<file>`.
 *
 * @param outputs the keys of the signature's outputs
 * @throws SavedModelError `INVALID_OPTION`
 */
export function planOutputs(parameters: readonly string[], outputs: readonly string[]): readonly Target[] {
  const targets = parameters.map((parameter) => planOutput(parameter, outputs));
  for (const [index, { path }] of targets.entries()) {
    if (targets.slice(0, index).some((target) => resolve(target.path) === resolve(path))) {
      throw new SavedModelError("INVALID_OPTION", `--output: ${printable(path, 500)} is given twice`);
    }
  }
  return targets;
}

function planOutput(parameter: string, outputs: readonly string[]): Target {
  const [first, rest] = splitAssignment(parameter, outputs);
  const isKey = first !== undefined && outputs.includes(first);
  // A folder's name may contain a `=`; a prefix without a folder is meant as a key.
  if (first !== undefined && !isKey && !/[\\/]/.test(first)) {
    throw new SavedModelError("INVALID_OPTION", `--output: the signature has no output ${quote(first)}`, {
      fix: suggest(first, outputs, "Its outputs"),
    });
  }
  const path = isKey ? rest : parameter;
  const [only] = outputs;
  if (/\.json$/i.test(path)) return { path, key: isKey ? first : undefined };
  if (!/\.npy$/i.test(path)) {
    throw new SavedModelError("INVALID_OPTION", `--output: ${quote(path)} ends neither in .json nor in .npy`);
  }
  if (isKey || outputs.length === 1) return { path, key: isKey ? first : only };
  throw new SavedModelError("INVALID_OPTION", `--output: a .npy file holds one output, got ${outputs.length}`, {
    fix: `Choose one, e.g. --output ${quote(`${only}=${path}`)}.`,
  });
}

/**
 * Writes all files, or none of them if one cannot be written.
 *
 * @throws SavedModelError `WRITE_FAILED`; `NPY_UNSUPPORTED` for outputs that a .npy file cannot hold
 */
export function writeOutputs(targets: readonly Target[], results: Readonly<Record<string, AnyTensor>>): void {
  writeFiles(targets.map(({ path, key }) => ({ path, data: encode(path, key, results) })));
}

function encode(
  path: string,
  key: string | undefined,
  results: Readonly<Record<string, AnyTensor>>,
): Uint8Array | string {
  if (key === undefined) return resultsJson(results);
  const tensor = results[key];
  if (tensor === undefined) throw new TypeError(`no output ${key}`);
  if (!/\.npy$/i.test(path)) return `${jsonText(toPlain(tensor))}\n`;
  try {
    if (Tensor.is(tensor)) return encodeNpy(tensor);
  } catch (cause) {
    if (cause instanceof SavedModelError) throw unfit(`${quote(key)}: ${cause.rawMessage}`, cause);
    throw cause;
  }
  throw unfit(`${quote(key)} is not a dense tensor, and a .npy file holds only those`);
}

function unfit(what: string, cause?: unknown): SavedModelError {
  return new SavedModelError("NPY_UNSUPPORTED", `output ${what}`, { fix: "Write it to a .json file.", cause });
}

/** Returns a JSON object with one output per line. */
export function resultsJson(results: Readonly<Record<string, AnyTensor>>): string {
  const lines = Object.entries(results).map(([key, tensor]) => `  ${safeJson(key)}: ${jsonText(toPlain(tensor))}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}
