import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Counter } from "../../../generated/counter.js";
import { CustomModel } from "../../../generated/custom-model.js";
import { Keras3 } from "../../../generated/keras3.js";
import { Regression } from "../../../generated/regression.js";
import { type BatchEvent, fit, Tensor, TrainingError } from "../../../runtime/index.js";
import { expectRejection } from "../../support/errors.js";
import { ownTemporaryFolder, tempFolder } from "../../support/temp.js";

const ROWS = 10;
/** Rows of target = 2 x0 - 3 x1 + 1. */
const X: number[][] = Array.from({ length: ROWS }, (_, row) => [Math.sin(row), Math.cos(row)]);
const TARGET: number[][] = X.map(([a = 0, b = 0]) => [2 * a - 3 * b + 1]);
const SILENT = { progress: false } as const;

/** Results of a loop over `model.train`, which `fit` should equal. */
function byHand(model: Regression, epochs: number, size: number, rate: (step: number) => number): number[] {
  const losses: number[] = [];
  for (let epoch = 0, step = 1; epoch < epochs; epoch++) {
    for (let from = 0; from < ROWS; from += size, step++) {
      losses.push(model.train(X.slice(from, from + size), TARGET.slice(from, from + size), rate(step)).loss);
    }
  }
  return losses;
}

describe("fit and a loop", () => {
  it.each([
    ["nested arrays", X, TARGET],
    ["typed arrays", Float32Array.from(X.flat()), Float32Array.from(TARGET.flat())],
    ["tensors", Tensor.from("float32", X), Tensor.from("float32", TARGET)],
  ])("fit makes the steps of a loop with %s", async (_, x, target) => {
    using model = Regression.load();
    using same = Regression.load();
    const losses: number[] = [];
    const history = await fit(model.train, [x as number[][], target as number[][], 0.1], {
      ...SILENT,
      epochs: 3,
      batchSize: 4,
      onBatch: ({ metrics }) => void losses.push(metrics.loss),
    });
    expect(losses).toEqual(byHand(same, 3, 4, () => 0.1));
    expect(model.weights().w.toArray()).toEqual(same.weights().w.toArray());
    expect(history.epochs.map(({ epoch, step, rows }) => [epoch, step, rows])).toEqual([
      [1, 3, 10],
      [2, 6, 10],
      [3, 9, 10],
    ]);
  });

  it("fit makes the steps of a loop with a schedule, whose values are in the history", async () => {
    using model = Regression.load();
    using same = Regression.load();
    const rate = (step: number): number => 0.1 / step;
    const { epochs } = await fit(model.train, [X, TARGET, rate], { ...SILENT, epochs: 2, batchSize: 5 });
    byHand(same, 2, 5, rate);
    expect(model.weights().w.toArray()).toEqual(same.weights().w.toArray());
    expect(epochs.map(({ constants }) => constants)).toEqual([{ learning_rate: 0.05 }, { learning_rate: 0.025 }]);
  });

  it("fit makes the steps of a loop with batches, also asynchronous ones", async () => {
    using model = Regression.load();
    using same = Regression.load();
    async function* batches(): AsyncGenerator<[number[][], number[][], number]> {
      for (let from = 0; from < ROWS; from += 4) {
        await new Promise((resolve) => setImmediate(resolve));
        yield [X.slice(from, from + 4), TARGET.slice(from, from + 4), 0.1];
      }
    }
    const { epochs } = await fit(model.train, batches, { ...SILENT, epochs: 2 });
    byHand(same, 2, 4, () => 0.1);
    expect(model.weights().w.toArray()).toEqual(same.weights().w.toArray());
    expect(epochs.map(({ rows }) => rows)).toEqual([10, 10]);
    await fit(model.train, [[X, TARGET, 0.1] as const].values() as never, SILENT);
  });

  it("fit makes the steps of a loop on a worker thread", async () => {
    using model = Regression.load();
    using same = Regression.load();
    await fit(model.train, [X, TARGET, 0.1], { ...SILENT, epochs: 3, batchSize: 4, worker: true });
    byHand(same, 3, 4, () => 0.1);
    expect(model.weights().w.toArray()).toEqual(same.weights().w.toArray());
  });

  it("fit makes the steps of a loop with a stateful optimizer", async () => {
    using model = Keras3.load();
    using same = Keras3.load();
    const x = X.map((row) => [...row, 1] as [number, number, number]);
    const target = TARGET as [number][];
    await fit(model.train, [x, target], { ...SILENT, epochs: 2, batchSize: ROWS });
    for (let step = 0; step < 2; step++) same.train(x, target);
    expect(model.predict(x).toArray()).toEqual(same.predict(x).toArray());
  });
});

