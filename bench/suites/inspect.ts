import { join } from "node:path";
import type { Entry } from "../contestants/case.js";
import { wholeProcess } from "../contestants/whole-process.js";
import { isWanted } from "../options.js";
import type { Workplace } from "../workplace.js";
import { paceOf, type Suite } from "./suite.js";

const MODEL = "test/models/custom_model";
const OURS = "savedmodel inspect";
const THEIRS = "saved_model_cli show --all";

/** Measures inspecting a model from the command line, as a whole process. */
export const inspect: Suite = async function* (workplace, options) {
  if (!isWanted("inspect", options.only)) return;
  const cli = join(workplace.root, "dist/generator/cli/main.js");
  yield {
    name: "inspect",
    title: "inspecting custom_model, whole processes",
    baselines: [OURS],
    // A process takes seconds in Python.
    pace: paceOf(options, { rounds: options.quick ? 2 : 5, warmUpMs: 0, roundMs: 500, minimumCalls: 1 }),
    entries: [
      wholeProcess(OURS, { file: process.execPath, args: [cli, "inspect", MODEL] }, workplace.root),
      wholeProcess("Node.js alone", { file: process.execPath, args: ["--eval", "0"] }, workplace.root),
      savedModelCli(workplace),
    ],
  };
};

/** Returns TensorFlow's own tool. As a module, since its script need not be beside that Python. */
function savedModelCli({ python, root }: Workplace): Entry {
  if ("absent" in python) return { name: THEIRS, absent: python.absent };
  const args = ["-m", "tensorflow.python.tools.saved_model_cli", "show", "--all", "--dir", MODEL];
  return wholeProcess(THEIRS, { ...python, args }, root);
}
