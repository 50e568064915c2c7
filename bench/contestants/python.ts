import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Workplace } from "../workplace.js";
import type { CallCase } from "./case.js";
import type { Command } from "./program.js";

const SOURCE = fileURLToPath(new URL("../python/loop.py", import.meta.url));

/** Where `npm run conformance` keeps its Python with TensorFlow. */
const CONFORMANCE_PYTHON = "build/conformance/venv/bin/python";

export type Python = string | { readonly absent: string };

/** The Python to compare with: the given one, or that of the conformance environment. */
export function findPython(root: string, given: string | undefined): Python {
  if (given !== undefined) return given;
  const python = join(root, CONFORMANCE_PYTHON);
  return existsSync(python) ? python : { absent: "no Python with TensorFlow: give one with --python <path>" };
}

/** The command that runs cases of a model as Python's `tf.saved_model.load(…).signatures[…]`. */
export function pythonCommand(
  { python }: Workplace,
  directory: string,
  cases: readonly CallCase[],
): Command | { readonly absent: string } {
  return typeof python === "string" ? { file: python, args: [SOURCE, directory, JSON.stringify(cases)] } : python;
}
