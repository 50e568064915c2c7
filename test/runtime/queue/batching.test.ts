import { describe, expect, it } from "vitest";
import { Composite } from "../../../generated/composite.js";
import { Dtypes } from "../../../generated/dtypes.js";
import { Keras3 } from "../../../generated/keras3.js";
import { Spin } from "../../../generated/spin.js";
import { Text } from "../../../generated/text.js";
import { Model } from "../../../runtime/index.js";
import { expectRejection } from "../../support/errors.js";
import { countRuns } from "../../support/runs.js";

const HALF = { half: { maxBatch: 8 } };

function load(
  batching: Readonly<Record<string, { maxBatch: number; maxDelayMs?: number; maxDelay?: number }>> = HALF,
): Spin {
  return Spin.load(undefined, { batching });
}

describe("batched calls", () => {
  it("batched calls run together, and get their own rows", async () => {
    await using model = load();
    const runs = countRuns();
    const results = await Promise.all([
      model.async.half([[2, 4]]),
      model.async.half([
        [6, 8],
        [10, 12],
      ]),
      model.async.half([]),
      model.async.half(Float32Array.of(14, 16)),
    ]);
    expect(runs.stop()).toBe(1);
    expect(results.map((y) => y.toArray())).toEqual([
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
      ],
      [],
      [[7, 8]],
    ]);
    results[0]?.data.fill(9);
    expect(results[3]?.toArray()).toEqual([[7, 8]]);
  });

  it("batched calls fill as many runs as needed, none with more than `maxBatch` rows", async () => {
    await using model = load();
    const runs = countRuns();
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => model.async.half([[index, 0]])));
    expect(runs.stop()).toBe(3);
    expect(results.map((y) => y.data[0])).toEqual(Array.from({ length: 20 }, (_, index) => index / 2));
  });

  it("calls with as many rows as a batch run alone", async () => {
    await using model = load();
    const rows = Array.from({ length: 9 }, () => [2, 2]);
    const [large, small] = await Promise.all([model.async.half(rows), model.async.half([[2, 4]])]);
    expect([large.shape, small.shape]).toEqual([
      [9, 2],
      [1, 2],
    ]);
  });

  it("batched calls wait for others for `maxDelayMs`", async () => {
    await using model = load({ half: { maxBatch: 2, maxDelayMs: 600_000 } });
    const runs = countRuns();
    const first = model.async.half([[2, 4]]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = model.async.half([[6, 8]]);
    expect((await first).toArray()).toEqual([[1, 2]]);
    expect((await second).toArray()).toEqual([[3, 4]]);
    expect(runs.stop()).toBe(1);
    await using other = load({ half: { maxBatch: 100, maxDelayMs: 1 } });
    expect((await other.async.half([[2, 4]])).toArray()).toEqual([[1, 2]]);
  });

  it("batched calls wait for `maxDelay`, the former name of the option", async () => {
    await using model = load({ half: { maxBatch: 2, maxDelay: 600_000 } });
    const runs = countRuns();
    const first = model.async.half([[2, 4]]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = model.async.half([[6, 8]]);
    expect([(await first).toArray(), (await second).toArray()]).toEqual([[[1, 2]], [[3, 4]]]);
    expect(runs.stop()).toBe(1);
  });

  it("a failing call in a batch does not affect the others", async () => {
    await using model = load();
    const calls = [1, Number.NaN, 3].map((x) => model.async.half([[x, 0]]));
    await expectRejection(calls[1] as Promise<unknown>, "TF_INVALID_ARGUMENT");
    expect((await calls[0])?.toArray()).toEqual([[0.5, 0]]);
    expect((await calls[2])?.toArray()).toEqual([[1.5, 0]]);
  });

  it("invalid batched calls are rejected immediately, and do not affect the batch", async () => {
    await using model = load();
    const good = model.async.half([[2, 4]]);
    await expectRejection(model.async.half([[1]] as never), "INVALID_SHAPE");
    expect((await good).toArray()).toEqual([[1, 2]]);
  });

  it("batched calls can be aborted while they wait, and while they run", async () => {
    await using model = load();
    const [early, late] = [new AbortController(), new AbortController()];
    const given = model.async.half([[2, 4]], { signal: early.signal });
    const kept = model.async.half([[6, 8]], { signal: late.signal });
    early.abort();
    await expectRejection(given, "ABORTED");
    expect((await kept).toArray()).toEqual([[3, 4]]);
    late.abort();
    await expectRejection(model.async.half([[2, 4]], { signal: early.signal }), "ABORTED");
  });

  it("batched calls use their data as of the call", async () => {
    await using model = load();
    const data = Float32Array.of(2, 4);
    const call = model.async.half(data);
    data.fill(100);
    expect((await call).toArray()).toEqual([[1, 2]]);
  });

  it("batched calls that differ in other dimensions run separately", async () => {
    await using model = Dtypes.load(undefined, { batching: { string: { maxBatch: 10 }, int64: { maxBatch: 10 } } });
    const runs = countRuns();
    const [a, b, c] = await Promise.all([
      model.async.string(["a", "b"]),
      model.async.string(["größe"]),
      model.async.int64([2n ** 62n, -1n]),
    ]);
    expect([a.data, b.data, [...c.data]]).toEqual([["a", "b"], ["größe"], [2n ** 62n, -1n]]);
    expect(runs.stop()).toBe(2);
  });

  it("batched calls accepted before the model is closed still get their results", async () => {
    const model = load();
    const call = model.async.half([[2, 4]]);
    await model.close();
    expect((await call).toArray()).toEqual([[1, 2]]);
    const refused = load();
    const waiting = refused.async.half([[2, 4]]);
    refused.dispose();
    await expectRejection(waiting, "DISPOSED");
  });

  it("batched calls return the numbers of unbatched ones", async () => {
    await using model = Keras3.load(undefined, { batching: { predict: { maxBatch: 64 } } });
    const rows = Array.from(
      { length: 50 },
      (_, index) => [Math.sin(index), Math.cos(index), 1] as [number, number, number],
    );
    const batched = await Promise.all(rows.map((row) => model.async.predict([row])));
    for (const [index, row] of rows.entries()) {
      const [got, want] = [batched[index]?.data[0] ?? Number.NaN, model.predict([row]).data[0] ?? Number.NaN];
      expect(Math.abs(got - want)).toBeLessThanOrEqual(1e-6 * Math.abs(want) + 1e-7);
    }
  });

  it("`runAsync` batches too", async () => {
    await using model = Model.load("test/models/spin", { batching: HALF });
    const runs = countRuns();
    const [a, b] = await Promise.all([
      model.runAsync("half", { x: [[2, 4]] }),
      model.runAsync("half", { x: [[6, 8]] }),
    ]);
    expect([a.y?.toArray(), b.y?.toArray(), runs.stop()]).toEqual([[[1, 2]], [[3, 4]], 1]);
  });
});

