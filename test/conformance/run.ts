/**
 * Trains models in TypeScript, saves them, and has TensorFlow in Python load them and compare the numbers.
 *
 * Run by `npm run conformance`, which makes a Python environment of its own below build/.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Model } from "../../runtime/index.js";
import { checkDigits } from "./digits.js";
import { type Python, pythonWith } from "./environment.js";
import { checkGuide } from "./guide.js";
import { checkOptimizers } from "./optimizers.js";
import { type Inputs, record } from "./record.js";
import { checkStrangers } from "./strangers.js";
import { compareVariables, type VariableTraining } from "./variables.js";
import { verify } from "./verify.js";

interface Training extends VariableTraining {
  /** Calls after training and saving, whose results Python must give as well, in this order, from what was saved. */
  readonly compare: readonly { readonly signature: string; readonly inputs: Inputs }[];
}

const batch = [
  [0.5, -0.25],
  [1, 0.75],
  [-0.5, 0.125],
];
const wide = [
  [0.5, -0.25, 1],
  [1, 0.75, -1],
];

const custom: Omit<Training, "model"> = {
  steps: 50,
  train: "train",
  inputs: { training_input: [[1, 1]], training_target: [[0]] },
  compare: [
    { signature: "pred", inputs: { inputs: [[1, 1]] } },
    { signature: "pred", inputs: { inputs: [[-0.5, 2]] } },
  ],
};
const keras3: Omit<Training, "model"> = {
  steps: 50,
  train: "train",
  inputs: { x: wide, target: [[1], [2]] },
  compare: [
    { signature: "predict", inputs: { x: wide } },
    { signature: "serving_default", inputs: { x: wide } },
  ],
};

const trainings: readonly Training[] = [
  { model: "custom_model", ...custom },
  { model: "keras3_saved", ...custom },
  {
    model: "regression",
    steps: 50,
    train: "train",
    inputs: { x: batch, target: [[1], [2], [3]], learning_rate: 0.05 },
    compare: [
      { signature: "weights", inputs: {} },
      { signature: "pred", inputs: { x: batch } },
      { signature: "evaluate", inputs: { x: batch, target: [[1], [2], [3]] } },
    ],
  },
  { model: "keras3", ...keras3 },
  { model: "keras3_tracked", ...keras3, stale: [0, 1, 2, 3].map((index) => `_all_variables/${index}`) },
  {
    model: "counter",
    steps: 50,
    train: "increment",
    inputs: { by: 0.5 },
    compare: [{ signature: "get", inputs: {} }],
  },
  {
    model: "optimizers",
    steps: 50,
    train: "train_adam",
    inputs: { x: batch, target: [[1], [2], [3]], learning_rate: 0.03 },
    compare: [
      { signature: "evaluate_adam", inputs: { x: batch, target: [[1], [2], [3]] } },
      { signature: "train_adam", inputs: { x: batch, target: [[1], [2], [3]], learning_rate: 0.03 } },
      { signature: "evaluate_adam", inputs: { x: batch, target: [[1], [2], [3]] } },
    ],
  },
];

const root = fileURLToPath(new URL("../..", import.meta.url));
const output = join(root, "build", "conformance", "models");

/** Trains and saves a model, and has Python load it and answer the same. */
function trainsAndAgrees(python: Python, { model: name, steps, train, inputs, compare }: Training): boolean {
  const original = join(root, "test", "models", name);
  const saved = join(output, name);
  using model = Model.load(original);
  for (let step = 0; step < steps; step++) model.run(train, inputs);
  model.save(saved);
  const calls = compare.map((call) => record(model, call.signature, call.inputs));
  return verify(python, { name, saved, original, title: `after ${steps} steps`, calls });
}

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
const requirements = { list: read("requirements.txt"), alone: read("requirements-alone.txt") };
const python = pythonWith(requirements, join(root, "build", "conformance", "python"));
rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
const differing = trainings.filter((training) => !trainsAndAgrees(python, training));
console.log(`conformance: ${trainings.length - differing.length} of ${trainings.length} models agree with Python`);
const wrong = await checkGuide(python, join(root, "docs", "authoring.md"), join(root, "build", "conformance", "guide"));
console.log(wrong === 0 ? "conformance: the guide does what it says" : `conformance: ${wrong} parts of the guide fail`);
const unlike = trainings.filter((training) => !compareVariables(python, training, output));
console.log(
  `conformance: variables and checkpoints of ${trainings.length - unlike.length} of ${trainings.length} models agree`,
);
const digits = checkDigits(python, join(output, "digits"));
console.log(`conformance: the example's classifier ${digits ? "agrees" : "does not agree"} with Python`);
const optimizers = checkOptimizers(python, output);
console.log(`conformance: long trainings ${optimizers ? "agree" : "do not agree"} with Python`);
const strangers = checkStrangers(python, output);
const third =
  strangers === undefined
    ? "are not present (../shared/models, or SAVEDMODEL_TEST_MODELS)"
    : strangers
      ? "agree"
      : "do not agree";
console.log(`conformance: third-party models ${third}`);
const agree = digits && optimizers && strangers !== false;
process.exitCode = differing.length + wrong + unlike.length === 0 && agree ? 0 : 1;
