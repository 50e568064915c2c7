import { describe, expect, it } from "vitest";
import { Effects } from "../../../generated/effects.js";
import { Spin } from "../../../generated/spin.js";
import { threadPool } from "../../../runtime/engines/local/run/thread-pool.js";
import type { BatchingOptions } from "../../../runtime/index.js";
import { expectRejection } from "../../support/errors.js";
import { countRuns } from "../../support/runs.js";

/** Longer than any test: a batch is flushed by what happens, never by the clock. */
const FOREVER = 2 ** 31 - 1;

/** Some tenths of a second of turning. */
const LONG = 60_000n;

const load = (batching: Readonly<Record<string, BatchingOptions>>): Effects => Effects.load(undefined, { batching });

/** A controller whose event does not get to those that listen to its signal later. */
function stoppedController(): AbortController {
  const controller = new AbortController();
  controller.signal.addEventListener("abort", (event) => event.stopImmediatePropagation());
  return controller;
}

describe("rows of batched calls", () => {
  it("batched calls get their rows if inputs differ in their number of rows", async () => {
    await using model = load({ pair: { maxBatch: 16 } });
    const results = await Promise.all([model.async.pair([1, 2], [3]), model.async.pair([4], [5, 6])]);
    expect(results.map(({ doubled, tripled }) => [[...doubled.data], [...tripled.data]])).toEqual([
      [[2, 4], [9]],
      [[8], [15, 18]],
    ]);
  });

  it("batched calls get their rows from one run if inputs have equal numbers of rows", async () => {
    await using model = load({ pair: { maxBatch: 16 } });
    const runs = countRuns();
    const results = await Promise.all([model.async.pair([1, 2], [3, 4]), model.async.pair([5], [6])]);
    expect(runs.stop()).toBe(1);
    expect(results.map(({ doubled, tripled }) => [[...doubled.data], [...tripled.data]])).toEqual([
      [
        [2, 4],
        [9, 12],
      ],
      [[10], [18]],
    ]);
  });

  it("batched calls run alone if the signature drops rows", async () => {
    await using model = load({ positive: { maxBatch: 16 } });
    const runs = countRuns();
    const results = await Promise.all([model.async.positive([-1, 2]), model.async.positive([3, 4])]);
    expect(runs.stop()).toBe(3);
    expect(results.map(({ data }) => [...data])).toEqual([[2], [3, 4]]);
  });

  it("batched calls get strings in memory that holds no others", async () => {
    await using model = load({ upper: { maxBatch: 16 } });
    const runs = countRuns();
    const results = await Promise.all([
      model.async.upper(["mine", "my longer text, which is not short"]),
      model.async.upper(["yours"]),
    ]);
    expect(runs.stop()).toBe(1);
    expect(results.map(({ data }) => data)).toEqual([["MINE", "MY LONGER TEXT, WHICH IS NOT SHORT"], ["YOURS"]]);
    const memory = results.map(({ bytes }) => bytes.map(({ buffer }) => Buffer.from(buffer).toString()).join());
    expect(memory[0]).not.toContain("YOURS");
    expect(memory[1]).not.toContain("MINE");
    expect(memory[1]).not.toContain("LONGER");
  });

  it("batched calls get numbers in separate memory", async () => {
    await using model = load({ mapped: { maxBatch: 16 } });
    const [a, b] = await Promise.all([model.async.mapped([1]), model.async.mapped([2])]);
    expect([a.data.buffer.byteLength, b.data.buffer.byteLength]).toEqual([4, 4]);
  });
});

