import { describe, expect, it } from "vitest";
import { inspect } from "../../../generator/index.js";
import { hasShared, NO_SHARED, shared } from "../../support/needs.js";
import { modelFolder } from "../../support/temp.js";

function argumentsOf(directory: string): Record<string, readonly string[]> {
  return Object.fromEntries(
    inspect(directory).signatures.map(({ key, inputs }) => [key, inputs.map((input) => input.key)]),
  );
}

describe("order of inputs", () => {
  it.each([
    ["custom_model", "train", ["training_input", "training_target"]],
    ["regression", "train", ["x", "target", "learning_rate"]],
    ["regression", "evaluate", ["x", "target"]],
    ["text", "describe", ["texts", "uppercase", "repeat"]],
    ["keras3", "train", ["x", "target"]],
    ["dtypes", "with_default", ["x", "scale", "offset"]],
  ])("inputs of %s %s are in the order of the Python function", (model, signature, keys) => {
    expect(argumentsOf(modelFolder(model))[signature]).toEqual(keys);
  });

  it("inputs are in natural order if the file does not record the order", () => {
    const keys = ["x_0", "x_1", "x_2", "x_9", "x_10", "x_11"];
    expect(argumentsOf(modelFolder("names")).natural_order).toEqual(keys);
  });

  it("inputs of a model from TensorFlow 2.5 are in the order of the Python function", ({ skip }) => {
    skip(!hasShared, NO_SHARED);
    expect(argumentsOf(`${shared}/rust-training-custom`)).toEqual({
      pred: ["inputs"],
      train: ["training_input", "training_target"],
    });
  });
});
