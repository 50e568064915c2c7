import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Composite } from "../../../generated/composite.js";
import { CustomModel } from "../../../generated/custom-model.js";
import { Metrics } from "../../../generated/metrics.js";
import { Regression } from "../../../generated/regression.js";
import { Text } from "../../../generated/text.js";
import { boundMethod } from "../../../runtime/client/bound-methods.js";
import { evaluate, predict, RaggedTensor, SparseTensor, type Tensor } from "../../../runtime/index.js";
import { expectRejection } from "../../support/errors.js";

/** The results of Keras' `evaluate` and `predict`; `test/models/authoring/metrics.py` writes it. */
const golden = JSON.parse(readFileSync(new URL("../../models/metrics.training.json", import.meta.url), "utf8")) as {
  readonly batch: number;
  readonly x: number[][];
  readonly label: number[];
  readonly inference: { readonly evaluated: Readonly<Record<string, number>>; readonly predicted: number[][] };
};
const { batch: batchSize, x, inference } = golden;
const label = golden.label.map(BigInt);

function expectClose(got: readonly number[][], want: readonly number[][]): void {
  expect(got.length).toBe(want.length);
  for (const [row, values] of got.entries()) {
    for (const [place, value] of values.entries()) {
      expect(Math.abs(value - (want[row]?.[place] ?? Number.NaN))).toBeLessThan(1e-6);
    }
  }
}

function* inBatches<Row, Other>(rows: readonly Row[], others: readonly Other[]): Generator<[Row[], Other[]]> {
  for (let from = 0; from < rows.length; from += batchSize) {
    yield [rows.slice(from, from + batchSize), others.slice(from, from + batchSize)];
  }
}

describe("evaluate and Keras' evaluate", () => {
  it.each([false, true])("evaluate equals Keras' evaluate with accumulating metrics, worker: %j", async (worker) => {
    using model = Metrics.load();
    // Earlier measurements do not count.
    model.evaluate([[9, 9, 9]], [0n]);
    const metrics = await evaluate(model.evaluate, [x, label], { batchSize, worker });
    expect(Object.keys(metrics).sort()).toEqual(Object.keys(inference.evaluated).sort());
    for (const [name, value] of Object.entries(inference.evaluated)) {
      expect(metrics[name as "loss"]).toBeCloseTo(value, 5);
    }
  });

  it.each<[string, (model: Metrics) => Promise<{ readonly loss: number; readonly accuracy: number }>]>([
    ["columns", (model) => evaluate(model.evaluateBatch, [x, label], { batchSize })],
    ["columns of one batch", (model) => evaluate(model.evaluateBatch, [x, label], { batchSize: 50 })],
    ["batches", (model) => evaluate(model.evaluateBatch, () => inBatches(x, label))],
    [
      "48 rows, which the signature takes by eight",
      (model) => evaluate(model.evaluateEight, [x.slice(0, 48), label.slice(0, 48)]),
    ],
  ])("evaluate equals Keras' evaluate with batch values, weighted by rows: %s", async (what, run) => {
    using model = Metrics.load();
    const { loss, accuracy } = await run(model);
    const want = what.startsWith("48")
      ? await evaluate(model.evaluateBatch, [x.slice(0, 48), label.slice(0, 48)], { batchSize: 48 })
      : inference.evaluated;
    expect(loss).toBeCloseTo(want.loss ?? Number.NaN, 5);
    expect(accuracy).toBeCloseTo(want.accuracy ?? Number.NaN, 5);
  });
});

