import { describe, expect, it } from "vitest";
import { Metrics } from "../../../generated/metrics.js";
import { Optimizers } from "../../../generated/optimizers.js";
import { Regression } from "../../../generated/regression.js";
import { kserve } from "../../../runtime/engines/kserve/index.js";
import { serving } from "../../../runtime/engines/serving/index.js";
import { evaluate, fit, type History, predict } from "../../../runtime/index.js";
import { expectRejection } from "../../support/errors.js";
import { startKServeGrpc, startKServeRest } from "../../support/servers/kserve-server.js";
import { startServingGrpc } from "../../support/servers/serving-server.js";
import { tempFolder } from "../../support/temp.js";

const ROWS = 70;
const x = Float32Array.from({ length: 2 * ROWS }, (_, index) => Math.sin(index));
const target = Float32Array.from({ length: ROWS }, (_, row) => (x[2 * row] ?? 0) - (x[2 * row + 1] ?? 0));
const data = [x, target, (step: number) => 0.1 / step] as const;
const options = { progress: false, batchSize: 16, epochs: 3, shuffle: { seed: 5 } } as const;

/** Everything in a history but the time that it took. */
function numbersOf(history: History): unknown {
  return history.epochs.map((epoch) => ({ ...epoch, seconds: 0 }));
}

/** The same training with synchronous methods: its history, and what the trained model evaluates and predicts. */
async function synchronous(): Promise<readonly unknown[]> {
  using model = Regression.load();
  const validation = { signature: model.evaluate, data: [x, target] as const };
  const history = await fit(model.train, data, { ...options, validation, earlyStopping: { patience: 2 } });
  const measured = await evaluate(model.evaluate, [x, target], { batchSize: 16 });
  const { data: heights } = await predict(model.pred, [x], { batchSize: 16 });
  return [numbersOf(history), history.bestEpoch, measured, [...heights]];
}

const ENGINES = {
  "KServe by gRPC": { start: startKServeGrpc, engine: kserve },
  "KServe by REST": { start: startKServeRest, engine: kserve },
  "Serving by gRPC": { start: startServingGrpc, engine: serving },
} as const;

describe("a connected client", () => {
  it.each(Object.entries(ENGINES))(
    "of %s is trained with the numbers of a loaded model",
    async (_, { start, engine }) => {
      await using server = await start("regression");
      await using model = await Regression.connect(engine({ url: server.url, model: "regression" }));
      const validation = { signature: model.evaluate, data: [x, target] as const };
      const history = await fit(model.train, data, { ...options, validation, earlyStopping: { patience: 2 } });
      const measured = await evaluate(model.evaluate, [x, target], { batchSize: 16 });
      const { data: heights } = await predict(model.pred, [x], { batchSize: 16 });
      expect([numbersOf(history), history.bestEpoch, measured, [...heights]]).toEqual(await synchronous());
    },
  );

  it("rejects options that need its variables before the first step", async () => {
    await using server = await startKServeGrpc("regression");
    await using model = await Regression.connect(kserve({ url: server.url, model: "regression" }));
    const before = server.calls;
    const best = fit(model.train, data, { ...options, earlyStopping: { patience: 1, restoreBest: true } });
    const { message } = await expectRejection(best, "UNSUPPORTED_BY_ENGINE");
    expect(message).toContain(`fit() earlyStopping.restoreBest: not supported for ${server.url}`);
    const saved = fit(model.train, data, { ...options, checkpoints: { directory: tempFolder() } });
    expect((await expectRejection(saved, "UNSUPPORTED_BY_ENGINE")).message).toContain("fit() checkpoints: ");
    expect(server.calls).toBe(before);
  });

  it("ends a training with the error of a step, and with ABORTED between two", async () => {
    let steps = 0;
    await using server = await startKServeGrpc("regression", {
      before: () => {
        if (++steps === 3) throw new Error("the server is full");
      },
    });
    await using model = await Regression.connect(kserve({ url: server.url, model: "regression" }));
    const { message } = await expectRejection(fit(model.train, data, options), "TF_INTERNAL");
    expect(message).toContain("the server is full");
    expect(steps).toBe(3);
    const controller = new AbortController();
    const onBatch = ({ step }: { readonly step: number }): void => {
      if (step === 2) controller.abort();
    };
    const aborted = fit(model.train, data, { ...options, onBatch, signal: controller.signal });
    await expectRejection(aborted, "ABORTED");
    expect(steps).toBe(5);
  });
});

