import { once } from "node:events";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Metrics } from "../../../generated/metrics.js";
import { Regression } from "../../../generated/regression.js";
import { boundMethod } from "../../../runtime/client/bound-methods.js";
import { lockFolder } from "../../../runtime/engines/local/save/lock-folder.js";
import { type FitOptions, fit, type TrainingError } from "../../../runtime/index.js";
import { CheckpointWriter } from "../../../runtime/training/resume/checkpoint-writer.js";
import { readState, type TrainingState } from "../../../runtime/training/resume/training-state.js";
import { dieAfter } from "../../support/die.js";
import { expectRejection } from "../../support/errors.js";
import { start } from "../../support/library.js";
import { modelFolder, ownTemporaryFolder, tempFolder } from "../../support/temp.js";
import { type TrainingName, trainings } from "./trainings.js";

/** Number of times that a process is killed at a random moment. */
const KILLS = Number(process.env.SAVEDMODEL_TEST_KILLS ?? 4);
const SILENT = { progress: false } as const;

/** Runs a training in a process of its own until it comes to its end or is killed. */
async function run(name: TrainingName, directory: string, everySteps: number, killAtStep: number): Promise<string> {
  const parameters = [name, directory, everySteps, killAtStep].map(String);
  const { signal, code, stdout, stderr } = await start("test/runtime/training/resumed-training.ts", parameters).ended;
  if (signal === "SIGKILL") return "killed";
  expect(code, stderr).toBe(0);
  return stdout.trim().split("\n").at(-1) ?? "";
}

describe("resuming a killed training", () => {
  it.each<[TrainingName, number, readonly number[]]>([
    // In the middle of an epoch, at the end of one before it is validated, and before the first checkpoint.
    ["classify", 3, [2, 5, 12]],
    ["classify", 0, [13]],
    ["schedule", 5, [6, 14]],
    ["batches", 1, [1, 8, 13]],
  ])(
    "resumes %s with the same bits, a checkpoint every %j steps, killed at %j",
    async (name, everySteps, kills) => {
      const directory = join(tempFolder(), "checkpoint");
      for (const step of kills) expect(await run(name, directory, everySteps, step)).toBe("killed");
      const outcome = await run(name, directory, everySteps, 0);
      expect(outcome).toBe(await trainings[name]({}));
      // A finished training is not repeated.
      expect(await run(name, directory, everySteps, 0)).toBe(outcome);
    },
    600_000,
  );

  it(`a training killed at any moment and resumed ends with the same bits (${KILLS} times)`, async () => {
    const directory = join(tempFolder(), "checkpoint");
    let outcome = "killed";
    for (let kill = 0; outcome === "killed"; kill++) {
      const { child, ended } = start("test/runtime/training/resumed-training.ts", ["classify", directory, "1", "0"]);
      await Promise.race([once(child.stdout ?? child, "data"), ended]);
      if (kill < KILLS) {
        await delay(Math.random() * 1500);
        child.kill("SIGKILL");
      }
      const { signal, code, stdout, stderr } = await ended;
      if (signal === "SIGKILL") continue;
      expect(code, stderr).toBe(0);
      outcome = stdout.trim().split("\n").at(-1) ?? "";
    }
    expect(outcome).toBe(await trainings.classify({}));
  }, 600_000);

  it("a training on worker threads that is killed and resumed ends with the same bits", async () => {
    const directory = join(tempFolder(), "checkpoint");
    const checkpoints = { directory, everySteps: 1, resume: true } as const;
    const failure = new Error("mine");
    const failing = ({ step }: { readonly step: number }): void => {
      if (step === 6) throw failure;
    };
    await expect(trainings.classify({ checkpoints, worker: true, onBatch: failing })).rejects.toBe(failure);
    const steps: number[] = [];
    const outcome = await trainings.classify({
      checkpoints,
      worker: true,
      onBatch: ({ step }) => void steps.push(step),
    });
    expect(steps[0]).toBe(6);
    expect(outcome).toBe(await trainings.classify({}));
  });

  it.each([
    ["after each epoch", {}],
    ["every 5 steps", { everySteps: 5 }],
    ["every hour", { everySeconds: 3600 }],
  ])(
    "an aborted training resumes after its last step, and ends with the same bits, with checkpoints %s",
    async (_, often) => {
      const directory = join(tempFolder(), "checkpoint");
      const checkpoints = { directory, resume: true, ...often } as const;
      const controller = new AbortController();
      const onBatch = ({ step }: { readonly step: number }): void => {
        if (step === 7) controller.abort();
      };
      const aborted = trainings.schedule({ checkpoints, signal: controller.signal, onBatch });
      const error = await expectRejection(aborted, "ABORTED");
      expect((error as TrainingError).history.epochs.map(({ step }) => step)).toEqual([5]);
      const steps: number[] = [];
      const outcome = await trainings.schedule({ checkpoints, onBatch: ({ step }) => void steps.push(step) });
      expect(steps).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
      expect(outcome).toBe(await trainings.schedule({}));
    },
  );
});