describe("predict and Keras' predict", () => {
  it.each<[string, (model: Metrics) => Promise<Tensor<"float32", readonly number[]>>]>([
    ["columns", (model) => predict(model.predict, [x], { batchSize })],
    ["a typed array", (model) => predict(model.predict, [Float32Array.from(x.flat())], { batchSize: 7 })],
    ["columns on worker threads", (model) => predict(model.predict, [x], { batchSize, worker: true })],
    ["one batch", (model) => predict(model.predict, [x], { batchSize: 1000 })],
    [
      "batches",
      (model) => predict(model.predict, () => Array.from(inBatches(x, []), ([rows]): [number[][]] => [rows])),
    ],
    ["eight rows at a time, and six of the last batch", (model) => predict(model.predictEight, [x])],
  ])("predict equals Keras' predict for %s", async (_, run) => {
    using model = Metrics.load();
    const predicted = await run(model);
    expect(predicted.shape).toEqual([50, 2]);
    expectClose(predicted.toArray() as number[][], inference.predicted);
  });

  it("predict equals Keras' predict for fewer rows than the signature takes", async () => {
    using model = Metrics.load();
    const predicted = await predict(model.predictEight, [x.slice(0, 3)]);
    expectClose(predicted.toArray(), inference.predicted.slice(0, 3));
  });

  it("predict equals Keras' predict for one row at a time", async () => {
    using model = CustomModel.load();
    const rows = x.slice(0, 5).map(([a = 0, b = 0]) => [a, b] as [number, number]);
    const predicted = await predict(model.pred, [rows]);
    expect(predicted.toArray()).toEqual(rows.map((row) => model.pred([row]).toArray()[0]));
  });
});

describe("predict joins", () => {
  it("predict joins strings", async () => {
    using model = Text.load();
    const texts = ["a", "bb", "", "čč", "e"];
    const joined = await predict(model.echo, [texts], { batchSize: 2 });
    expect(joined).toEqual(model.echo(texts));
  });

  it("predict joins ragged results, also from a signature that takes two rows at a time", async () => {
    using model = Composite.load();
    const points = RaggedTensor.from(
      "float64",
      [
        [[1, 2]],
        [],
        [
          [3, 4],
          [5, 6],
        ],
        [[7, 8]],
        [],
      ],
      1,
    );
    const joined = await predict(model.pairs, [points]);
    const rows = points.toArray() as number[][][];
    const byHand = [0, 2].flatMap((from) => model.pairs(rows.slice(from, from + 2) as never).toArray());
    expect(joined.toArray()).toEqual([...byHand, ...model.pairs([[], []]).toArray().slice(0, 1)]);
    expect(joined.shape).toEqual([5, null, 2]);
  });

  it("predict joins sparse results", async () => {
    using model = Composite.load();
    const sparse = SparseTensor.fromDense("float32", [
      [0, 1, 0],
      [0, 0, 0],
      [2, 0, 3],
      [0, 0, 4],
      [5, 0, 0],
    ]);
    const ragged = RaggedTensor.from("float32", [
      [1, 0],
      [2, 3],
      [0, 7],
      [4, 6],
      [1, 1],
    ]);
    const joined = await predict(model.mix, [ragged, 0.5, sparse], { batchSize: 2 });
    const whole = model.mix(ragged, 0.5, sparse);
    expect(joined.scaled.equals(whole.scaled)).toBe(true);
    expect(joined.twice.equals(whole.twice)).toBe(true);
    expect(joined.sums).toEqual(whole.sums);
    expect(joined.dense).toEqual(whole.dense);
  });

  it("predict joins the results of a function", async () => {
    using model = Metrics.fake({ predict: (rows) => rows.toArray().map(([a = 0]) => [a, rows.shape[0]]) });
    const predicted = await predict(model.predict, [x.slice(0, 5)], { batchSize: 2 });
    expect(predicted.toArray()).toEqual(x.slice(0, 5).map(([a = 0], row) => [a, row < 4 ? 2 : 1]));
    function* doubling(): Generator<[number[][]]> {
      for (const rows of [1, 2, 3, 1]) yield [x.slice(0, rows)];
    }
    expect((await predict(model.predict, doubling)).shape).toEqual([7, 2]);
  });
});