describe("the methods of async", () => {
  it("train with the numbers of the synchronous ones, beside other calls", async () => {
    await using model = Regression.load();
    const others: Promise<unknown>[] = [];
    const validation = { signature: model.async.evaluate, data: [x, target] as const };
    const onBatch = (): void => void others.push(model.async.pred(x));
    const history = await fit(model.async.train, data, {
      ...options,
      validation,
      onBatch,
      earlyStopping: { patience: 2 },
    });
    await Promise.all(others);
    const measured = await evaluate(model.async.evaluate, [x, target], { batchSize: 16 });
    const { data: heights } = await predict(model.async.pred, [x], { batchSize: 16 });
    expect([numbersOf(history), history.bestEpoch, measured, [...heights]]).toEqual(await synchronous());
  });

  it("save checkpoints and restore the best weights in their turn", async () => {
    await using model = Regression.load();
    const checkpoints = { directory: `${tempFolder()}/model`, everySteps: 2 };
    const others: Promise<unknown>[] = [];
    // Waits for its turn, and changes nothing.
    const onBatch = (): void => void others.push(model.async.train(x, target, 0));
    const history = await fit(model.async.train, data, {
      ...options,
      onBatch,
      checkpoints,
      earlyStopping: { patience: 5, restoreBest: true },
    });
    await Promise.all(others);
    expect(history.bestEpoch).toBe(3);
    using saved = Regression.load(checkpoints.directory);
    expect(saved.weights().w.data).toEqual(model.weights().w.data);
  });

  it("reset metrics, whether they are given or found in the graph", async () => {
    const rows = [
      [
        [1, 2, 3],
        [0, 1, 0],
      ],
      [1n, 0n],
    ] as const;
    const train = async (choose: (model: Metrics) => Parameters<typeof fit>): Promise<unknown> => {
      using model = Metrics.load();
      const [signature, data, more] = choose(model);
      return numbersOf(await fit(signature, data, { progress: false, epochs: 3, batchSize: 1, ...more }));
    };
    const expected = await train(({ train }) => [train as never, rows as never]);
    expect(await train((model) => [model.async.train as never, rows as never])).toEqual(expected);
    const given = ({ async }: Metrics): Parameters<typeof fit> => [
      async.train as never,
      rows as never,
      { resetMetrics: [async.resetMetrics, async.resetMeasure] },
    ];
    expect(await train(given)).toEqual(expected);
  });

  it("train and evaluate a fake client", async () => {
    await using model = Optimizers.fake({ trainAdam: (_x, _target, rate) => rate });
    const history = await fit(model.async.trainAdam, [[[1, 2]], [[3]], 0.5], { progress: false });
    expect(Object.values(history.epochs[0]?.metrics ?? {})).toEqual([0.5]);
    const measured = await evaluate(model.async.trainAdam, [[[1, 2]], [[3]], 0.25]);
    expect(Object.values(measured)).toEqual([0.25]);
  });

  it("are those of this model for resetMetrics, and not of another", async () => {
    await using model = Metrics.load();
    await using other = Metrics.load();
    const resetMetrics = other.async.resetMetrics;
    const training = fit(model.async.train, [[[1, 2, 3]], [1n]], { progress: false, resetMetrics });
    expect((await expectRejection(training, "INVALID_OPTION")).message).toContain("of another one");
  });
});
