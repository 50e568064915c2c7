import type { CallCase } from "../contestants/case.js";
import { isWanted } from "../options.js";
import { startCalls } from "./calls.js";
import { paceOf, type Suite } from "./suite.js";

const LOOP = "savedmodel, a loop over train()";

/** Compares `fit` with the steps that it makes, where a step is nearly all overhead. */
export const fitting: Suite = (workplace, options) => {
  const kase = (suffix: string, more: Partial<CallCase> = {}): CallCase => {
    return { name: `fit/${suffix}`, signature: "train", repeat: 1000, ...more };
  };
  const plan = {
    name: "fit",
    title: "1,000 steps of train() of custom_model",
    baselines: [LOOP],
    pace: paceOf(options, options.quick ? { roundMs: 150 } : { roundMs: 300, warmUpMs: 1000 }),
    entrants: [
      { caller: "client", name: LOOP, kase: kase("loop") },
      { caller: "client", name: "savedmodel, fit()", kase: kase("fit", { manner: "fit" }) },
      { caller: "python", name: "Python, a loop over loaded.signatures", kase: kase("python") },
    ],
  } as const;
  const model = { directory: "test/models/custom_model", client: "custom_model" };
  return startCalls(workplace, model, isWanted(plan.name, options.only) ? [plan] : []);
};
