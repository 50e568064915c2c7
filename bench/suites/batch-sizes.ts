import { isWanted } from "../options.js";
import { C_BASELINES, startCalls, usualEntrants } from "./calls.js";
import { paceOf, type Suite } from "./suite.js";

/** Compares calls of a minimal model with more and more rows: where the cost of a row overtakes that of a call. */
export const batchSizes: Suite = (workplace, options) =>
  startCalls(
    workplace,
    { directory: "test/models/keras3", client: "keras3" },
    (options.quick ? [1, 256] : [1, 16, 64, 256])
      .map((size) => ({ name: `batch-sizes/${size}`, signature: "predict", size }))
      .filter(({ name }) => isWanted(name, options.only))
      .map((kase) => ({
        name: kase.name,
        title: `predict() of keras3, ${kase.size === 1 ? "one row" : `${kase.size} rows`}`,
        baselines: C_BASELINES,
        pace: paceOf(options),
        entrants: usualEntrants(kase),
      })),
  );
