/**
 * Trains models in TypeScript, saves them, and has TensorFlow in Python load them and compare the numbers.
 *
 * It also compares what servers of others answer our clients. Run by `npm run conformance`, which makes Python environments of
 * its own below build/; `npm run conformance -- servers` runs one part.
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
import { checkServers } from "./servers.js";
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
const packages = join(root, "build", "conformance", "python");

/** Parts of the run: each says in a line whether Python agrees. */
const PARTS: Readonly<Record<string, (python: Python) => boolean | Promise<boolean>>> = {
  models: (python) => {
    const agreeing = trainings.filter((training) => trainsAndAgrees(python, training)).length;
    console.log(`conformance: ${agreeing} of ${trainings.length} models agree with Python`);
    return agreeing === trainings.length;
  },
  guide: async (python) => {
    const folder = join(root, "build", "conformance", "guide");
    const wrong = await checkGuide(python, join(root, "docs", "authoring.md"), folder);
    const found = wrong === 0 ? "the guide does what it says" : `${wrong} parts of the guide fail`;
    console.log(`conformance: ${found}`);
    return wrong === 0;
  },
  variables: (python) => {
    const agreeing = trainings.filter((training) => compareVariables(python, training, output)).length;
    console.log(`conformance: variables and checkpoints of ${agreeing} of ${trainings.length} models agree`);
    return agreeing === trainings.length;
  },
  digits: (python) => {
    const agree = checkDigits(python, join(output, "digits"));
    console.log(`conformance: the example's classifier ${agree ? "agrees" : "does not agree"} with Python`);
    return agree;
  },
  optimizers: (python) => {
    const agree = checkOptimizers(python, output);
    console.log(`conformance: long trainings ${agree ? "agree" : "do not agree"} with Python`);
    return agree;
  },
  strangers: (python) => {
    const agree = checkStrangers(python, output);
    const absent = "are not present (../shared/models, or SAVEDMODEL_TEST_MODELS)";
    console.log(`conformance: third-party models ${agree === undefined ? absent : agree ? "agree" : "do not agree"}`);
    return agree !== false;
  },
  servers: () => {
    const { titles, agree } = checkServers(packages);
    const which = titles.length === 0 ? "none can be installed here" : titles.join(", ");
    console.log(`conformance: servers of others ${agree ? "agree" : "do not agree"} with Python: ${which}`);
    return agree;
  },
};

const names = process.argv.slice(2);
const unknown = names.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined) throw new Error(`unknown part ${unknown}; parts: ${Object.keys(PARTS).join(", ")}`);
const requirements = { list: read("requirements.txt"), alone: read("requirements-alone.txt") };
const python = pythonWith(requirements, packages);
rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
for (const [name, run] of Object.entries(PARTS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  if (!(await run(python))) process.exitCode = 1;
}
