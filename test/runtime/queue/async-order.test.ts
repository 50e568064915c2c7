import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Keras3 } from "../../../generated/keras3.js";
import { Spin } from "../../../generated/spin.js";
import { threadPool } from "../../../runtime/engines/local/run/thread-pool.js";
import type { BatchingOptions } from "../../../runtime/index.js";
import { expectRejection } from "../../support/errors.js";
import { countRuns } from "../../support/runs.js";
import { tempFolder } from "../../support/temp.js";

const X: [number, number, number][] = [[1, 2, 3]];
const Y: [number][] = [[40]];

/** Some tenths of a second of turning. */
const LONG = 60_000;

/** Longer than any test: a batch is flushed by what happens, never by the clock. */
const FOREVER = 2 ** 31 - 1;

function load(
  batching: Readonly<Record<string, BatchingOptions>> = { predict: { maxBatch: 16, maxDelayMs: FOREVER } },
) {
  return Keras3.load(undefined, { batching });
}

/** The results of `predict` before any step of `train`, and after each. */
function predictions(): readonly number[] {
  using model = Keras3.load();
  const predict = (): number => model.predict(X).data[0] ?? Number.NaN;
  return [
    predict(),
    ...Array.from({ length: 3 }, () => {
      model.train(X, Y);
      return predict();
    }),
  ];
}

/** After how many steps of `train` a prediction was made: in a larger batch its last digits may be others. */
async function stepsBefore(prediction: Promise<{ readonly data: Float32Array }>): Promise<number> {
  const { data } = await prediction;
  return STEPS.findIndex((value) => Math.abs(value - (data[0] ?? Number.NaN)) < 1e-5);
}

const STEPS = predictions();