describe("a batch", () => {
  it("a batch runs as soon as it has `maxBatch` rows", async () => {
    await using model = load({ mapped: { maxBatch: 3, maxDelayMs: FOREVER } });
    const runs = countRuns();
    const results = await Promise.all([model.async.mapped([1, 2]), model.async.mapped([3])]);
    expect(runs.stop()).toBe(1);
    expect(results.map(({ data }) => [...data])).toEqual([[2, 4], [6]]);
  });

  it("a call with `maxBatch` rows does not join a batch", async () => {
    await using model = load({ mapped: { maxBatch: 3, maxDelayMs: FOREVER } });
    const runs = countRuns();
    const first = model.async.mapped([1]);
    expect([...(await model.async.mapped([2, 3, 4])).data]).toEqual([4, 6, 8]);
    expect(model.pending).toBe(1);
    const rest = model.async.mapped([5, 6]);
    expect([[...(await first).data], [...(await rest).data]]).toEqual([[2], [10, 12]]);
    expect(runs.stop()).toBe(2);
  });

  it("a batch runs before a call that no longer fits into it", async () => {
    await using model = load({ mapped: { maxBatch: 3, maxDelayMs: FOREVER } });
    const runs = countRuns();
    const first = model.async.mapped([1, 2]);
    const second = model.async.mapped([3, 4]);
    expect([...(await first).data]).toEqual([2, 4]);
    const third = model.async.mapped([5]);
    expect([[...(await second).data], [...(await third).data]]).toEqual([[6, 8], [10]]);
    expect(runs.stop()).toBe(2);
  });

  it("a batch rejects and does not run a call whose abort event another listener stopped", async () => {
    await using model = load({ mapped: { maxBatch: 16 } });
    const runs = countRuns();
    const controller = stoppedController();
    const gone = model.async.mapped([1], { signal: controller.signal });
    const kept = model.async.mapped([2]);
    controller.abort();
    await expectRejection(gone, "ABORTED");
    expect([...(await kept).data]).toEqual([4]);
    expect(runs.stop()).toBe(1);
    const alone = stoppedController();
    const none = countRuns();
    const last = model.async.mapped([1], { signal: alone.signal });
    alone.abort();
    await expectRejection(last, "ABORTED");
    expect(none.stop()).toBe(0);
    expect(model.pending).toBe(0);
  });
});

describe("a call that waits", () => {
  it("a waiting call does not run if its signal was aborted, though another listener stopped the event", async () => {
    await using model = Spin.load(undefined, { concurrency: 1 });
    const runs = countRuns();
    const controller = stoppedController();
    const first = model.async.spin([[1, 2]], 1n);
    const second = model.async.spin([[1, 2]], 1n, { signal: controller.signal });
    controller.abort();
    await expectRejection(second, "ABORTED");
    await first;
    expect(runs.stop()).toBe(1);
    expect(model.pending).toBe(0);
  });

  it("an aborted waiting write does not block reads", async () => {
    await using model = Spin.load();
    const controller = new AbortController();
    const running = model.async.spin([[1, 2]], LONG);
    const waiting = model.async.count([[1, 0]], 1n, { signal: controller.signal });
    controller.abort();
    await expectRejection(waiting, "ABORTED");
    expect(model.pending).toBe(1);
    expect(model.half([[2, 4]]).toArray()).toEqual([[1, 2]]);
    await running;
    const again = model.async.half([[2, 4]]);
    expect(model.half([[2, 4]]).toArray()).toEqual([[1, 2]]);
    await again;
    expect(model.turned()).toBe(0n);
  });
});

describe("the worker threads", () => {
  it("workers run no more calls at a time than there are processors, over all models", async () => {
    await using model = Spin.load(undefined, { concurrency: 1000 });
    await using other = Spin.load(undefined, { concurrency: 1000 });
    const runs = countRuns();
    const calls = Array.from({ length: threadPool.capacity + 3 }, (_, index) =>
      (index % 2 ? model : other).async.spin([[1, 2]], 9n),
    );
    expect(runs.stop()).toBe(threadPool.capacity);
    await Promise.all(calls);
  });

  it("workers run no more calls of a model than its `concurrency`", async () => {
    await using model = Spin.load(undefined, { concurrency: 1 });
    const runs = countRuns();
    const calls = [1n, 2n, 3n].map((steps) => model.async.spin([[1, 2]], steps));
    expect(runs.stop()).toBe(1);
    await Promise.all(calls);
  });
});
