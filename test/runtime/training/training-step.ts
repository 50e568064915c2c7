import type { Model } from "../../../runtime/index.js";

const STEP = {
  x: [
    [0.5, -0.25],
    [1, 0.75],
    [-0.5, 0.125],
  ],
  target: [[1], [2], [3]],
  // So small that thousands of steps all give other weights.
  learning_rate: 1e-3,
};

/** One step of the model `regression`. It changes both variables, and differently in each step. */
export function trainStep(model: Model): void {
  model.run("train", STEP);
}

/** Both variables, as text. */
export function weightsOf(model: Model): string {
  const { w, b } = model.run("weights");
  return `${w?.toString()} ${JSON.stringify(w?.toArray())} ${JSON.stringify(b?.toArray())}`;
}