describe("fit", () => {
  it("fit averages metrics by rows", async () => {
    using model = Regression.load();
    const events: BatchEvent[] = [];
    const history = await fit(model.train, [X, TARGET, 0.1], {
      ...SILENT,
      batchSize: 4,
      onBatch: (event) => void events.push(event),
    });
    const sum = events.reduce((total, { rows, metrics }) => total + rows * (metrics.loss ?? 0), 0);
    expect(events.map(({ rows, step, stepOfEpoch, epoch }) => [rows, step, stepOfEpoch, epoch])).toEqual([
      [4, 1, 1, 1],
      [4, 2, 2, 1],
      [2, 3, 3, 1],
    ]);
    expect(history.epochs[0]?.metrics.loss).toBeCloseTo(sum / ROWS, 10);
    expect(history.metric("mae")).toHaveLength(1);
  });

  it("fit shuffles by a seed, differently in each epoch, and uses each row once", async () => {
    const rows = Array.from({ length: 20 }, (_, row) => [row, row * row]);
    const zeros = rows.map(() => [0]);
    const orders = async (seed: number): Promise<number[]> => {
      using model = Regression.load();
      const seen: number[] = [];
      await fit(model.train, [rows, zeros, 0], {
        ...SILENT,
        epochs: 2,
        batchSize: 1,
        shuffle: { seed },
        onBatch: ({ metrics }) => void seen.push(metrics.mae),
      });
      return seen;
    };
    const first = await orders(1);
    expect(await orders(1)).toEqual(first);
    expect(await orders(2)).not.toEqual(first);
    const [one, two] = [first.slice(0, 20), first.slice(20)];
    expect(one).not.toEqual(two);
    expect(one.toSorted()).toEqual(two.toSorted());
  });

  it("fit shuffles all columns alike", async () => {
    using model = Regression.load();
    // Were rows mixed up, the plane could not be found.
    const { epochs } = await fit(model.train, [X, TARGET, 0.3], {
      ...SILENT,
      epochs: 300,
      batchSize: 5,
      shuffle: { seed: 7 },
    });
    expect(epochs.at(-1)?.metrics.loss).toBeLessThan(1e-6);
  });

  it("fit uses a fixed batch size, and notes the omitted rows", async () => {
    using model = CustomModel.load();
    const history = await fit(model.train, [X as [number, number][], TARGET as [number][]], { ...SILENT, epochs: 2 });
    expect([history.epochs.map(({ step }) => step), history.notes]).toEqual([[10, 20], []]);
    await expectRejection(
      fit(model.train, [X as [number, number][], TARGET as [number][]], { ...SILENT, batchSize: 2 }),
      "INVALID_OPTION",
    );
  });

  it("fit validates after each epoch", async () => {
    using model = Regression.load();
    const { epochs } = await fit(model.train, [X, TARGET, 0.1], {
      ...SILENT,
      epochs: 2,
      validation: { signature: model.evaluate, data: [X, TARGET], batchSize: 3 },
    });
    const now = model.evaluate(X, TARGET);
    expect(epochs[1]?.validation?.loss).toBeCloseTo(now.loss, 6);
    expect(epochs[1]?.validation?.mae).toBeCloseTo(now.mae, 6);
  });

  it("fit stops early, with the weights of the best epoch", async () => {
    const temporary = ownTemporaryFolder();
    using model = Regression.load();
    using same = Regression.load();
    // From the fourth step on the learning rate is so large that the loss grows.
    const rate = (step: number): number => (step <= 3 ? 0.1 : 10);
    const history = await fit(model.train, [X, TARGET, rate], {
      ...SILENT,
      epochs: 50,
      batchSize: ROWS,
      validation: { signature: model.evaluate, data: [X, TARGET] },
      earlyStopping: { patience: 2, restoreBest: true },
    });
    expect([history.epochs.length, history.bestEpoch, history.monitor]).toEqual([5, 3, "validation_loss"]);
    for (let step = 1; step <= 3; step++) same.train(X, TARGET, 0.1);
    expect(model.weights().w.toArray()).toEqual(same.weights().w.toArray());
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("fit monitors the given metric, with mode min or max", async () => {
    using model = Regression.load();
    const options = { ...SILENT, epochs: 10, batchSize: ROWS };
    const falling = await fit(model.train, [X, TARGET, 0.1], { ...options, earlyStopping: { monitor: "mae" } });
    expect(falling.epochs.length).toBe(10);
    const rising = await fit(model.train, [X, TARGET, 0.1], {
      ...options,
      earlyStopping: { monitor: "loss", mode: "max" },
    });
    expect(rising.epochs.length).toBe(2);
    await expectRejection(
      fit(model.train, [X, TARGET, 0.1], { ...options, earlyStopping: { monitor: "accuracy" } }),
      "INVALID_OPTION",
    );
  });

  it("fit saves every N steps", async () => {
    using model = Regression.load();
    const directory = join(tempFolder(), "checkpoint");
    const seen = join(tempFolder(), "after-two-steps");
    await fit(model.train, [X, TARGET, 0.1], {
      ...SILENT,
      batchSize: 4,
      checkpoints: { directory, everySteps: 2 },
      // The end is saved too, and takes its place.
      onBatch: ({ step }) => void (step === 3 && cpSync(directory, seen, { recursive: true })),
    });
    using saved = Regression.load(seen);
    using same = Regression.load();
    same.train(X.slice(0, 4), TARGET.slice(0, 4), 0.1);
    same.train(X.slice(4, 8), TARGET.slice(4, 8), 0.1);
    expect(saved.weights().w.toArray()).toEqual(same.weights().w.toArray());
  });

  it("fit yields to the event loop", async () => {
    using model = Regression.load();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await fit(model.train, [X, TARGET, 0.01], { ...SILENT, epochs: 2000, batchSize: 1 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });

  it("fit ends at a signal, 20 times, with usable weights", async () => {
    const temporary = ownTemporaryFolder();
    using model = Regression.load();
    for (let round = 0; round < 20; round++) {
      const controller = new AbortController();
      const training = fit(model.train, [X, TARGET, 0.01], {
        ...SILENT,
        epochs: 1_000_000,
        batchSize: 1,
        signal: controller.signal,
        earlyStopping: { patience: 1_000_000, restoreBest: round % 2 === 0 },
        worker: round % 3 === 0,
      });
      setTimeout(() => controller.abort("enough"), round);
      const { message, cause } = await expectRejection(training, "ABORTED");
      expect(message).toMatch(/^ABORTED: fit\(\): the training was aborted in epoch \d+, after step \d+$/);
      expect(cause).toBe("enough");
      expect(Number.isFinite(model.evaluate(X, TARGET).loss)).toBe(true);
    }
    expect(model.pending).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("fit stops if a metric is not finite, unless allowed", async () => {
    using model = Regression.load();
    const diverging = (options: object): Promise<unknown> =>
      fit(model.train, [X, TARGET, 1e20], { ...SILENT, epochs: 30, batchSize: 5, ...options });
    const { message } = await expectRejection(diverging({}), "NOT_FINITE");
    expect(message).toMatch(/^NOT_FINITE: train\(\): "loss" is (NaN|Infinity) in step \d+ \(epoch \d+\)\. /);
    await diverging({ allowNotFinite: true });
  });

  it("fit makes no step with a constant that is NaN, unless allowed", async () => {
    using model = Regression.load();
    using same = Regression.load();
    const rate = (step: number): number => (step === 2 ? Number.NaN : 0.1);
    const twoSteps = (options: object): Promise<unknown> =>
      fit(model.train, [X, TARGET, rate], { ...SILENT, batchSize: 5, ...options });
    const { message } = await expectRejection(twoSteps({}), "NOT_FINITE");
    expect(message).toMatch(
      /^NOT_FINITE: train\(\): input "learning_rate" is NaN in step 2 \(epoch 1\), which was not run\. /,
    );
    same.train(X.slice(0, 5), TARGET.slice(0, 5), 0.1);
    expect(model.weights().w.toArray()).toEqual(same.weights().w.toArray());
    await twoSteps({ allowNotFinite: true });
    expect(model.weights().w.toArray()).toEqual([[Number.NaN], [Number.NaN]]);
  });

  it("fit stops if the validation shows the damage of the last step", async () => {
    using model = Regression.load();
    const oneStep = (options: object): Promise<unknown> =>
      fit(model.train, [X, TARGET, 1e38], {
        ...SILENT,
        batchSize: ROWS,
        validation: { signature: model.evaluate, data: [X, TARGET] },
        ...options,
      });
    const { message } = await expectRejection(oneStep({}), "NOT_FINITE");
    expect(message).toMatch(/^NOT_FINITE: train\(\): the validation's "loss" is (NaN|Infinity) after epoch 1\. /);
    using other = Regression.load();
    await fit(other.train, [X, TARGET, 1e38], { ...SILENT, batchSize: ROWS });
  });

  it("fit passes on errors of callbacks, iterators and calls, and closes the iterator", async () => {
    using model = Regression.load();
    const failure = new Error("mine");
    const failing = (): never => {
      throw failure;
    };
    await expect(fit(model.train, [X, TARGET, 0.1], { ...SILENT, onBatch: failing })).rejects.toBe(failure);
    await expect(fit(model.train, [X, TARGET, failing], SILENT)).rejects.toBe(failure);
    let closed = false;
    function* batches(): Generator<[number[][], number[][], number]> {
      try {
        for (;;) yield [X, TARGET.slice(1), 0.1];
      } finally {
        closed = true;
      }
    }
    await expectRejection(fit(model.train, batches, SILENT), "TF_INVALID_ARGUMENT");
    expect(closed).toBe(true);
  });
});

describe("fit with invalid arguments", () => {
  const cases: [string, (model: Regression) => Promise<unknown>, string, string][] = [
    [
      "columns of different lengths",
      (m) => fit(m.train, [X, TARGET.slice(1), 0.1], SILENT),
      "INVALID_DATA",
      'input "x" has 10 rows, input "target" 9',
    ],
    ["no rows", (m) => fit(m.train, [[], [], 0.1], SILENT), "INVALID_DATA", "there are no rows"],
    [
      "a column that does not fit",
      (m) => fit(m.train, [[[1, 2, 3]], [[1]], 0.1], SILENT),
      "INVALID_SHAPE",
      'column "x" must be float32 [?, 2], got [1, 3]',
    ],
    ["a missing column", (m) => fit(m.train, [X] as never, SILENT), "MISSING_INPUT", '"target"'],
    ["a column too many", (m) => fit(m.train, [X, TARGET, 0.1, 1] as never, SILENT), "TOO_MANY_INPUTS", "takes 3"],
    ["data that is none", (m) => fit(m.train, 5 as never, SILENT), "INVALID_DATA", "must be columns"],
    ["no batches", (m) => fit(m.train, new Set<never>(), SILENT), "INVALID_DATA", "there was no batch in epoch 1"],
    [
      "batches that are none",
      (m) => fit(m.train, new Set([5]) as never, SILENT),
      "INVALID_DATA",
      "a batch must be an array",
    ],
    [
      "an iterator for two epochs",
      (m) => fit(m.train, [[X, TARGET, 0.1] as const].values() as never, { ...SILENT, epochs: 2 }),
      "INVALID_DATA",
      "An iterator can be iterated only once",
    ],
    [
      "an array of batches",
      (m) => fit(m.train, Array.from({ length: 2 }, () => [X, TARGET, 0.1]) as never, SILENT),
      "RAGGED_ARRAY",
      ". An array has a column for each input; batches come from a function or a generator, such as () => batches.",
    ],
    [
      "an array of as many batches as there are inputs",
      (m) => fit(m.evaluate, Array.from({ length: 2 }, () => [X, X]) as never, SILENT),
      "INVALID_RANK",
      "An array has a column for each input;",
    ],
    [
      "a function that is no method",
      () => fit((x: number) => x, [[1]] as never, SILENT),
      "NOT_TRAINABLE",
      "a method of a generated client",
    ],
    [
      "a signature without a scalar number",
      (m) => fit(m.pred as never, [X] as never, SILENT),
      "NOT_TRAINABLE",
      "pred() has no scalar output",
    ],
    ["no epochs", (m) => fit(m.train, [X, TARGET, 0.1], { ...SILENT, epochs: 0 }), "INVALID_OPTION", "epochs"],
    [
      "a misspelled option",
      (m) => fit(m.train, [X, TARGET, 0.1], { epoch: 1 } as never),
      "INVALID_OPTION",
      'has no option "epoch"',
    ],
    [
      "a seed that is none",
      (m) => fit(m.train, [X, TARGET, 0.1], { ...SILENT, shuffle: { seed: 0.5 } }),
      "INVALID_ARGUMENT",
      "seed",
    ],
    [
      "a validation without metrics",
      (m) => fit(m.train, [X, TARGET, 0.1], { ...SILENT, validation: { signature: m.pred, data: [X] } }),
      "NOT_TRAINABLE",
      "pred()",
    ],
    [
      "checkpoints of the best epochs after so many steps",
      (m) =>
        fit(m.train, [X, TARGET, 0.1], { ...SILENT, checkpoints: { directory: "x", onlyBest: true, everySteps: 1 } }),
      "INVALID_OPTION",
      "onlyBest saves after epochs",
    ],
    [
      "two metrics to watch",
      (m) =>
        fit(m.train, [X, TARGET, 0.1], {
          ...SILENT,
          earlyStopping: { monitor: "loss" },
          checkpoints: { directory: "x", onlyBest: { monitor: "mae" } },
        }),
      "INVALID_OPTION",
      "earlyStopping says which metric is watched",
    ],
    [
      "a checkpoint where something else is",
      (m) => fit(m.train, [X, TARGET, 0.1], { ...SILENT, checkpoints: { directory: "docs" } }),
      "OUTPUT_CONFLICT",
      "SavedModel",
    ],
    [
      "a batch size for batches",
      (m) => fit(m.train, new Set<never>(), { ...SILENT, batchSize: 2 }),
      "INVALID_OPTION",
      "for columns",
    ],
  ];
  it.each(cases)("fit rejects %s before the first step", async (_, run, code, text) => {
    using model = Regression.load();
    const before = model.weights().w.toArray();
    expect((await expectRejection(run(model), code as "INVALID_DATA")).message).toContain(text);
    if (!text.startsWith("An iterator")) expect(model.weights().w.toArray()).toEqual(before);
  });
});

describe("methods of a client", () => {
  it("methods of a client work without `this`", () => {
    using model = Counter.load();
    using other = Counter.load();
    const { increment } = model;
    expect([increment(2), increment(2), other.get(), model.get()]).toEqual([2, 4, 0, 4]);
    expect(Object.keys(model)).toEqual([]);
  });
});

describe("a training that ends early", () => {
  it.each([
    ["ABORTED", (step: number): number => step],
    ["NOT_FINITE", (step: number): number => (step === 3 ? Number.NaN : step)],
  ] as const)("a training that ends early with %s has the history so far", async (code, loss) => {
    const controller = new AbortController();
    let step = 0;
    using model = Regression.fake({ train: () => ({ loss: loss(++step), mae: 0 }) });
    const training = fit(model.train, [X, TARGET, 0.1], {
      ...SILENT,
      epochs: 3,
      batchSize: ROWS,
      signal: controller.signal,
      onEpoch: ({ epoch }) => {
        if (epoch === 2 && code === "ABORTED") controller.abort();
      },
    });
    const error = await expectRejection(training, code);
    expect(error).toBeInstanceOf(TrainingError);
    expect(error.name).toBe("TrainingError");
    expect((error as TrainingError).history.metric("loss")).toEqual([1, 2]);
  });
});

it("shuffle: true means seed 0", async () => {
  const orders = [true, { seed: 0 }, false].map(async (shuffle) => {
    const seen: unknown[] = [];
    using model = Regression.fake({
      train: (x) => {
        seen.push(Tensor.is(x) ? x.toArray() : x);
        return { loss: 0, mae: 0 };
      },
    });
    await fit(model.train, [X, TARGET, 0.1], { ...SILENT, shuffle, batchSize: 1 });
    return seen;
  });
  const [always, zero, never] = await Promise.all(orders);
  expect(always).toEqual(zero);
  expect(always).not.toEqual(never);
});

it("onBatch gets the means of the epoch so far", async () => {
  let step = 0;
  using model = Regression.fake({ train: () => ({ loss: ++step, mae: 0 }) });
  const means: number[] = [];
  await fit(model.train, [X, TARGET, 0.1], {
    ...SILENT,
    epochs: 2,
    batchSize: 4,
    onBatch: (event) => void means.push(event.means.loss),
  });
  expect(means).toEqual([1, 1.5, (4 + 8 + 6) / 10, 4, 4.5, (16 + 20 + 12) / 10]);
});
