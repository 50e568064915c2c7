import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Counter } from "../../../../generated/counter.js";
import { CustomModel } from "../../../../generated/custom-model.js";
import { nativeApi } from "../../../../runtime/engines/local/native/c-api.js";
import { ShortRuns } from "../../../../runtime/engines/local/run/short-runs.js";
import { Model } from "../../../../runtime/index.js";
import { modelFolder } from "../../../support/temp.js";

describe("ShortRuns", () => {
  const runs = (...durations: readonly number[]): ShortRuns => {
    const runs = new ShortRuns();
    for (const duration of durations) runs.noteOnWorker(100, duration);
    return runs;
  };
  const eight = Array.from({ length: 8 }, () => 0.05);

  it("runs are short after eight short ones of at least their size", () => {
    expect(runs(...eight.slice(1)).isShort(100)).toBe(false);
    expect(runs(...eight).isShort(100)).toBe(true);
    expect(runs(...eight).isShort(101)).toBe(false);
    expect(runs(0.05, 14, ...eight.slice(1)).isShort(100)).toBe(false);
  });

  it("a larger size has to be proven anew", () => {
    const larger = runs(...eight);
    larger.noteOnWorker(200, 0.05);
    expect(larger.isShort(100)).toBe(false);
    for (const duration of eight) larger.noteOnWorker(200, duration);
    expect(larger.isShort(200)).toBe(true);
  });

  it("long runs on the calling thread end it, unless most others are short", () => {
    const long = runs(...eight);
    for (const duration of [3, 0.2, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 3, 0.2]) {
      long.noteHere(duration);
      expect(long.isShort(100)).toBe(true);
    }
    long.noteHere(3);
    expect(long.isShort(100)).toBe(false);
    for (const duration of eight) long.noteOnWorker(100, duration);
    expect(long.isShort(100)).toBe(true);
    for (const duration of [0.2, 0.2, 0.2, 0.2]) long.noteHere(duration);
    expect(long.isShort(100)).toBe(false);
  });

  it("long runs of larger sizes do not count", () => {
    const short = runs(...eight);
    for (let run = 0; run < 10; run++) short.noteOnWorker(200, 14);
    expect(short.isShort(100)).toBe(true);
  });
});

describe("asynchronous calls", () => {
  let now = 0;
  let step = 0;
  let workerRuns = 0;
  const api = nativeApi() as { sessionRunOnWorker: (...parameters: unknown[]) => void };
  const { sessionRunOnWorker } = api;
  beforeEach(() => {
    // The test says how long a run takes: machines differ.
    vi.spyOn(performance, "now").mockImplementation(() => (now += step));
    step = 0;
    workerRuns = 0;
    api.sessionRunOnWorker = (...parameters) => {
      workerRuns++;
      sessionRunOnWorker(...parameters);
    };
  });
  afterEach(() => {
    vi.restoreAllMocks();
    api.sessionRunOnWorker = sessionRunOnWorker;
  });

  it("eight short runs go to a worker, further ones do not; results are the same", async () => {
    using model = CustomModel.load(modelFolder("custom_model"));
    const expected = model.pred([[1, 2]]).toArray();
    for (let count = 0; count < 20; count++) expect((await model.async.pred([[1, 2]])).toArray()).toEqual(expected);
    expect(workerRuns).toBe(8);
    const many = Array.from({ length: 50 }, () => model.async.pred([[1, 2]]));
    for (const result of await Promise.all(many)) expect(result.toArray()).toEqual(expected);
    expect(workerRuns).toBe(8);
  });

  it("long runs always go to a worker", async () => {
    using model = CustomModel.load(modelFolder("custom_model"));
    step = 5;
    for (let count = 0; count < 20; count++) await model.async.pred([[1, 2]]);
    expect(workerRuns).toBe(20);
  });

  it("a run beside a long one goes to a worker", async () => {
    using model = CustomModel.load(modelFolder("custom_model"));
    using spin = Model.load(modelFolder("spin"));
    for (let count = 0; count < 10; count++) await model.async.pred([[1, 2]]);
    expect(workerRuns).toBe(8);
    const long = spin.runAsync("spin", { x: [[1, 2]], steps: 20_000n });
    await model.async.pred([[1, 2]]);
    expect(workerRuns).toBe(10);
    await long;
    await model.async.pred([[1, 2]]);
    expect(workerRuns).toBe(10);
  });

  it("a signature with a loop, or with integers that may be sizes, always runs on a worker", async () => {
    using spin = Model.load(modelFolder("spin"));
    for (let count = 0; count < 12; count++) await spin.runAsync("spin", { x: [[1, 2]], steps: 1n });
    using dtypes = Model.load(modelFolder("dtypes"));
    for (let count = 0; count < 12; count++) await dtypes.runAsync("int32", { x: [1, 2] });
    expect(workerRuns).toBe(24);
  });

  it("a program that awaits one short call after another lets timers have their turn", async () => {
    using model = CustomModel.load(modelFolder("custom_model"));
    for (let count = 0; count < 10; count++) await model.async.pred([[1, 2]]);
    step = 0.02;
    let turns = 0;
    const count = (): void => {
      turns++;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    for (let call = 0; call < 1000; call++) await model.async.pred([[1, 2]]);
    clearImmediate(immediate);
    // 1,000 runs of 0.02 ms are 20 slices of 1 ms.
    expect(turns).toBeGreaterThanOrEqual(18);
    expect(turns).toBeLessThanOrEqual(25);
    expect(workerRuns).toBe(8);
  });

  it("inputs are read before the call returns, also where it waits for the next slice", async () => {
    using model = CustomModel.load(modelFolder("custom_model"));
    const [expected] = model.pred([[3, 4]]).data;
    for (let count = 0; count < 10; count++) await model.async.pred([[1, 2]]);
    step = 0.09;
    const input = new Float32Array(2);
    const results = Array.from({ length: 100 }, () => {
      input.set([3, 4]);
      const result = model.async.pred(input);
      input.fill(0);
      return result;
    });
    for (const { data } of await Promise.all(results)) expect(data[0]).toBe(expected);
    expect(workerRuns).toBe(8);
  });

  it("no call that changes variables is lost, in whichever thread it runs", async () => {
    using model = Counter.load(modelFolder("counter"));
    const calls = Array.from({ length: 200 }, () => model.async.increment(1));
    const counts = (await Promise.all(calls)).map(Number).sort((a, b) => a - b);
    expect(counts).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  it("an error is that of the call", async () => {
    using model = Model.load(modelFolder("regression"));
    const x = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const train = (target: number[][]) => model.runAsync("train", { x, target, learning_rate: 0.1 });
    for (let count = 0; count < 10; count++) await train([[3], [4], [5]]);
    expect(workerRuns).toBe(8);
    await expect(train([[3], [4]])).rejects.toMatchObject({ code: "TF_INVALID_ARGUMENT" });
    await train([[3], [4], [5]]);
    expect(workerRuns).toBe(8);
  });
});