it("a process that dies at any step of a save leaves consistent weights and state", () => {
  const weightsOf = (model: Regression): string => JSON.stringify(model.weights().w.toArray());
  const stateAfter = (step: number): TrainingState => ({
    identity: {},
    records: [{ epoch: 1, step, rows: step, seconds: 0, metrics: {} }],
    step,
    open: undefined,
    best: undefined,
  });
  const found = new Set<number>();
  using model = Regression.load();
  using saved = Regression.load();
  const bound = boundMethod(model.train);
  if (bound === undefined) throw new Error("train is not a method");
  let deaths = 0;
  for (let died = true; died; deaths++) {
    const writer = new CheckpointWriter(bound, { directory: join(tempFolder(), "checkpoint") }, undefined);
    const weights = [1, 2].map((step) => {
      model.train([[1, 0]], [[1]], 0.01);
      if (step === 1) writer.save(stateAfter(1));
      return weightsOf(model);
    });
    died = dieAfter(deaths, () => writer.save(stateAfter(2)));
    const { step } = readState(writer.directory);
    saved.restore(writer.directory);
    expect(weightsOf(saved)).toBe(weights[step - 1]);
    found.add(step);
  }
  expect(deaths).toBeGreaterThan(20);
  expect([...found]).toEqual([1, 2]);
});

