import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Counter } from "../../../generated/counter.js";
import { Metrics } from "../../../generated/metrics.js";
import { Regression } from "../../../generated/regression.js";
import { fit, type History, type ResetMethod } from "../../../runtime/index.js";
import { expectRejection } from "../../support/errors.js";

interface Rows {
  readonly x: readonly (readonly number[])[];
  readonly label: readonly number[];
}

/** The trainings of Keras itself; `test/models/authoring/metrics.py` writes them. */
interface Trainings extends Rows {
  readonly batch: number;
  readonly epochs: number;
  readonly held: Rows;
  readonly trainings: readonly {
    readonly rows: number;
    readonly history: Readonly<Record<string, readonly number[]>>;
  }[];
}

const file = new URL("../../models/metrics.training.json", import.meta.url);
const golden = JSON.parse(readFileSync(file, "utf8")) as Trainings;
const { batch: batchSize, epochs, trainings } = golden;
const SILENT = { progress: false } as const;

function columns({ x, label }: Rows, rows: number = x.length): [number[][], bigint[]] {
  return [x.slice(0, rows).map((row) => [...row]), label.slice(0, rows).map(BigInt)];
}

const held = columns(golden.held);

/** The metrics by the names that Keras gives them. */
function byKerasName(history: History): Record<string, readonly number[]> {
  const [first] = history.epochs;
  const values = (kind: "metrics" | "validation", prefix: string): [string, number[]][] =>
    Object.keys(first?.[kind] ?? {}).map((name) => [
      prefix + name,
      history.epochs.map((epoch) => epoch[kind]?.[name] ?? Number.NaN),
    ]);
  return Object.fromEntries([...values("metrics", ""), ...values("validation", "val_")]);
}

function expectClose(got: readonly number[] | undefined, want: readonly number[] | undefined): void {
  expect(got?.length).toBe(want?.length);
  for (const [index, value] of (got ?? []).entries()) {
    expect(Math.abs(value - (want?.[index] ?? Number.NaN))).toBeLessThan(1e-5);
  }
}

describe("history and Keras' history", () => {
  const cases = trainings.flatMap(({ rows, history }) => [false, true].map((worker) => ({ rows, history, worker })));

  it.each(cases)(
    "the history equals that of Keras' fit with accumulating metrics that are reset: $rows rows, worker: $worker",
    async (training) => {
      using model = Metrics.load();
      const history = await fit(model.train, columns(golden, training.rows), {
        ...SILENT,
        epochs,
        batchSize,
        worker: training.worker,
        validation: { signature: model.evaluate, data: held, batchSize },
        resetMetrics: model.resetMetrics,
      });
      const got = byKerasName(history);
      expect(Object.keys(got).sort()).toEqual(Object.keys(training.history).sort());
      for (const [name, values] of Object.entries(training.history)) expectClose(got[name], values);
      expect(history.notes).toEqual([]);
    },
  );

  it.each(trainings)(
    "the history equals that of Keras' fit with batch values, weighted by rows: $rows rows",
    async (training) => {
      using model = Metrics.load();
      const history = await fit(model.trainBatch, columns(golden, training.rows), {
        ...SILENT,
        epochs,
        batchSize,
        validation: { signature: model.evaluateBatch, data: held, batchSize },
      });
      const got = byKerasName(history);
      for (const name of ["loss", "accuracy", "val_loss", "val_accuracy"])
        expectClose(got[name], training.history[name]);
    },
  );

  it("finds the signature that resets metrics in the graph by default", async () => {
    using model = Metrics.load();
    const [training] = trainings;
    const history = await fit(model.train, columns(golden, training?.rows), {
      ...SILENT,
      epochs,
      batchSize,
      validation: { signature: model.evaluate, data: held, batchSize },
      earlyStopping: { monitor: "validation_auc", mode: "max", patience: epochs },
    });
    const got = byKerasName(history);
    for (const [name, values] of Object.entries(training?.history ?? {})) expectClose(got[name], values);
    expect(history.notes).toEqual([
      "reset_metrics() is called before each epoch and each validation, to reset metrics",
    ]);
    const best = training?.history.val_auc ?? [];
    expect(history.bestEpoch).toBe(best.indexOf(Math.max(...best)) + 1);
  });
});

