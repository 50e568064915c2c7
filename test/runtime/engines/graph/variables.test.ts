import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inspect } from "../../../../generator/index.js";
import { Model, type Tensor } from "../../../../runtime/index.js";
import { expectError } from "../../../support/errors.js";
import { hasShared, NO_SHARED, shared } from "../../../support/needs.js";
import { modelFolder } from "../../../support/temp.js";
import { trainStep } from "../../training/training-step.js";

describe("variables", () => {
  it.each(["counter", "custom_model", "keras3", "keras3_saved", "keras3_tracked", "names", "regression", "spin"])(
    "%s: variables() returns those of inspect, in its order",
    (name) => {
      using model = Model.load(modelFolder(name));
      const variables = model.variables().map(({ value, ...description }) => {
        expect(value?.dtype).toBe(description.dtype);
        expect(value?.shape).toEqual(description.shape);
        return description;
      });
      expect(variables).toEqual(inspect(modelFolder(name)).variables);
    },
  );

  it("variables() returns Python's values, before training and after each step", () => {
    const file = new URL("checkpoints/values.json", import.meta.url);
    const steps = JSON.parse(readFileSync(file, "utf8")) as { w: number[]; b: number[] }[];
    using model = Model.load(modelFolder("regression"));
    for (const step of steps) {
      const [b, w] = model.variables();
      expect([...(w?.value?.data ?? [])]).toEqual(step.w);
      expect([...(b?.value?.data ?? [])]).toEqual(step.b);
      trainStep(model);
    }
    expect(steps.length).toBeGreaterThan(3);
  });

  it("variables() returns copies: a later step does not change them", () => {
    using model = Model.load(modelFolder("regression"));
    const before = model.variables();
    const texts = before.map(({ value }) => JSON.stringify(value?.toArray()));
    trainStep(model);
    expect(before.map(({ value }) => JSON.stringify(value?.toArray()))).toEqual(texts);
    for (const { value } of model.variables()) (value as Tensor<"float32">).data.fill(7);
    expect(model.run("weights").w?.toArray()).not.toEqual([[7], [7]]);
  });

  it("duplicated Keras 3 variables have the value that signatures use, under both names", () => {
    using model = Model.load(modelFolder("keras3_tracked"));
    const x = [[0.5, -0.25, 1]];
    for (let step = 0; step < 5; step++) model.run("train", { x, target: [[1]] });
    const kernels = model.variables().filter(({ name }) => name === "sequential/dense/kernel");
    expect(kernels.map(({ path }) => path)).toEqual(["_all_variables/0", "variables/0"]);
    using fresh = Model.load(modelFolder("keras3_tracked"));
    const initial = fresh.variables().find(({ name }) => name === "sequential/dense/kernel");
    expect(kernels[1]?.value?.toArray()).toEqual(kernels[0]?.value?.toArray());
    expect(kernels[0]?.value?.toArray()).not.toEqual(initial?.value?.toArray());
    expect(
      model
        .variables()
        .find(({ name }) => name === "adam/iteration")
        ?.value?.item(),
    ).toBe(5n);
  });

  it("variables() rejects a disposed model", () => {
    const model = Model.load(modelFolder("regression"));
    model.dispose();
    expectError(() => model.variables(), "DISPOSED");
  });

  it("variables() reads those of TensorFlow 1, including references", ({ skip }) => {
    skip(!hasShared, NO_SHARED);
    using model = Model.load(`${shared}/tfserving-counter`);
    const value = (): unknown => model.variables().map(({ name, value }) => [name, ...(value?.data ?? [])]);
    expect(value()).toEqual([["counter", 0]]);
    model.run("incr_counter_by", { delta: 2.5 });
    expect(value()).toEqual([["counter", 2.5]]);
    model.restore(`${shared}/tfserving-counter`);
    expect(value()).toEqual([["counter", 0]]);
  });
});