describe("rejected checkpoints", () => {
  const X = Array.from({ length: 6 }, (_, row) => [row / 6, 1]);
  const TARGET = X.map(([a = 0]) => [a]);
  const FIRST = { ...SILENT, batchSize: 2, shuffle: { seed: 1 }, epochs: 2 } as const;

  async function trained(): Promise<string> {
    const directory = join(tempFolder(), "checkpoint");
    using model = Regression.load();
    await fit(model.train, [X, TARGET, 0.1], { ...FIRST, checkpoints: { directory } });
    return directory;
  }

  type Resume = (model: Regression, options: Pick<FitOptions, "checkpoints">) => Promise<unknown>;
  const others: [what: string, resume: Resume, message: string][] = [
    [
      "fewer rows",
      (m, o) => fit(m.train, [X.slice(1), TARGET.slice(1), 0.1], { ...FIRST, ...o }),
      "it belongs to a different training run: rows was 6 and is now 5",
    ],
    [
      "another batch size",
      (m, o) => fit(m.train, [X, TARGET, 0.1], { ...FIRST, ...o, batchSize: 3 }),
      "it belongs to a different training run: batchSize was 2 and is now 3",
    ],
    [
      "another order",
      (m, o) => fit(m.train, [X, TARGET, 0.1], { ...FIRST, ...o, shuffle: false }),
      "it belongs to a different training run: shuffle was 1 and is now none",
    ],
    [
      "a validation",
      (m, o) =>
        fit(m.train, [X, TARGET, 0.1], { ...FIRST, ...o, validation: { signature: m.evaluate, data: [X, TARGET] } }),
      'it belongs to a different training run: validation.signature was none and is now "evaluate", ' +
        "validation.rows was none and is now 6, validation.batchSize was none and is now 32",
    ],
    [
      "early stopping",
      (m, o) => fit(m.train, [X, TARGET, 0.1], { ...FIRST, ...o, earlyStopping: { monitor: "mae" } }),
      'it belongs to a different training run: monitor was none and is now "mae", ' +
        'mode was none and is now "min", minDelta was none and is now 0, restoreBest was none and is now false',
    ],
    [
      "fewer epochs",
      (m, o) => fit(m.train, [X, TARGET, 0.1], { ...FIRST, ...o, epochs: 1 }),
      "it is of epoch 2, expected at most 1",
    ],
  ];
  it.each(others)("rejects a checkpoint of a training with %s", async (_, resume, message) => {
    const directory = await trained();
    using model = Regression.load();
    const before = model.weights().w.toArray();
    const error = await expectRejection(resume(model, { checkpoints: { directory, resume: true } }), "RESTORE_FAILED");
    expect(error.rawMessage).toBe(`fit(): the training cannot be resumed from ${directory}: ${message}`);
    expect(model.weights().w.toArray()).toEqual(before);
  });

  it("rejects a checkpoint of another model with the same signature", async () => {
    const directory = await trained();
    const file = join(directory, "saved_model.pb");
    // An unknown field, which readers of protocol buffers skip.
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.of(0x98, 0x06, 0x01)]));
    using model = Regression.load();
    const resumed = fit(model.train, [X, TARGET, 0.1], { ...FIRST, checkpoints: { directory, resume: true } });
    expect((await expectRejection(resumed, "RESTORE_FAILED")).rawMessage).toContain("it is of another model");
  });

  it("rejects a checkpoint without a training state", async () => {
    const directory = join(tempFolder(), "model");
    cpSync(modelFolder("regression"), directory, { recursive: true });
    using model = Regression.load();
    const resumed = fit(model.train, [X, TARGET, 0.1], { ...FIRST, checkpoints: { directory, resume: true } });
    expect((await expectRejection(resumed, "RESTORE_FAILED")).message).toBe(
      `RESTORE_FAILED: fit(): the training cannot be resumed from ${directory}: it lacks savedmodel.training/state.json. ` +
        "Pass a folder that a training has saved its checkpoints to, or one that does not exist yet.",
    );
  });

  it.each([
    ["cut off", (text: string) => text.slice(0, -20)],
    ["of another format", (text: string) => text.replace('"savedmodel.training"', '"other"')],
    ["of a later version", (text: string) => text.replace('"version":1', '"version":2')],
    ["without an epoch", (text: string) => text.replace('"epoch":1', '"epoch":0')],
    ["without steps", (text: string) => text.replace('"step":6', '"step":7')],
    ["not an object", () => "[]"],
  ])("rejects a checkpoint with a state that is %s", async (_, damage) => {
    const directory = await trained();
    const file = join(directory, "savedmodel.training/state.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, damage(text));
    expect(readFileSync(file, "utf8")).not.toBe(text);
    using model = Regression.load();
    const resumed = fit(model.train, [X, TARGET, 0.1], { ...FIRST, checkpoints: { directory, resume: true } });
    expect((await expectRejection(resumed, "RESTORE_FAILED")).rawMessage).toContain("state.json is damaged: ");
  });

  it("rejects a checkpoint if the batches end too early", async () => {
    const directory = join(tempFolder(), "checkpoint");
    const batches = (count: number) => () =>
      Array.from({ length: count }, (): [number[][], number[][], number] => [[[1, 0]], [[1]], 0.1]);
    const failure = new Error("mine");
    const options = { ...SILENT, checkpoints: { directory, everySteps: 1, resume: true } } as const;
    using model = Regression.load();
    const failing = fit(model.train, batches(4), {
      ...options,
      onBatch: ({ step }) => {
        if (step === 4) throw failure;
      },
    });
    await expect(failing).rejects.toBe(failure);
    const { rawMessage } = await expectRejection(fit(model.train, batches(2), options), "RESTORE_FAILED");
    expect(rawMessage).toBe("train(): the batches end 1 before the step at which the training is to be resumed");
  });
});

