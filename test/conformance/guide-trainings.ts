import type { Inputs } from "./record.js";

/** The training of the model of one block of the guide, and the calls that are then compared with Python. */
export interface GuideTraining {
  readonly model: string;
  readonly steps: number;
  /** Of `train`, by raw keys. The output `loss` must fall to less than half. */
  readonly inputs: Inputs;
  /** The same for the generated client, where it takes ragged and sparse values for loose components. */
  readonly clientInputs?: Inputs;
  /**
   * Calls after saving. The saved model gets the same ones in Python in this order, so `train` among them compares what
   * was saved of the optimizer and of the random numbers.
   */
  readonly compare: readonly { readonly signature: string; readonly inputs: Inputs }[];
}

const x = [
  [1, 0],
  [0, 1],
  [1, 1],
  [0.5, -0.5],
];
const target = [[3], [-1], [1], [2]];
const step = { x, target, learning_rate: 0.02 };
const wide = {
  x: [
    [1, 0, 0.5],
    [0, 1, -0.5],
    [1, 1, 1],
    [-1, 0.5, 0],
  ],
  target,
  learning_rate: 0.02,
};
const houses = { living_area: [[0.5], [0.8], [1.1], [0.6]], rooms: [[2], [3], [4], [2]], price: target };
const labels = { x, target: [[1], [0], [1], [1]] };
const bags = {
  ids: [5n, 7n, 9n, 1n],
  ids_1: [0n, 3n, 4n, 4n],
  features: [
    [0n, 3n],
    [1n, 9n],
    [2n, 0n],
  ],
  features_1: [1, 0.5, 2],
  features_2: [3n, 10n],
};
const texts = { texts: ["good", "BAD bad", "Groß unknown"] };

export const guideTrainings: readonly GuideTraining[] = [
  {
    model: "line",
    steps: 100,
    inputs: step,
    compare: [
      { signature: "train", inputs: step },
      { signature: "evaluate", inputs: { x, target } },
      { signature: "predict", inputs: { x } },
    ],
  },
  {
    model: "slots",
    steps: 100,
    inputs: { x, target },
    compare: [
      { signature: "steps", inputs: {} },
      { signature: "train", inputs: step },
      { signature: "train", inputs: { x, target } },
      { signature: "predict", inputs: { x } },
      { signature: "steps", inputs: {} },
    ],
  },
  {
    model: "archive",
    steps: 100,
    inputs: wide,
    compare: [
      { signature: "train", inputs: wide },
      { signature: "train", inputs: wide },
      { signature: "evaluate", inputs: { x: wide.x, target } },
      { signature: "predict", inputs: { x: wide.x } },
      { signature: "serving_default", inputs: { x: wide.x } },
    ],
  },
  {
    model: "prices",
    steps: 300,
    inputs: houses,
    compare: [
      { signature: "train", inputs: houses },
      { signature: "train", inputs: houses },
      { signature: "predict", inputs: { living_area: houses.living_area, rooms: houses.rooms } },
    ],
  },
  {
    model: "keras_module",
    steps: 100,
    inputs: wide,
    compare: [
      { signature: "train", inputs: wide },
      { signature: "train", inputs: wide },
      { signature: "predict", inputs: { x: wide.x } },
    ],
  },
  {
    model: "keras2",
    steps: 100,
    inputs: step,
    compare: [
      { signature: "train", inputs: step },
      { signature: "evaluate", inputs: { x, target } },
      { signature: "predict", inputs: { x } },
    ],
  },
  {
    model: "classifier",
    steps: 100,
    inputs: labels,
    compare: [
      { signature: "train", inputs: labels },
      { signature: "evaluate", inputs: labels },
      { signature: "reset", inputs: {} },
      { signature: "train", inputs: labels },
      { signature: "evaluate", inputs: labels },
    ],
  },
  {
    model: "noise",
    steps: 100,
    inputs: { x, target, seed: [7, 1] },
    compare: [
      { signature: "train", inputs: { x, target, seed: [7, 2] } },
      { signature: "train", inputs: { x, target, seed: [8, 2] } },
      { signature: "predict", inputs: { x } },
    ],
  },
  {
    model: "bags",
    steps: 100,
    inputs: { ...bags, target: [[1], [0], [2]] },
    clientInputs: {
      ids: [[5, 7, 9], [1], []],
      features: { indices: bags.features, values: bags.features_1, shape: [3, 10] },
      target: [[1], [0], [2]],
    },
    compare: [
      { signature: "train", inputs: { ...bags, target: [[1], [0], [2]] } },
      { signature: "predict", inputs: bags },
    ],
  },
  {
    model: "words",
    steps: 100,
    inputs: { ...texts, target: [1, -2, 0.5] },
    compare: [
      { signature: "train", inputs: { ...texts, target: [1, -2, 0.5] } },
      { signature: "predict", inputs: texts },
      { signature: "predict", inputs: { texts: ["", "small groß"] } },
    ],
  },
];