describe("metrics that nothing resets", () => {
  const options = { ...SILENT, epochs: 2, batchSize, resetMetrics: [] } as const;

  it("metrics that nothing resets have their last value, and are named before the first step", async () => {
    using model = Metrics.load();
    using same = Metrics.load();
    const [x, label] = columns(golden);
    const seen: string[] = [];
    const history = await fit(model.train, [x, label], {
      ...options,
      progress: { write: (text: string) => void seen.push(text) },
    });
    const losses: number[] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      for (let from = 0; from < x.length; from += batchSize) {
        losses.push(same.train(x.slice(from, from + batchSize), label.slice(from, from + batchSize)).loss);
      }
    }
    expect(history.metric("loss")).toEqual([losses[3], losses[7]]);
    expect(history.notes).toEqual([
      '"accuracy" of train() is not of one epoch: it accumulates, because nothing resets the variable "accuracy/count"',
      '"auc" of train() is not of one epoch: it accumulates, because nothing resets the variable "auc/false_negatives"',
      '"loss" of train() is not of one epoch: it accumulates, because nothing resets the variable "loss/count"',
    ]);
    expect(seen.slice(0, 3)).toEqual(history.notes.map((note) => `note: ${note}\n`));
  });

  it("metrics that nothing resets cannot determine the best epoch, unless accepted", async () => {
    using model = Metrics.load();
    const [x, label] = columns(golden);
    const watching = (resetMetrics: false | []): Promise<History> =>
      fit(model.trainBatch, [x, label], {
        ...options,
        resetMetrics,
        validation: { signature: model.evaluate, data: held },
        earlyStopping: { monitor: "validation_loss" },
      });
    const before = model.evaluateBatch(...held);
    const { message } = await expectRejection(watching([]), "INVALID_OPTION");
    expect(message).toBe(
      'INVALID_OPTION: fit() earlyStopping: "validation_loss" accumulates from epoch to epoch, because nothing resets it. ' +
        "Pass the signature that resets the model's metrics as `resetMetrics`, or export one; " +
        "`resetMetrics: false` continues without.",
    );
    expect(model.evaluateBatch(...held)).toEqual(before);
    expect((await watching(false)).notes).toEqual([]);
  });

  it("names metrics that the given signature does not reset", async () => {
    using model = Metrics.load();
    const { notes } = await fit(model.measure, [[[1, 2, 3]]], { ...SILENT, resetMetrics: model.resetMetrics });
    expect(notes).toEqual([
      '"mean" of measure() is not of one epoch: it accumulates, because nothing resets the variable "count"',
      '"sum" of measure() is not of one epoch: it accumulates, because nothing resets the variable "total"',
    ]);
  });
});

describe("accumulating outputs", () => {
  it("a manually computed running mean accumulates, even in variables marked as trainable", async () => {
    using model = Metrics.load();
    const x = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ];
    const history = await fit(model.measure, [x], { ...SILENT, epochs: 2, batchSize: 2 });
    expect(history.epochs.map(({ metrics }) => metrics)).toEqual(
      [1, 2].map(() => ({ largest: (6 * 2 + 9) / 3, mean: 5, sum: 45 })),
    );
  });

  it("a step counter of the model accumulates, and is never reset", async () => {
    using model = Metrics.load();
    const history = await fit(model.trainBatch, columns(golden), { ...SILENT, epochs: 2, batchSize });
    expect([history.metric("steps"), history.notes]).toEqual([[4, 8], []]);
  });

  it("a batch value computed with a step counter does not accumulate, and the counter is not reset", async () => {
    using model = Metrics.load();
    const history = await fit(
      model.anneal,
      [
        [
          [1, 1, 1],
          [2, 2, 2],
        ],
      ],
      { ...SILENT, epochs: 2, batchSize: 1 },
    );
    expect([history.metric("annealed"), history.notes]).toEqual([[(1 + 2 * 2) / 2, (3 + 2 * 4) / 2], []]);
  });

  it("a loss before the update does not accumulate, however the weights change", async () => {
    using model = Regression.load();
    const losses: number[] = [];
    const x = [
      [1, 0],
      [0, 1],
    ];
    const history = await fit(model.train, [x, [[1], [3]], 0.1], {
      ...SILENT,
      batchSize: 1,
      onBatch: ({ metrics }) => void losses.push(metrics.loss),
    });
    expect(history.metric("loss")[0]).toBeCloseTo(((losses[0] ?? 0) + (losses[1] ?? 0)) / 2, 10);
    expect(history.notes).toEqual([]);
  });
});

describe("invalid resetMetrics", () => {
  const cases: [string, (model: Metrics, other: Metrics) => ResetMethod, string][] = [
    ["what is not a method", () => (() => {}) as never, "got something else"],
    ["a method of another model", (_, other) => other.resetMetrics, "got reset_metrics() of another one"],
    ["a signature with inputs", (model) => model.evaluate as never, 'and take no inputs: evaluate() has "x"'],
  ];
  it.each(cases)("resetMetrics rejects %s", async (_, given, message) => {
    using model = Metrics.load();
    using other = Metrics.load();
    const training = fit(model.train, columns(golden), { ...SILENT, resetMetrics: given(model, other) });
    expect((await expectRejection(training, "INVALID_OPTION")).rawMessage).toBe(
      `fit(): resetMetrics must be methods of the model that is trained, ${message}`,
    );
  });

  it("resetMetrics resets nothing of a fake client", async () => {
    let resets = 0;
    using model = Metrics.fake({
      trainBatch: () => ({ accuracy: 0.5, loss: 1, steps: 1n }),
      resetMetrics: () => {
        resets++;
        return true;
      },
    });
    await fit(model.trainBatch, columns(golden), { ...SILENT, epochs: 3, resetMetrics: model.resetMetrics });
    expect(resets).toBe(3);
    using counter = Counter.fake({ increment: () => 1 });
    expect((await fit(counter.increment, [1] as never, SILENT).catch((error) => error.code)) as unknown).toBe(
      "INVALID_DATA",
    );
  });
});
