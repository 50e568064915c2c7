import { describe, expect, it } from "vitest";
import { kserve } from "../../../../runtime/engines/kserve/index.js";
import { serving } from "../../../../runtime/engines/serving/index.js";
import type { GoldenTensor } from "../../../support/goldens.js";
import { compareGoldens } from "../../../support/servers/golden-calls.js";
import { startKServeGrpc, startKServeRest } from "../../../support/servers/kserve-server.js";
import { startServingGrpc, startServingRest } from "../../../support/servers/serving-server.js";

/** Dtypes that the Open Inference Protocol does not have. */
const NOT_IN_KSERVE = /^(scalar_)?(complex|q)|odd_defaults/;
/** Dtypes that the REST form of TensorFlow Serving does not have. */
const NOT_IN_REST = /^(scalar_)?(complex|q|float16|bfloat16)|odd_defaults/;

/** The codes of errors of values that JSON does not carry. */
function notInJson(_signature: string, inputs: Readonly<Record<string, GoldenTensor>>): readonly string[] {
  const isLost = ({ dtype, data }: GoldenTensor): boolean =>
    (data ?? []).some((value) => {
      if (dtype.includes("int64")) return !Number.isSafeInteger(Number(value));
      // NaN is written as its bits.
      return dtype.startsWith("float") && typeof value === "string" && value !== "-0";
    });
  const lost = Object.values(inputs).some(isLost);
  const hasRowsOnly = Object.values(inputs).some(
    ({ shape }) => shape.indexOf(0) >= 0 && shape.indexOf(0) < shape.length - 1,
  );
  return lost ? ["OUT_OF_RANGE"] : hasRowsOnly ? ["INVALID_SHAPE"] : [];
}

const ENGINES = {
  "KServe by gRPC": { start: startKServeGrpc, engine: kserve, unsupported: NOT_IN_KSERVE, isJson: false },
  "KServe by REST": { start: startKServeRest, engine: kserve, unsupported: NOT_IN_KSERVE, isJson: false },
  "Serving by gRPC": { start: startServingGrpc, engine: serving, unsupported: /^$/, isJson: false },
  "Serving by REST": { start: startServingRest, engine: serving, unsupported: NOT_IN_REST, isJson: true },
} as const;

describe.each(Object.entries(ENGINES))(
  "%s returns the numbers of TensorFlow in Python",
  (_name, { start, engine, unsupported, isJson }) => {
    it.each(["custom_model", "regression", "counter", "dtypes", "text", "spin"])("%s", async (model) => {
      const compared = await compareGoldens(
        model,
        async () => {
          const server = await start(model);
          return { engine: engine({ url: server.url, model }), end: () => server.kill() };
        },
        (signature, inputs) =>
          unsupported.test(signature) || signature === "rows"
            ? ["SIGNATURE_UNSUPPORTED"]
            : isJson
              ? notInJson(signature, inputs)
              : [],
      );
      expect(compared).toBeGreaterThan(0);
    });
  },
);
