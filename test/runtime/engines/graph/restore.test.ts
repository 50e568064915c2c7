import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Model, type Tensor } from "../../../../runtime/index.js";
import { expectError } from "../../../support/errors.js";
import { start } from "../../../support/library.js";
import { copyOfModel, modelFolder, tempFolder } from "../../../support/temp.js";
import { trainStep, weightsOf } from "../../training/training-step.js";

/** A checkpoint that Python wrote: see checkpoints.py. */
function checkpoint(name: string): string {
  return fileURLToPath(new URL(`checkpoints/${name}`, import.meta.url));
}

/** The values of all variables, as text. */
function valuesOf(model: Model): readonly string[] {
  return model
    .variables()
    .map(({ name, path, value }) => `${name} ${path} ${value} ${JSON.stringify([...(value?.data ?? [])].map(String))}`);
}

const WIDE = [
  [0.5, -0.25, 1],
  [1, 0.75, -1],
];

/** A step of training of each model that has optimizer slots or more than one layer. */
const STEPS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  custom_model: { training_input: [[1, 1]], training_target: [[0]] },
  keras3: { x: WIDE, target: [[1], [2]] },
  keras3_saved: { training_input: [[1, 1]], training_target: [[0]] },
  keras3_tracked: { x: WIDE, target: [[1], [2]] },
};

function train(model: Model, name: string, steps: number): void {
  for (let step = 0; step < steps; step++) model.run("train", STEPS[name]);
}

