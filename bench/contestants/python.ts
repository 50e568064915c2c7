import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Workplace } from "../workplace.js";
import type { CallCase } from "./case.js";
import type { Command } from "./program.js";

const SOURCE = fileURLToPath(new URL("../python/loop.py", import.meta.url));
const START = fileURLToPath(new URL("../python/start.py", import.meta.url));

/** Folder in which `npm run conformance` keeps its TensorFlow for Python. */
const CONFORMANCE_PACKAGES = "build/conformance/python";

/** Command that starts a Python with TensorFlow. */
export interface Python {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Returns the Python to compare with: the given one, or the usual one with the packages of the conformance test. */
export function findPython(root: string, given: string | undefined): Python | { readonly absent: string } {
  if (given !== undefined) return { file: given, env: {} };
  const packages = join(root, CONFORMANCE_PACKAGES);
  // The list of requirements is written when all of them are installed.
  if (!existsSync(join(packages, "requirements.txt"))) {
    return { absent: "no Python with TensorFlow: give one with --python <path>" };
  }
  return { file: process.platform === "win32" ? "python" : "python3", env: { PYTHONPATH: packages } };
}

/** Returns the command that runs cases of a model as Python's `tf.saved_model.load(…).signatures[…]`. */
export function pythonCommand(
  { python }: Workplace,
  directory: string,
  cases: readonly CallCase[],
): Command | { readonly absent: string } {
  return "absent" in python ? python : { ...python, args: [SOURCE, directory, JSON.stringify(cases)] };
}

/** Returns the command that loads a model in Python and calls its `pred` once. */
export function startCommand({ python }: Workplace, directory: string): Command | { readonly absent: string } {
  return "absent" in python ? python : { ...python, args: [START, directory] };
}
