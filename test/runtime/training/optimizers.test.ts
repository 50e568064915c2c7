import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Optimizers } from "../../../generated/optimizers.js";
import { fit as fitModel } from "../../../runtime/index.js";

type Rows = readonly (readonly number[])[];

/** The trainings of TensorFlow in Python; `test/models/authoring/optimizers.py` writes them. */
interface Trainings {
  readonly batch: number;
  readonly epochs: number;
  readonly x: Rows;
  readonly target: Rows;
  /** The order of the rows in each epoch of a shuffled training. */
  readonly shuffled: readonly (readonly number[])[];
  readonly trainings: readonly Training[];
}

interface Training {
  readonly optimizer: "adam" | "momentum" | "sgd";
  readonly learning_rate: number;
  readonly shuffled: boolean;
  /** Of each step, before it. */
  readonly losses: readonly number[];
  /** The loss of all rows after the last step. */
  readonly evaluated: number;
}

const file = new URL("../../models/optimizers.training.json", import.meta.url);
const { batch, epochs, x, target, shuffled, trainings } = JSON.parse(readFileSync(file, "utf8")) as Trainings;

const methods = {
  adam: { train: "trainAdam", evaluate: "evaluateAdam" },
  momentum: { train: "trainMomentum", evaluate: "evaluateMomentum" },
  sgd: { train: "trainSgd", evaluate: "evaluateSgd" },
} as const;

/** The arguments of each step: rows in their order of each epoch, the last batch of which is smaller. */
function* batches(orders: Iterable<readonly number[]>, learningRate: number): Generator<[Rows, Rows, number]> {
  for (const order of orders) {
    for (let start = 0; start < order.length; start += batch) {
      const rows = order.slice(start, start + batch);
      yield [rows.map((row) => x[row] ?? []), rows.map((row) => target[row] ?? []), learningRate];
    }
  }
}

function* inFileOrder(): Generator<readonly number[]> {
  for (let epoch = 0; epoch < epochs; epoch++) yield x.map((_, row) => row);
}

/** Processors round differently: after 20 steps by up to 2e-7 of a loss (`npm run conformance` trains for longer). */
function expectLosses(losses: readonly number[], expected: readonly number[]): void {
  expect(losses.length).toBe(expected.length);
  const differing = losses.flatMap((loss, step) => {
    const want = expected[step] ?? Number.NaN;
    return Math.abs(loss - want) <= 1e-5 * Math.abs(want) ? [] : [`step ${step + 1}: ${loss} is not ${want}`];
  });
  expect(differing).toEqual([]);
}

const named = trainings.map((training) => ({
  ...training,
  title: `${training.optimizer}, ${training.shuffled ? "shuffled" : "in file order"}`,
}));

describe("losses of optimizers", () => {
  it("20 steps with each optimizer have Python's losses, and train", () => {
    const inOrder = trainings.filter((training) => !training.shuffled);
    expect(inOrder.map(({ optimizer, losses }) => [optimizer, losses.length])).toEqual([
      ["adam", 20],
      ["momentum", 20],
      ["sgd", 20],
    ]);
    for (const { losses } of inOrder) expect(losses.at(-1)).toBeLessThan(0.6 * Number(losses[0]));
  });

  it.each(named)(
    "has Python's losses when called in a loop: $title",
    ({ optimizer, learning_rate, losses, evaluated, ...training }) => {
      using model = Optimizers.load();
      const { train, evaluate } = methods[optimizer];
      const orders = training.shuffled ? shuffled : inFileOrder();
      const made = Array.from(batches(orders, learning_rate), (inputs) => model[train](...inputs));
      expectLosses(made, losses);
      expectLosses([model[evaluate](x, target)], [evaluated]);
    },
  );

  it.each(named.filter((training) => !training.shuffled))(
    "has Python's losses in fit with columns: $title",
    async (training) => {
      using model = Optimizers.load();
      const { train, evaluate } = methods[training.optimizer];
      const made: number[] = [];
      await fitModel(model[train], [x, target, training.learning_rate], {
        epochs,
        batchSize: batch,
        progress: false,
        onBatch: ({ metrics }) => void made.push(Number(metrics.loss)),
      });
      expectLosses(made, training.losses);
      expectLosses([model[evaluate](x, target)], [training.evaluated]);
    },
  );

  it.each(named)(
    "has Python's losses in fit with batches, on a worker: $title",
    async ({ optimizer, learning_rate, ...training }) => {
      using model = Optimizers.load();
      const { train, evaluate } = methods[optimizer];
      const made: number[] = [];
      await fitModel(model[train], batches(training.shuffled ? shuffled : inFileOrder(), learning_rate), {
        worker: true,
        progress: false,
        onBatch: ({ metrics }) => void made.push(Number(metrics.loss)),
      });
      expectLosses(made, training.losses);
      expectLosses([model[evaluate](x, target)], [training.evaluated]);
    },
  );
});

describe("optimizers of one model", () => {
  it("optimizers of one model share neither weights nor slots: interleaved trainings equal separate ones", () => {
    using model = Optimizers.load();
    const alone = trainings.filter((training) => training.shuffled);
    const steps = alone.map(({ learning_rate }) => [...batches(shuffled, learning_rate)]);
    const made = alone.map((): number[] => []);
    for (let step = 0; step < 20; step++) {
      for (const [index, { optimizer }] of alone.entries()) {
        const inputs = steps[index]?.[step];
        if (inputs !== undefined) made[index]?.push(model[methods[optimizer].train](...inputs));
      }
    }
    for (const [index, { losses }] of alone.entries()) expectLosses(made[index] ?? [], losses);
  });

  it("optimizers start over after a reset, which returns the number of undone steps", () => {
    using model = Optimizers.load();
    const { learning_rate, losses } = trainings.find((training) => training.optimizer === "adam") ?? {};
    const begin = (): number[] =>
      Array.from(batches([x.map((_, row) => row)], Number(learning_rate)), (inputs) => model.trainAdam(...inputs));
    expectLosses(begin(), losses?.slice(0, 5) ?? []);
    expect(model.reset()).toBe(5n);
    expectLosses(begin(), losses?.slice(0, 5) ?? []);
  });
});
