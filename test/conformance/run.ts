/**
 * Trains models in TypeScript, saves them, and has TensorFlow in Python load them and compare the numbers.
 *
 * Run by `npm run conformance`, which makes a Python environment of its own below build/.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Model } from "../../runtime/index.js";
import { pythonWith } from "./environment.js";
import { type Inputs, record } from "./record.js";

interface Training {
  readonly model: string;
  readonly steps: number;
  readonly train: string;
  readonly inputs: Inputs;
  /** Calls after training, whose results Python must give as well. They must not change the model. */
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
  { model: "keras3_tracked", ...keras3 },
  {
    model: "counter",
    steps: 50,
    train: "increment",
    inputs: { by: 0.5 },
    compare: [{ signature: "get", inputs: {} }],
  },
];

const root = fileURLToPath(new URL("../..", import.meta.url));
const output = join(root, "build", "conformance", "models");

/** Trains and saves a model, and writes down what it predicts. */
function prepare({ model: name, steps, train, inputs, compare }: Training): { saved: string; expected: string } {
  const saved = join(output, name);
  const expected = join(output, `${name}.expected.json`);
  using model = Model.load(join(root, "test", "models", name));
  for (let step = 0; step < steps; step++) model.run(train, inputs);
  model.save(saved);
  const calls = compare.map((call) => record(model, call.signature, call.inputs));
  writeFileSync(expected, JSON.stringify({ model: name, cases: [{ name: `after ${steps} steps`, calls }] }, null, 1));
  return { saved, expected };
}

const requirements = readFileSync(new URL("requirements.txt", import.meta.url), "utf8");
const python = pythonWith(requirements, join(root, "build", "conformance", "python"));
rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
let failed = 0;
for (const training of trainings) {
  const { saved, expected } = prepare(training);
  const original = join(root, "test", "models", training.model);
  const verify = fileURLToPath(new URL("verify.py", import.meta.url));
  const { status } = spawnSync(python.command, [verify, saved, expected, original], {
    stdio: "inherit",
    env: python.env,
  });
  if (status !== 0) failed++;
}
console.log(`conformance: ${trainings.length - failed} of ${trainings.length} models agree with Python`);
process.exitCode = failed === 0 ? 0 : 1;