describe("restore", () => {
  it.each(Object.keys(STEPS))("restore of a SavedModel continues its training: %s", (name) => {
    using trained = Model.load(modelFolder(name));
    train(trained, name, 5);
    const folder = join(tempFolder(), "saved");
    trained.save(folder);
    using model = Model.load(modelFolder(name));
    train(model, name, 3);
    model.restore(folder);
    expect(valuesOf(model)).toEqual(valuesOf(trained));
    train(model, name, 5);
    train(trained, name, 5);
    expect(valuesOf(model)).toEqual(valuesOf(trained));
  });

  it.each(Object.keys(STEPS))("restore of a checkpoint restores every variable: %s", (name) => {
    using model = Model.load(modelFolder(name));
    train(model, name, 5);
    const values = valuesOf(model);
    const prefix = join(tempFolder(), "weights");
    model.saveWeights(prefix);
    train(model, name, 5);
    expect(valuesOf(model)).not.toEqual(values);
    model.restore(prefix);
    expect(valuesOf(model)).toEqual(values);
  });

  it("restore resets a model to its own file", () => {
    using model = Model.load(modelFolder("regression"));
    const values = valuesOf(model);
    trainStep(model);
    model.restore(modelFolder("regression"));
    expect(valuesOf(model)).toEqual(values);
  });

  it.each(["itself-1", "attribute"])("restore reads the model from a tf.train.Checkpoint: %s", (name) => {
    const steps = JSON.parse(readFileSync(checkpoint("values.json"), "utf8")) as { w: number[]; b: number[] }[];
    using model = Model.load(modelFolder("regression"));
    for (let time = 0; time < 2; time++) {
      model.restore(checkpoint(name));
      const [b, w] = model.variables().map(({ value }) => [...(value?.data ?? [])]);
      expect({ w, b }).toEqual(steps.at(-1));
      trainStep(model);
    }
  });

  it("restore reads tables too, whose keys and values are in a checkpoint", () => {
    using model = Model.load(checkpoint("votes"));
    const count = (): unknown => {
      const { votes, total } = model.run("count", { names: ["ann", "bob", "eve"] });
      return [...(votes as Tensor<"int64">).data, total?.toArray()].map(Number);
    };
    expect(count()).toEqual([0, 0, 0, 0]);
    model.restore(checkpoint("votes-attribute"));
    expect(count()).toEqual([2, 1, 0, 3]);
    const prefix = join(tempFolder(), "weights");
    model.saveWeights(prefix);
    model.run("vote", { names: ["eve"] });
    expect(count()).toEqual([2, 1, 1, 4]);
    model.restore(prefix);
    expect(count()).toEqual([2, 1, 0, 3]);
  });

  it("restore does not need the file of the loaded model", () => {
    const folder = copyOfModel("regression");
    using model = Model.load(folder);
    rmSync(folder, { recursive: true });
    trainStep(model);
    model.restore(modelFolder("regression"));
    using fresh = Model.load(modelFolder("regression"));
    expect(valuesOf(model)).toEqual(valuesOf(fresh));
  });

  it("restore rejects a path without a checkpoint", () => {
    using model = Model.load(modelFolder("regression"));
    const folder = copyOfModel("regression");
    const prefix = join(folder, "variables", "variables");
    expectError(() => model.restore(join(folder, "nothing")), "VARIABLES_NOT_FOUND");
    expectError(() => model.restore(modelFolder("names")), "VARIABLES_NOT_FOUND");
    const error = expectError(() => model.restore(`${prefix}.index`), "VARIABLES_NOT_FOUND");
    expect(error.fix).toContain(`prefix of its files: ${prefix}.`);
    rmSync(`${prefix}.data-00000-of-00001`);
    expect(expectError(() => model.restore(folder), "VARIABLES_NOT_FOUND").message).toContain("lacks its data files");
    expectError(() => model.restore(""), "INVALID_ARGUMENT");
    model.dispose();
    expectError(() => model.restore(modelFolder("regression")), "DISPOSED");
  });

  describe("restore with errors", () => {
    /** Expects a trained model to reject this checkpoint and to stay unchanged. */
    function expectRefusal(path: string): string {
      using model = Model.load(modelFolder("regression"));
      trainStep(model);
      const before = weightsOf(model);
      const { message } = expectError(() => model.restore(path), "RESTORE_FAILED");
      expect(weightsOf(model)).toBe(before);
      return message;
    }

    it("restore rejects a checkpoint that lacks variables", () => {
      expect(expectRefusal(modelFolder("counter"))).toContain(
        'it lacks "w/.ATTRIBUTES/VARIABLE_VALUE"; it lacks "b/.ATTRIBUTES/VARIABLE_VALUE"',
      );
    });

    it("restore rejects a checkpoint in which the model's place is ambiguous", () => {
      expect(expectRefusal(checkpoint("two"))).toContain('it lacks "w/.ATTRIBUTES/VARIABLE_VALUE"');
    });

    it("restore rejects other shapes", () => {
      expect(expectRefusal(checkpoint("shapes"))).toContain(
        `"w/.ATTRIBUTES/VARIABLE_VALUE" is float32 [3, 1], the model's is float32 [2, 1]`,
      );
    });

    it("restore rejects other dtypes", () => {
      expect(expectRefusal(checkpoint("dtypes"))).toContain(
        `"b/.ATTRIBUTES/VARIABLE_VALUE" is float64 scalar, the model's is float32 scalar`,
      );
    });

    it("restore rejects a corrupt byte, whichever variable it belongs to", () => {
      const folder = copyOfModel("regression");
      const data = join(folder, "variables", "variables.data-00000-of-00001");
      using model = Model.load(modelFolder("regression"));
      const w = model.variables().find(({ name }) => name === "w") as { value: Tensor<"float32"> };
      const bytes = readFileSync(data);
      const place = bytes.indexOf(new Uint8Array(w.value.data.buffer));
      expect(place).toBeGreaterThanOrEqual(0);
      bytes.writeUInt8(bytes.readUInt8(place + 1) ^ 1, place + 1);
      writeFileSync(data, bytes);
      expect(expectRefusal(folder)).toContain("no variable was changed");
    });

    it("restore rejects a truncated checkpoint", () => {
      for (const [file, size] of [
        ["variables.data-00000-of-00001", 3],
        ["variables.index", 60],
        ["variables.index", 0],
      ] as const) {
        const folder = copyOfModel("regression");
        truncateSync(join(folder, "variables", file), size);
        expectRefusal(folder);
      }
    });
  });

  it("restore reads nothing into a model without variables", () => {
    using model = Model.load(modelFolder("names"));
    expect(expectError(() => model.restore(modelFolder("regression")), "RESTORE_FAILED").message).toContain(
      "without a way to restore variables",
    );
  });
});

describe("continuing a saved training", () => {
  it.each(Object.keys(STEPS))(
    "%s: 50 steps, a save, and 50 steps in a new process are 100 steps, bit for bit",
    async (name) => {
      using whole = Model.load(modelFolder(name));
      train(whole, name, 100);
      using half = Model.load(modelFolder(name));
      train(half, name, 50);
      const folder = join(tempFolder(), "half");
      half.save(folder);
      const inputs = JSON.stringify(STEPS[name]);
      const { code, stderr } = await start("test/runtime/training/train-and-save.ts", [folder, "50", inputs]).ended;
      expect(code, stderr).toBe(0);
      using resumed = Model.load(folder);
      expect(valuesOf(resumed)).toEqual(valuesOf(whole));
    },
  );
});
