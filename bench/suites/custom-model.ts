import type { BenchOptions } from "../options.js";
import { isWanted } from "../options.js";
import { type PlannedCalls, startCalls } from "./calls.js";
import { paceOf, type Suite } from "./suite.js";

const RUNTIME_OPTIONS = "C, the runtime's options";

/** Compares calls of a minimal model, which are nearly all overhead: `train` and `pred` of test/models/custom_model. */
export const customModel: Suite = (workplace, options) =>
  startCalls(
    workplace,
    { directory: "test/models/custom_model", client: "custom_model" },
    ["train", "pred"].filter((name) => isWanted(name, options.only)).map((name) => planned(name, options)),
  );

function planned(signature: string, options: BenchOptions): PlannedCalls {
  const kase = { name: signature, signature };
  return {
    name: signature,
    title: `${signature}() of custom_model`,
    baseline: RUNTIME_OPTIONS,
    pace: paceOf(options),
    entrants: [
      { caller: "c", name: RUNTIME_OPTIONS, kase },
      { caller: "cDefault", name: "C, default options", kase },
      { caller: "client", name: "savedmodel", kase },
      { caller: "python", name: "Python, loaded.signatures", kase },
    ],
  };
}
