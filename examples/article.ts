/**
 * A model with a `train` signature, trained with `fit`: what the README does by hand, step by step. The model is made like
 * the one of Paul Grimm's article "Training Keras Models using the Rust TensorFlow Bindings", which this project started
 * from: https://towardsdatascience.com/training-keras-models-using-the-rust-tensorflow-bindings-941791249a7
 *
 * Run from the root of the repository: `npx tsx examples/article.ts`.
 */
import { fit } from "savedmodel";
import { CustomModel } from "../generated/custom-model.js";

/** The plane z = 0.7·a − 0.3·b + 0.1, which the model is to learn. */
const plane = (a: number, b: number): number => 0.7 * a - 0.3 * b + 0.1;

// 64 points of it, one row each: the signature takes one row at a time, and `fit` sees to that.
const points = Array.from({ length: 64 }, (_, index) => [(index % 8) / 8, Math.floor(index / 8) / 8] as const);
const heights = points.map(([a, b]) => [plane(a, b)] as const);

using model = CustomModel.load();
const before = model.pred([[0.5, 0.25]]).item();
const history = await fit(model.train, [points, heights], {
  epochs: 200,
  shuffle: { seed: 1 },
  earlyStopping: { patience: 5, minDelta: 1e-8 },
  // By default a line for each epoch, or one that is redrawn on a terminal.
  progress: false,
  onEpoch: ({ epoch, metrics }) => {
    if (epoch % 20 === 0) console.log(`epoch ${epoch}: loss ${metrics.loss?.toExponential(2)}`);
  },
});
const after = model.pred([[0.5, 0.25]]).item();

const losses = history.metric("loss");
console.log(
  `${losses.length} epochs: loss ${losses[0]?.toExponential(2)} at first, ${losses.at(-1)?.toExponential(2)} at last`,
);
console.log(
  `pred([[0.5, 0.25]]): ${before.toFixed(4)} before, ${after.toFixed(4)} after; the plane says ${plane(0.5, 0.25).toFixed(4)}`,
);