describe("silently wrong results", () => {
  it("evaluate rejects rows that do not fill a batch", async () => {
    using model = Metrics.load();
    const { message } = await expectRejection(evaluate(model.evaluateEight, [x, label]), "INVALID_DATA");
    expect(message).toBe(
      "INVALID_DATA: evaluate_eight(): 50 rows are not a multiple of 8, and the signature takes 8 at a time. " +
        "Pass 48 or 56 rows, or export the signature for any number of rows.",
    );
    const few = evaluate(model.evaluateEight, [x.slice(0, 3), label.slice(0, 3)]);
    expect((await expectRejection(few, "INVALID_DATA")).fix).toMatch(/^Pass 8 rows, /);
  });

  it("evaluate rejects metrics that accumulate from earlier calls", async () => {
    using model = Metrics.load();
    const running = evaluate(model.evaluate, [x, label], { resetMetrics: [] });
    expect((await expectRejection(running, "INVALID_OPTION")).rawMessage).toBe(
      'evaluate(): "accuracy" accumulates over calls, because nothing resets it',
    );
    await evaluate(model.evaluate, [x, label], { resetMetrics: false });
  });

  it("predict rejects an output without rows", async () => {
    using model = Metrics.load();
    const { rawMessage } = await expectRejection(predict(model.evaluate, [x, label]), "SIGNATURE_UNSUPPORTED");
    expect(rawMessage).toBe('predict(): evaluate() does not predict row by row: its output "accuracy" is a scalar');
    using regression = Regression.load();
    expect(
      (await expectRejection(predict(regression.weights, [] as never), "SIGNATURE_UNSUPPORTED")).code,
    ).toBeTruthy();
  });

  it("predict rejects padding rows that would change variables", async () => {
    using model = Metrics.load();
    const bound = boundMethod(model.predictEight);
    const call = bound?.calls.prepare(bound.key, bound.calls.method(bound.key));
    Object.defineProperty(call, "writes", { value: true });
    const { rawMessage } = await expectRejection(predict(model.predictEight, [x]), "INVALID_DATA");
    expect(rawMessage).toBe(
      "predict_eight() takes 8 rows at a time and may change variables, so its last batch cannot be padded: " +
        "6 rows are missing",
    );
    expect((await predict(model.predictEight, [x.slice(0, 16)])).shape).toEqual([16, 2]);
  });

  it("predict rejects results with another number of rows", async () => {
    using model = Text.fake({ echo: () => ["a"] });
    const { rawMessage } = await expectRejection(predict(model.echo, [["a", "b"]]), "INVALID_RESULT");
    expect(rawMessage).toBe('echo(): output "data": expected 2 rows, got string [1]');
  });

  it("predict rejects results whose rows differ in shape", async () => {
    // As one pads the rows of each batch to the longest of them.
    using model = Composite.fake({
      mix: (rows) => ({
        dense: rows.toArray(),
        scaled: { indices: [], values: [], shape: [1, 3] },
        sums: [0],
        twice: rows,
      }),
    });
    const sparse = SparseTensor.fromDense("float32", [
      [0, 1, 0],
      [0, 0, 0],
    ]);
    const predicted = predict(model.mix, [[[1, 2, 3], [4]], 0.5, sparse], { batchSize: 1 });
    expect((await expectRejection(predicted, "INVALID_RESULT")).rawMessage).toBe(
      'mix(): output "dense": expected [?, 3] as of the batches before, got [?, 1]',
    );
  });

  it("predict rejects a function that is not a method, an invalid batch, and an aborted call", async () => {
    using model = Metrics.load();
    const { message } = await expectRejection(predict((() => {}) as never, [x] as never), "INVALID_ARGUMENT");
    expect(message).toBe(
      "INVALID_ARGUMENT: predict() takes a method of a generated client. " +
        "Pass the method itself: `predict(model.predict, …)`.",
    );
    await expectRejection(evaluate((() => {}) as never, [x] as never), "INVALID_ARGUMENT");
    await expectRejection(predict(model.predict, new Set<never>()), "INVALID_DATA");
    await expectRejection(evaluate(model.evaluateBatch, new Set<never>()), "INVALID_DATA");
    await expectRejection(predict(model.predict, [x], { batch: 3 } as never), "INVALID_OPTION");
    const signal = AbortSignal.abort("enough");
    for (const call of [predict(model.predict, [x], { signal }), evaluate(model.evaluate, [x, label], { signal })]) {
      expect((await expectRejection(call, "ABORTED")).cause).toBe("enough");
    }
  });
});