describe("calls in a batch", () => {
  const FOREVER = 2 ** 31 - 1;
  const options = { concurrency: 1, batching: { half: { maxBatch: 8, maxDelayMs: FOREVER } } };

  it("collected calls count individually as pending, while their callers wait", async () => {
    await using model = load({ half: { maxBatch: 3, maxDelayMs: FOREVER } });
    const controller = new AbortController();
    const given = model.async.half([[2, 4]], { signal: controller.signal });
    const calls = [model.async.half([[2, 4]])];
    expect(model.pending).toBe(2);
    controller.abort();
    expect(model.pending).toBe(1);
    await expectRejection(given, "ABORTED");
    calls.push(model.async.half([[2, 4]]), model.async.half([[2, 4]]));
    expect(model.pending).toBe(3);
    await Promise.all(calls);
    expect(model.pending).toBe(0);
  });

  it("collected calls count individually for `maxQueue`", async () => {
    await using model = Spin.load(undefined, { ...options, maxQueue: 3 });
    const controller = new AbortController();
    const running = model.async.spin([[1, 0]], 60_000);
    const given = model.async.half([[2, 4]], { signal: controller.signal });
    const calls = [model.async.half([[2, 4]]), model.async.spin([[1, 0]], 1)];
    const { message } = await expectRejection(model.async.half([[2, 4]]), "QUEUE_FULL");
    expect(message).toBe("QUEUE_FULL: half(): 3 calls are already waiting. Apply back-pressure or raise `maxQueue`.");
    await expectRejection(model.async.spin([[1, 0]], 1), "QUEUE_FULL");
    expect(model.pending).toBe(4);
    controller.abort();
    await expectRejection(given, "ABORTED");
    calls.push(model.async.half([[6, 8]]));
    await expectRejection(model.async.half([[2, 4]]), "QUEUE_FULL");
    await model.close();
    await Promise.all([running, ...calls]);
  });

  it("collected calls are not rejected for `maxQueue` while a worker is free", async () => {
    await using model = Spin.load(undefined, { maxQueue: 2, batching: { half: { maxBatch: 8 } } });
    const runs = countRuns();
    const results = await Promise.all([1, 2, 3, 4].map((x) => model.async.half([[x, 0]])));
    expect(results.map(({ data }) => data[0])).toEqual([0.5, 1, 1.5, 2]);
    expect(runs.stop()).toBe(2);
  });

  it("a batch whose calls were all aborted does not run", async () => {
    await using model = Spin.load(undefined, { ...options, batching: { half: { maxBatch: 2 } } });
    const controller = new AbortController();
    const runs = countRuns();
    const running = model.async.spin([[1, 0]], 60_000);
    const calls = [1, 2].map(() => model.async.half([[2, 4]], { signal: controller.signal }));
    expect(model.pending).toBe(3);
    controller.abort();
    for (const call of calls) await expectRejection(call, "ABORTED");
    expect(model.pending).toBe(1);
    await running;
    await model.close();
    expect(runs.stop()).toBe(1);
  });

  it("a batch runs without its aborted calls", async () => {
    await using model = Spin.load(undefined, { ...options, batching: { half: { maxBatch: 2 } } });
    const controller = new AbortController();
    const runs = countRuns();
    const running = model.async.spin([[1, 0]], 60_000);
    const given = model.async.half([[Number.NaN, 4]], { signal: controller.signal });
    const kept = model.async.half([[2, 4]]);
    controller.abort();
    await expectRejection(given, "ABORTED");
    await running;
    expect((await kept).toArray()).toEqual([[1, 2]]);
    expect(runs.stop()).toBe(2);
  });
});