describe("batched and writing calls", () => {
  it("the tests distinguish batched from unbatched calls", () => {
    const differences = STEPS.slice(1).map((value, index) => Math.abs(value - (STEPS[index] ?? Number.NaN)));
    expect(Math.min(...differences)).toBeGreaterThan(1e-4);
  });

  it.each([0, 20])(
    "batched and writing calls start in the order in which they were made, with a maxDelayMs of %d",
    async (maxDelayMs) => {
      await using model = load({ predict: { maxBatch: 16, maxDelayMs } });
      const predict = (): Promise<number> => stepsBefore(model.async.predict(X));
      const seen: Promise<number>[] = [];
      for (let step = 0; step < 3; step++) {
        seen.push(predict(), predict());
        void model.async.train(X, Y);
      }
      seen.push(predict());
      expect(await Promise.all(seen)).toEqual([0, 0, 1, 1, 2, 2, 3]);
    },
  );

  it("a writing call does not wait for the delay of a batch", async () => {
    await using model = load();
    const runs = countRuns();
    const early = [model.async.predict(X), model.async.predict(X)];
    const { step } = await model.async.train(X, Y);
    expect(await Promise.all(early.map(stepsBefore))).toEqual([0, 0]);
    expect([step, runs.stop()]).toEqual([1n, 2]);
  });

  it("calls of several batched signatures keep their order", async () => {
    const options = { maxBatch: 16, maxDelayMs: FOREVER };
    const model = load({ predict: options, serving_default: options });
    const ask = (): Promise<number>[] => [model.async.predict(X), model.async.servingDefault(X)].map(stepsBefore);
    const before = [...ask(), ...ask()];
    const trained = model.async.train(X, Y);
    const after = ask();
    await model.close();
    expect(await Promise.all([...before, ...after])).toEqual([0, 0, 0, 0, 1, 1]);
    expect((await trained).step).toBe(1n);
  });

  it("calls of batched and unbatched signatures keep their order", async () => {
    const model = load();
    const ask = (): Promise<number>[] => [model.async.predict(X), model.async.servingDefault(X)].map(stepsBefore);
    const seen = ask();
    for (let step = 0; step < 2; step++) {
      void model.async.train(X, Y);
      seen.push(...ask());
    }
    await model.close();
    expect(await Promise.all(seen)).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it("calls keep their order if one of the batch is aborted", async () => {
    await using model = load();
    const controller = new AbortController();
    const first = model.async.predict(X);
    const given = model.async.predict(X, { signal: controller.signal });
    const last = model.async.predict(X);
    controller.abort();
    const trained = model.async.train(X, Y);
    await expectRejection(given, "ABORTED");
    expect(await Promise.all([first, last].map(stepsBefore))).toEqual([0, 0]);
    expect((await trained).step).toBe(1n);
  });

  it("calls keep their order if one of the batch fails and the others are retried", async () => {
    await using model = Spin.load(undefined, { batching: { half: { maxBatch: 8, maxDelayMs: FOREVER } } });
    const order: string[] = [];
    const note = (name: string) => (): unknown => order.push(name);
    const halves = [2, Number.NaN, 4].map((x) => model.async.half([[x, 0]]).then(note("half"), note("failed")));
    await Promise.all([...halves, model.async.count([[1, 0]], 1).then(note("count"))]);
    expect(order.toSorted()).toEqual(["count", "failed", "half", "half"]);
    expect(order.at(-1)).toBe("count");
  });
});

describe("while a batch is collected", () => {
  it("a synchronous call that changes variables throws while a batch is collected, and one that reads does not", async () => {
    await using model = load({ predict: { maxBatch: 16 } });
    const waiting = model.async.predict(X);
    expect(() => model.train(X, Y)).toThrow(/^BUSY: train\(\): calls that read variables are waiting to be run\./);
    expect(model.predict(X).data[0]).toBe(STEPS[0]);
    expect(await stepsBefore(waiting)).toBe(0);
    expect(model.train(X, Y).step).toBe(1n);
  });

  it("`restore` throws while a batch is collected, and saving does not", async () => {
    const model = load();
    const prefix = join(tempFolder(), "trained");
    model.train(X, Y);
    model.saveWeights(prefix);
    model.train(X, Y);
    const waiting = model.async.predict(X);
    expect(() => model.restore(prefix)).toThrow(/^BUSY: restore\(\)/);
    model.saveWeights(join(tempFolder(), "again"));
    model.save(join(tempFolder(), "model"));
    expect(model.variables()).not.toEqual([]);
    await model.close();
    expect(await stepsBefore(waiting)).toBe(2);
  });

  it("`close` runs the collected batch, and `dispose` rejects its calls", async () => {
    const closed = load();
    const accepted = closed.async.predict(X);
    await closed.close();
    expect([await stepsBefore(accepted), closed.pending]).toEqual([0, 0]);
    const disposed = load();
    const refused = [disposed.async.predict(X), disposed.async.predict(X)];
    disposed.dispose();
    for (const call of refused) await expectRejection(call, "DISPOSED");
    expect(disposed.pending).toBe(0);
    await disposed.close();
  });

  it("a model closes immediately if all collected calls were aborted", async () => {
    const model = load();
    const calls = [1, 2].map(() => model.async.predict(X, { signal: AbortSignal.timeout(1) }));
    for (const call of calls) await expectRejection(call, "ABORTED");
    expect(model.pending).toBe(0);
    expect(model.train(X, Y).step).toBe(1n);
    await model.close();
  });
});

describe("a synchronous call", () => {
  it("a synchronous call does not overtake a waiting call that changes variables", async () => {
    await using model = Spin.load();
    const reading = model.async.spin([[1, 0]], LONG);
    const waiting = model.async.count([[1, 0]], 1);
    expect(() => model.turned()).toThrow(/^BUSY: turned\(\): a call that changes variables is waiting to be run\./);
    await Promise.all([reading, waiting]);
    expect(model.turned()).toBe(1n);
  });

  it("a synchronous call changes no variables before calls that wait for the workers of other models", async () => {
    await using other = Spin.load();
    await using model = Keras3.load();
    const turning = Array.from({ length: threadPool.capacity }, () => other.async.spin([[1, 0]], LONG));
    const waiting = model.async.predict(X);
    expect(() => model.train(X, Y)).toThrow(/^BUSY: train\(\): calls that read variables are waiting to be run\./);
    expect(await stepsBefore(waiting)).toBe(0);
    await Promise.all(turning);
  });

  it("a synchronous call may follow an awaited call, whether batched or failed", async () => {
    await using model = Spin.load(undefined, { batching: { half: { maxBatch: 64 } } });
    await model.async.half([[2, 4]]);
    expect(model.count([[1, 0]], 1).turns).toBe(1n);
    const calls = Array.from({ length: 33 }, (_, index) => model.async.half([[index === 32 ? Number.NaN : index, 0]]));
    await expectRejection(calls[32] as Promise<unknown>, "TF_INVALID_ARGUMENT");
    expect(model.count([[1, 0]], 1).turns).toBe(2n);
    await Promise.all(calls.slice(0, 32));
  });
});
