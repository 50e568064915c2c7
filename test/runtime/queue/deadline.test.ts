import { describe, expect, it } from "vitest";
import { Spin } from "../../../generated/spin.js";
import { expectRejection } from "../../support/errors.js";

describe("timeoutMs of a call", () => {
  it("rejects a running call of a loaded model at its deadline", async () => {
    using model = Spin.load();
    const error = await expectRejection(model.async.spin([[1, 2]], 200_000, { timeoutMs: 1 }), "TF_DEADLINE_EXCEEDED");
    expect(error.rawMessage).toBe("spin(): no result within 1 ms");
    await model.close();
  });

  it("rejects a call at its deadline while it waits", async () => {
    using model = Spin.load(undefined, { concurrency: 1 });
    const first = model.async.spin([[1, 2]], 200_000);
    await expectRejection(model.async.spin([[1, 2]], 1, { timeoutMs: 1 }), "TF_DEADLINE_EXCEEDED");
    await first;
  });

  it("rejects only the call of a batch whose deadline has passed", async () => {
    using model = Spin.load(undefined, { batching: { half: { maxBatch: 8, maxDelayMs: 200 } } });
    const late = model.async.half([[2, 4]], { timeoutMs: 1 });
    const other = model.async.half([[6, 8]]);
    await expectRejection(late, "TF_DEADLINE_EXCEEDED");
    expect((await other).toArray()).toEqual([[3, 4]]);
  });

  it.each([0, -1, Number.NaN, "1", 2 ** 31])("rejects %o as a deadline", async (timeoutMs) => {
    using model = Spin.load();
    const error = await expectRejection(model.async.half([[1, 2]], { timeoutMs } as never), "INVALID_OPTION");
    expect(error.rawMessage).toContain("half(): timeoutMs must be a positive number of milliseconds");
  });
});
