import { readFileSync } from "node:fs";
import { Metrics } from "../../../generated/metrics.js";
import { Optimizers } from "../../../generated/optimizers.js";
import { Regression } from "../../../generated/regression.js";
import { type Checkpoints, encodeNpy, fit, type History, type Model } from "../../../runtime/index.js";

export type TrainingName = "classify" | "schedule" | "batches";

/** Additions of a test to a training. */
interface Additions {
  readonly checkpoints?: Checkpoints;
  readonly onBatch?: (event: { readonly step: number }) => void;
  readonly worker?: boolean;
  readonly signal?: AbortSignal;
}

const rows = JSON.parse(readFileSync(new URL("../../models/metrics.training.json", import.meta.url), "utf8")) as {
  readonly x: number[][];
  readonly label: number[];
  readonly held: { readonly x: number[][]; readonly label: number[] };
};
const plane = JSON.parse(readFileSync(new URL("../../models/optimizers.training.json", import.meta.url), "utf8")) as {
  readonly x: number[][];
  readonly target: number[][];
};
const SILENT = { progress: false } as const;

/** A training of which nothing is omitted: four steps an epoch, 20 in all if it does not stop early. */
async function classify(additions: Additions): Promise<string> {
  using model = Metrics.load();
  const history = await fit(model.train, [rows.x, rows.label.map(BigInt)], {
    ...SILENT,
    epochs: 5,
    batchSize: 16,
    shuffle: { seed: 3 },
    validation: { signature: model.evaluate, data: [rows.held.x, rows.held.label.map(BigInt)], batchSize: 16 },
    earlyStopping: { patience: 2, monitor: "validation_auc", mode: "max", restoreBest: true },
    ...additions,
  });
  return outcome(history, model);
}

/** Adam, whose state is in variables, with a schedule; five steps an epoch. */
async function schedule(additions: Additions): Promise<string> {
  using model = Optimizers.load();
  const history = await fit(model.trainAdam, [plane.x, plane.target, (step: number) => 0.1 / Math.sqrt(step)], {
    ...SILENT,
    epochs: 3,
    batchSize: 16,
    shuffle: true,
    ...additions,
  });
  return outcome(history, model);
}

/** Batches from a generator, whose order depends on the epoch; so large steps that the best epoch is an early one. */
async function batches(additions: Additions): Promise<string> {
  using model = Regression.load();
  async function* begin(epoch: number): AsyncGenerator<[number[][], number[][], number]> {
    for (let batch = 0; batch < 4; batch++) {
      const row = (7 * epoch + 3 * batch) % 10;
      yield [[[Math.sin(row), Math.cos(row)]], [[row / 4]], epoch < 3 ? 0.1 : 0.9];
    }
  }
  const history = await fit(model.train, begin, {
    ...SILENT,
    epochs: 6,
    earlyStopping: { patience: 2, restoreBest: true },
    ...additions,
  });
  return outcome(history, model);
}

/** By name; each returns what it leaves. */
export const trainings: Readonly<Record<TrainingName, (additions: Additions) => Promise<string>>> = {
  classify,
  schedule,
  batches,
};

/** Everything that a training leaves, but for the time that it took. */
function outcome({ epochs, bestEpoch, monitor, notes }: History, model: Model): string {
  const variables = model
    .variables()
    .map(({ path, value }) => [path, value === undefined ? "" : Buffer.from(encodeNpy(value)).toString("base64")]);
  return JSON.stringify({
    epochs: epochs.map((epoch) => ({ ...epoch, seconds: 0 })),
    bestEpoch,
    monitor,
    notes,
    variables,
  });
}
