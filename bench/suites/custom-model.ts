import { C_NAMES } from "../contestants/c.js";
import type { BenchOptions } from "../options.js";
import { isWanted } from "../options.js";
import {
  C_BASELINES,
  type Entrant,
  entrantsWith,
  onnxEntrants,
  type PlannedCalls,
  startCalls,
  usualEntrants,
} from "./calls.js";
import { paceOf, type Suite } from "./suite.js";

/** Compares calls of a minimal model, which are nearly all overhead: `train` and `pred` of test/models/custom_model. */
export const customModel: Suite = (workplace, options) =>
  startCalls(
    workplace,
    { directory: "test/models/custom_model", client: "custom_model" },
    ["train", "pred"].filter((name) => isWanted(name, options.only)).map((name) => planned(name, options)),
  );

function planned(signature: string, options: BenchOptions): PlannedCalls {
  const kase = { name: signature, signature };
  const predicting: readonly Entrant[] = [
    { caller: "client", name: "savedmodel, into", kase: { ...kase, name: `${signature}/into`, into: true } },
    ...onnxEntrants(kase),
  ];
  return {
    name: signature,
    title: `${signature}() of custom_model`,
    baselines: C_BASELINES,
    pace: paceOf(options),
    entrants: [
      ...usualEntrants(kase),
      { caller: "apart", name: C_NAMES.apart, kase },
      ...entrantsWith("without oneDNN", kase),
      { caller: "rust", name: "Rust, crate tensorflow", kase },
      ...(signature === "pred" ? predicting : []),
    ],
  };
}