describe("invalid batching", () => {
  it.each<[string, () => Model, RegExp]>([
    ["of an unknown signature", () => load({ halve: { maxBatch: 2 } }), /^SIGNATURE_NOT_FOUND: .*"halve"/],
    [
      "of one that changes variables",
      () => load({ count: { maxBatch: 2 } }),
      /"count" cannot be batched: it changes variables/,
    ],
    ["of a scalar input", () => load({ spin: { maxBatch: 2 } }), /input "steps" has no unknown leading dimension/],
    [
      "of an output without a batch dimension",
      () => load({ turned: { maxBatch: 2 } }),
      /output "turns" has no unknown/,
    ],
    [
      "of ragged arguments",
      () => Composite.load(undefined, { batching: { words: { maxBatch: 2 } } }),
      /it has ragged or sparse arguments/,
    ],
    [
      "where an output is a scalar",
      () => Text.load(undefined, { batching: { greet: { maxBatch: 2 } } }),
      /input "name" has no unknown leading dimension/,
    ],
    ["without a size", () => load({ half: {} as never }), /maxBatch must be a positive integer/],
    ["for an invalid size", () => load({ half: { maxBatch: 0 } }), /maxBatch must be a positive integer/],
    [
      "for an invalid delay",
      () => load({ half: { maxBatch: 2, maxDelayMs: -1 } }),
      /maxDelayMs must be a non-negative number/,
    ],
    [
      "for an invalid delay by its former name",
      () => load({ half: { maxBatch: 2, maxDelay: -1 } }),
      /maxDelay must be a non-negative number/,
    ],
    [
      "with both names of the delay",
      () => load({ half: { maxBatch: 2, maxDelay: 1, maxDelayMs: 1 } }),
      /maxDelay is the former name of maxDelayMs/,
    ],
    [
      "with a misspelled option",
      () => load({ half: { maxBatch: 2, maxdelay: 1 } as never }),
      /has no option "maxdelay"/,
    ],
  ])("rejects batching %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
