import { describe, expect, it } from "vitest";
import { Regression } from "../../../generated/regression.js";
import { fit } from "../../../runtime/index.js";
import { expectRejection } from "../../support/errors.js";
import { tempFolder } from "../../support/temp.js";

const rows = 64;
const x = Float32Array.from({ length: 2 * rows }, (_, index) => Math.sin(index));
const target = Float32Array.from({ length: rows }, (_, row) => (x[2 * row] ?? 0) - (x[2 * row + 1] ?? 0));
const quiet = { progress: false, batchSize: 16 } as const;

/** Keeps calling while a task runs. */
async function beside<T>(call: () => Promise<unknown>, work: Promise<T>): Promise<T> {
  let goesOn = true;
  const calls = (async (): Promise<void> => {
    while (goesOn) await call();
  })();
  try {
    return await work;
  } finally {
    goesOn = false;
    await calls;
  }
}

describe("training on workers", () => {
  const validation = (model: Regression) => ({ signature: model.evaluate, data: [x, target] as const });

  it("a training on workers ends with the best weights despite other asynchronous calls", async () => {
    await using model = Regression.load();
    const options = { ...quiet, epochs: 4, worker: true, earlyStopping: { patience: 5, restoreBest: true } };
    const history = await beside(() => model.async.pred(x), fit(model.train, [x, target, 0.01], options));
    expect(history.bestEpoch).toBe(4);
  });

  it("a training on workers validates and saves in its turn", async () => {
    await using model = Regression.load();
    const checkpoints = { directory: `${tempFolder()}/model`, everySteps: 2 };
    const options = { ...quiet, epochs: 2, worker: true, validation: validation(model), checkpoints };
    const other = (): Promise<unknown> => model.async.train(x, target, 0);
    const history = await beside(other, fit(model.train, [x, target, 0.01], options));
    expect(history.epochs.map(({ validation }) => typeof validation?.loss)).toEqual(["number", "number"]);
    using saved = Regression.load(checkpoints.directory);
    expect(saved.weights().w.data).toEqual(model.weights().w.data);
  });
});

describe("a validation", () => {
  it("a validation ends when the training is aborted", async () => {
    using model = Regression.load();
    const controller = new AbortController();
    let batches = 0;
    function* endless(): Generator<[Float32Array, Float32Array]> {
      for (;;) {
        if (++batches === 6) controller.abort();
        yield [x, target];
      }
    }
    const training = fit(model.train, [x, target, 0.01], {
      ...quiet,
      signal: controller.signal,
      validation: { signature: model.evaluate, data: endless },
    });
    await expectRejection(training, "ABORTED");
    expect(batches).toBe(6);
  });

  it("a validation closes the iterator of its batches when a batch is invalid", async () => {
    using model = Regression.load();
    let isClosed = false;
    function* wrong(): Generator<[Float32Array, Float32Array]> {
      try {
        yield [new Float32Array(3), target];
      } finally {
        isClosed = true;
      }
    }
    const validation = { signature: model.evaluate, data: wrong };
    await expect(fit(model.train, [x, target, 0.01], { ...quiet, validation })).rejects.toThrow();
    expect(isClosed).toBe(true);
  });

  it("a validation signature that changes variables is noted", async () => {
    using model = Regression.load();
    const validation = { signature: model.train, data: [x, target, 0] as const };
    const { notes } = await fit(model.train, [x, target, 0.01], { ...quiet, validation });
    expect(notes).toEqual([expect.stringMatching(/^train\(\) may change variables/)]);
  });
});
