import { beforeAll, expect, it } from "vitest";
import { CustomModel } from "../../../../generated/custom-model.js";
import { Dtypes } from "../../../../generated/dtypes.js";
import { nativeApi } from "../../../../runtime/engines/local/native/c-api.js";
import { modelFolder } from "../../../support/temp.js";

/** Names of the native functions that were called. */
const calls: string[] = [];

beforeAll(() => {
  const api = nativeApi() as unknown as Record<string, unknown>;
  for (const [name, native] of Object.entries(api)) {
    if (typeof native !== "function" || name === "sessionRunOnWorker") continue;
    api[name] = (...parameters: unknown[]): unknown => {
      calls.push(name);
      return (native as (...parameters: unknown[]) => unknown)(...parameters);
    };
  }
});

function callsOf(call: () => unknown): Record<string, number> {
  // The first calls make the tensors and arrays that the others use again.
  for (let count = 0; count < 4; count++) call();
  calls.length = 0;
  call();
  const counts: Record<string, number> = {};
  for (const name of calls) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const RUN = { TF_SessionRun: 1, TF_TensorMaybeMove: 1 };
const RESULT = { TF_NumDims: 1, dataAddress: 1, memcpy: 1, TF_DeleteTensor: 1 };

// A budget: each native call costs 40 to 300 ns, which of a small model are percents.
it("a matrix from a matrix takes 8 native calls", () => {
  using model = CustomModel.load(modelFolder("custom_model"));
  expect(callsOf(() => model.pred([[1, 1]]))).toEqual({ ...RUN, ...RESULT, TF_Dim: 2 });
});

it("a scalar from two matrices takes 7 native calls", () => {
  using model = CustomModel.load(modelFolder("custom_model"));
  expect(callsOf(() => model.train([[1, 1]], [[1]]))).toEqual({ ...RUN, TF_TensorMaybeMove: 2, ...RESULT });
});

it("a vector from a vector takes 7 native calls, whatever its size", () => {
  using model = Dtypes.load(modelFolder("dtypes"));
  const small = new Float32Array(10);
  const large = new Float32Array(100_000);
  expect(callsOf(() => model.float32(small))).toEqual({ ...RUN, ...RESULT, TF_Dim: 1 });
  expect(callsOf(() => model.float32(large))).toEqual({ ...RUN, ...RESULT, TF_Dim: 1 });
});
