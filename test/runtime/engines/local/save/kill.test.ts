import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FileFunctions, fileFunctions } from "../../../../../runtime/engines/local/native/libc.js";
import { Model } from "../../../../../runtime/index.js";
import { dieAfter } from "../../../../support/die.js";
import { start } from "../../../../support/library.js";
import { copyOfModel, modelFolder } from "../../../../support/temp.js";
import { trainStep, weightsOf } from "../../../training/training-step.js";

/** Number of times a process is killed; each takes a second, so a hundred times are an option. */
const KILLS = Number(process.env.SAVEDMODEL_TEST_KILLS ?? 20);
/** More steps than a process makes before it is killed. */
const MOST_STEPS = 20_000;

const original = modelFolder("regression");
const files = (folder: string): readonly string[] => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
const bytes = readFileSync(join(original, "saved_model.pb"));

/** The variables in a folder, which has to hold a whole model. */
function weightsIn(folder: string): string {
  expect(files(folder)).toEqual(files(original));
  expect(readFileSync(join(folder, "saved_model.pb")).equals(bytes)).toBe(true);
  using saved = Model.load(folder);
  return weightsOf(saved);
}

/** Trains a model until it has these weights: each step gives both variables other values. */
function reach(reference: Model, weights: string): void {
  for (let step = 0; step < MOST_STEPS && weightsOf(reference) !== weights; step++) trainStep(reference);
  expect(weights, "weights of no step").toBe(weightsOf(reference));
}

it(`a process that is killed while it saves leaves a complete model (${KILLS} times)`, async () => {
  const folder = copyOfModel("regression");
  using reference = Model.load(original);
  const seen = new Set<string>();
  for (let kill = 0; kill < KILLS; kill++) {
    const { child, ended } = start("test/runtime/engines/local/save/save-loop.ts", [folder]);
    await Promise.race([once(child.stdout ?? child, "data"), ended]);
    await delay(Math.random() * 60);
    child.kill("SIGKILL");
    const { signal, stderr } = await ended;
    expect(signal, stderr).toBe("SIGKILL");
    const weights = weightsIn(folder);
    reach(reference, weights);
    seen.add(weights);
  }
  expect(seen.size).toBe(KILLS);

  // The next save removes the leftovers of killed processes.
  using model = Model.load(folder);
  model.save(folder);
  expect(readdirSync(dirname(folder))).toEqual(["regression"]);
});

it(`a process that is killed while it saves to new names leaves complete models, and the next save removes the rest (${KILLS} times)`, async () => {
  const folder = dirname(copyOfModel("regression"));
  for (let kill = 0; kill < KILLS; kill++) {
    const { child, ended } = start("test/runtime/engines/local/save/save-names.ts", [
      original,
      join(folder, `kill-${kill}`),
    ]);
    await Promise.race([once(child.stdout ?? child, "data"), ended]);
    await delay(Math.random() * 60);
    child.kill("SIGKILL");
    const { signal, stderr } = await ended;
    expect(signal, stderr).toBe("SIGKILL");
  }
  using model = Model.load(original);
  const models = readdirSync(folder).filter((name) => !name.startsWith(".") && !name.includes("weights"));
  expect(models.length).toBeGreaterThan(KILLS);
  for (const name of models) weightsIn(join(folder, name));
  model.save(join(folder, "next"));
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  for (const name of readdirSync(folder).filter((name) => name.endsWith(".index"))) {
    model.restore(join(folder, name.replace(/\.index$/, "")));
  }
});

it("processes that save to one folder at the same time leave the complete model of one of them", async () => {
  const folder = copyOfModel("regression");
  const savers = [1, 2, 3].map(() => start("test/runtime/engines/local/save/save-loop.ts", [folder]));
  await Promise.all(savers.map(({ child, ended }) => Promise.race([once(child.stdout ?? child, "data"), ended])));
  await delay(500);
  for (const { child } of savers) child.kill("SIGKILL");
  for (const { signal, stderr } of await Promise.all(savers.map(({ ended }) => ended))) {
    expect(signal, stderr).toBe("SIGKILL");
  }
  using reference = Model.load(original);
  reach(reference, weightsIn(folder));
});

describe("killing a process at each step", () => {
  /** Saves a trained model over another, dying at one step after the other, and looks at the folder each time. */
  function dieAtEachStep(look: (folder: string, before: string, after: string) => void): number {
    for (let step = 0; ; step++) {
      const folder = copyOfModel("regression");
      using model = Model.load(original);
      const before = weightsOf(model);
      trainStep(model);
      const died = dieAfter(step, () => model.save(folder));
      if (!died) return step;
      look(folder, before, weightsOf(model));
    }
  }

  it("a save killed at any step leaves the old model or the new one", () => {
    const found = { before: 0, after: 0 };
    const steps = dieAtEachStep((folder, before, after) => {
      const weights = weightsIn(folder);
      expect([before, after]).toContain(weights);
      found[weights === before ? "before" : "after"]++;
    });
    expect(steps).toBeGreaterThan(20);
    expect(found.before).toBeGreaterThan(20);
    expect(found.after).toBeGreaterThan(0);
  });

  it("without exchanging folders, a save killed at any step but one leaves the old model or the new one, and else the old one next to it", () => {
    const functions = fileFunctions() as { -readonly [Name in keyof FileFunctions]: FileFunctions[Name] };
    const { exchange } = functions;
    expect(exchange).toBeDefined();
    onTestFinished(() => void Object.assign(functions, { exchange }));
    delete functions.exchange;

    const gone: string[] = [];
    dieAtEachStep((folder, before, after) => {
      if (existsSync(folder)) {
        expect([before, after]).toContain(weightsIn(folder));
        return;
      }
      const [scratch = ""] = readdirSync(dirname(folder));
      expect(weightsIn(join(dirname(folder), scratch, "old-1"))).toBe(before);
      expect(weightsIn(join(dirname(folder), scratch, "new"))).toBe(after);
      gone.push(folder);
    });
    expect(gone).toHaveLength(1);
  });

  it("a killed saveWeights with a new name leaves a complete checkpoint or none", () => {
    for (let step = 0, died = true; died; step++) {
      const folder = dirname(copyOfModel("regression"));
      using model = Model.load(original);
      trainStep(model);
      died = dieAfter(step, () => model.saveWeights(join(folder, "weights")));
      if (!existsSync(join(folder, "weights.index"))) continue;
      using other = Model.load(original);
      other.restore(join(folder, "weights"));
      expect(weightsOf(other)).toBe(weightsOf(model));
    }
  });
});