describe("a checkpoint", () => {
  const X = [
    [1, 0],
    [0, 1],
  ];
  const TARGET = [[1], [2]];

  it("a checkpoint is a SavedModel, whose copies by `save` have no training state", async () => {
    const directory = join(tempFolder(), "checkpoint");
    using model = Regression.load();
    await fit(model.train, [X, TARGET, 0.1], { ...SILENT, checkpoints: { directory } });
    using saved = Regression.load(directory);
    expect(saved.weights()).toEqual(model.weights());
    expect(readdirSync(directory)).toContain("savedmodel.training");
    for (const target of [join(tempFolder(), "copy"), directory]) {
      saved.save(target);
      expect(readdirSync(target)).not.toContain("savedmodel.training");
    }
  });

  it("starts over without `resume`", async () => {
    const directory = join(tempFolder(), "checkpoint");
    using model = Regression.load();
    for (const epochs of [3, 2]) {
      const { epochs: records } = await fit(model.train, [X, TARGET, 0.1], {
        ...SILENT,
        epochs,
        checkpoints: { directory },
      });
      expect(records.length).toBe(epochs);
    }
  });

  it("continues to more epochs than the training had", async () => {
    const directory = join(tempFolder(), "checkpoint");
    const train = async (epochs: number): Promise<number[][]> => {
      using model = Regression.load();
      await fit(model.train, [X, TARGET, 0.1], { ...SILENT, epochs, checkpoints: { directory, resume: true } });
      return model.weights().w.toArray();
    };
    await train(2);
    const weights = await train(5);
    using alone = Regression.load();
    await fit(alone.train, [X, TARGET, 0.1], { ...SILENT, epochs: 5 });
    expect(weights).toEqual(alone.weights().w.toArray());
  });

  it.each([
    ["that ends before a step at which one is due", 100, {}],
    ["at whose last step one was due, before the epoch was complete", 1, {}],
    [
      "with early stopping that gives the model other weights",
      100,
      { monitor: "loss", mode: "max", restoreBest: true },
    ],
  ] as const)("has the end of a training %s", async (_, everySteps, stopping) => {
    const directory = join(tempFolder(), "checkpoint");
    const earlyStopping = { monitor: "loss", mode: "min", ...stopping, patience: 10 } as const;
    const train = async (epochs: number, checkpoints?: FitOptions["checkpoints"]): Promise<unknown> => {
      using model = Regression.load();
      const options = { ...SILENT, epochs, batchSize: 1, earlyStopping, ...(checkpoints && { checkpoints }) };
      const { epochs: records } = await fit(model.train, [X, TARGET, 0.1], options);
      return [model.weights().w.toArray(), records.map(({ metrics }) => metrics)];
    };
    await train(2, { directory, everySteps });
    const { step, records, open } = readState(directory);
    expect([step, records.length, open]).toEqual([4, 2, undefined]);
    expect(await train(5, { directory, everySteps, resume: true })).toEqual(await train(5));
  });

  it("is saved once where the last step of the training was saved", async () => {
    const directory = join(tempFolder(), "checkpoint");
    using model = Regression.load();
    const options = { ...SILENT, epochs: 2, checkpoints: { directory, resume: true } } as const;
    await fit(model.train, [X, TARGET, 0.1], options);
    const { ino } = statSync(directory);
    await fit(model.train, [X, TARGET, 0.1], options);
    expect(statSync(directory).ino).toBe(ino);
  });

  describe("that a process, killed between the two renames of a save, left beside its folder", () => {
    /** Trains two epochs, and leaves what a save that was killed after them leaves. */
    async function interrupted(): Promise<{ readonly directory: string; readonly left: string }> {
      const folder = tempFolder();
      const [directory, left] = [join(folder, "checkpoint"), join(folder, ".checkpoint.saving-abc123")];
      using model = Regression.load();
      await fit(model.train, [X, TARGET, 0.1], { ...SILENT, epochs: 2, checkpoints: { directory } });
      mkdirSync(left);
      cpSync(directory, join(left, "new"), { recursive: true });
      renameSync(directory, join(left, "old-1"));
      return { directory, left };
    }

    it.each(["nothing", "an empty folder"])(
      "is put back and resumed from, where there is %s in its place",
      async (what) => {
        const { directory, left } = await interrupted();
        if (what !== "nothing") mkdirSync(directory);
        const seen: string[] = [];
        const progress = { write: (text: string) => void seen.push(text) };
        using model = Regression.load();
        await fit(model.train, [X, TARGET, 0.1], { progress, epochs: 4, checkpoints: { directory, resume: true } });
        expect(seen.slice(0, 2)).toEqual([
          "note: resumed after step 2, at the end of epoch 2\n",
          `note: a save of the checkpoint was interrupted: the one before it was put back from ${join(left, "old-1")}\n`,
        ]);
        using alone = Regression.load();
        await fit(alone.train, [X, TARGET, 0.1], { ...SILENT, epochs: 4 });
        expect(model.weights()).toEqual(alone.weights());
        expect(readdirSync(join(left, ".."))).toEqual(["checkpoint"]);
      },
    );

    it("is not taken from a process that still saves", async () => {
      const { directory, left } = await interrupted();
      const lock = lockFolder(left);
      using model = Regression.load();
      const resumed = fit(model.train, [X, TARGET, 0.1], { ...SILENT, checkpoints: { directory, resume: true } });
      const error = await expectRejection(resumed, "RESTORE_FAILED");
      expect(error.message).toContain(`another process is saving to it, from ${left}`);
      if (typeof lock === "number") closeSync(lock);
      expect(existsSync(join(left, "old-1"))).toBe(true);
    });

    it("is left where it is by a training that does not resume", async () => {
      const { directory, left } = await interrupted();
      using model = Regression.load();
      await fit(model.train, [X, TARGET, 0.1], { ...SILENT, checkpoints: { directory } });
      expect(readState(directory).step).toBe(1);
      expect(existsSync(left)).toBe(false);
    });
  });

  it("reports where a training continues", async () => {
    const directory = join(tempFolder(), "checkpoint");
    const seen: string[] = [];
    const progress = { write: (text: string) => void seen.push(text) };
    for (const epochs of [1, 2]) {
      using model = Regression.load();
      await fit(model.train, [X, TARGET, 0.1], { epochs, progress, checkpoints: { directory, resume: true } });
    }
    expect(seen).toEqual([
      expect.stringMatching(/^epoch 1\/1 /),
      "note: resumed after step 1, at the end of epoch 1\n",
      expect.stringMatching(/^epoch 2\/2 /),
    ]);
  });

  it("onlyBest keeps the weights of the best epoch", async () => {
    const directory = join(tempFolder(), "best");
    const temporary = ownTemporaryFolder();
    const rate = (step: number): number => (step <= 3 ? 0.1 : 10);
    using model = Regression.load();
    const history = await fit(model.train, [X, TARGET, rate], {
      ...SILENT,
      epochs: 6,
      validation: { signature: model.evaluate, data: [X, TARGET] },
      checkpoints: { directory, onlyBest: { monitor: "validation_mae", mode: "min" } },
    });
    expect([history.epochs.length, history.bestEpoch, history.monitor]).toEqual([6, 3, "validation_mae"]);
    using best = Regression.load(directory);
    using same = Regression.load();
    for (let step = 1; step <= 3; step++) same.train(X, TARGET, 0.1);
    expect(best.weights()).toEqual(same.weights());
    expect(model.weights()).not.toEqual(same.weights());
    // It is as good a place to continue from as any other.
    using resumed = Regression.load();
    const again = await fit(resumed.train, [X, TARGET, rate], {
      ...SILENT,
      epochs: 6,
      validation: { signature: resumed.evaluate, data: [X, TARGET] },
      checkpoints: { directory, resume: true, onlyBest: { monitor: "validation_mae", mode: "min" } },
    });
    expect(resumed.weights()).toEqual(model.weights());
    expect(again.metric("loss")).toEqual(history.metric("loss"));
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("onlyBest uses the monitor of early stopping", async () => {
    const directory = join(tempFolder(), "best");
    using model = Regression.load();
    const { bestEpoch } = await fit(model.train, [X, TARGET, (step: number) => (step <= 3 ? 0.1 : 10)], {
      ...SILENT,
      epochs: 20,
      earlyStopping: { monitor: "mae", patience: 2, restoreBest: true },
      checkpoints: { directory, onlyBest: true },
    });
    using best = Regression.load(directory);
    expect([bestEpoch, best.weights()]).toEqual([4, model.weights()]);
  });

  it("onlyBest rejects an accumulating metric", async () => {
    using model = Metrics.load();
    const training = fit(model.train, [[[1, 2, 3]], [1n]], {
      ...SILENT,
      resetMetrics: [],
      checkpoints: { directory: join(tempFolder(), "best"), onlyBest: true },
    });
    expect((await expectRejection(training, "INVALID_OPTION")).rawMessage).toMatch(
      /^fit\(\) checkpoints\.onlyBest: "loss" accumulates/,
    );
  });
});
