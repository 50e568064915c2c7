// Data that `fit` accepts and rejects for dense, ragged, sparse and tf.Example inputs. Compiled by runtime/fit-types.test.ts.
import { type Engine, evaluate, fit, predict, RaggedTensor, SparseTensor, Tensor } from "savedmodel";
import { Composite } from "./composite.js";
import { Example, type ExampleExample } from "./example.js";
import { Metrics } from "./metrics.js";
import { Optimizers } from "./optimizers.js";
import { Regression } from "./regression.js";

using regression: Regression = Regression.load();
using optimizers: Optimizers = Optimizers.load();
using composite: Composite = Composite.load();
using metrics: Metrics = Metrics.load();
using example: Example = Example.load();

const x = [[1, 2]];
const target = [[1]];
const batches: Parameters<typeof regression.train>[] = [[x, target, 0.1]];
function* generator(): Generator<[number[][], number[][], number]> {
  yield [x, target, 0.1];
}
async function* later(): AsyncGenerator<[number[][], Float32Array, number]> {
  yield [x, new Float32Array(1), 0.1];
}

const history = await fit(regression.train, [x, target, 0.1], {
  validation: { signature: regression.evaluate, data: [x, target] },
  earlyStopping: { monitor: "validation_mae", mode: "min" },
  onEpoch: ({ metrics }) => console.log(metrics.loss, metrics.mae),
});
const losses: readonly number[] = history.metric("loss");
await fit(regression.train, [new Float32Array(2), Tensor.from("float32", target), (step) => 1 / step]);
await fit(regression.train, [(step) => [[step, 1]], target, 0.1]);
await fit(regression.train, () => batches);
await fit(regression.train, batches.values());
await fit(regression.train, new Set(batches));
await fit(regression.train, generator);
await fit(regression.train, generator());
await fit(regression.train, later);
await fit(regression.train, later());
await fit(optimizers.trainAdam, [x, target, 0.1]);

declare const rows: number[][];
declare const sparse: SparseTensor<"float32">;
declare const person: ExampleExample;
declare const people: readonly ExampleExample[];
await fit(composite.mix, [[[1], [2, 3], []], 0.5, { indices: [[0, 1]], values: [1.5], shape: [3, 3] }]);
await fit(composite.mix, [RaggedTensor.from("float32", rows), (step) => step, sparse]);
await fit(composite.mix, [rows, 0.5, SparseTensor.fromDense("float32", rows)]);
await fit(composite.deep, [[[[1n], []], []], { indices: [], values: [], shape: [2, 0] }, new Float32Array(4)]);
// The leading dimension that a signature fixes is that of a batch: a column has as many rows as there are.
await fit(composite.pairs, [[[[1, 2]], [], [[3, 4]], []]]);
await fit(example.predict, [people]);
await fit(example.predict, [[person, "raw", new Uint8Array(2)]]);
await fit(example.predict, [Tensor.from("string", ["raw"])]);

await fit(metrics.train, [[[1, 2, 3]], [1n]], { resetMetrics: metrics.resetMetrics });
await fit(metrics.train, [[[1, 2, 3]], [1n]], { resetMetrics: [metrics.resetMetrics, metrics.resetMeasure] });
await fit(metrics.train, [[[1, 2, 3]], [1n]], { resetMetrics: false });
await fit(regression.train, [x, target, 0.1], { shuffle: true, earlyStopping: { monitor: "mae" } });
const validated: readonly number[] = history.metric("validation_loss");
// @ts-expect-error a signature with inputs resets nothing
await fit(metrics.train, [[[1, 2, 3]], [1n]], { resetMetrics: metrics.evaluate });

// @ts-expect-error an array of batches: an array means columns
await fit(regression.train, batches);
// @ts-expect-error the same, where they are as many as the inputs
await fit(regression.train, [batches[0], batches[0], batches[0]]);
// @ts-expect-error a column too few
await fit(regression.train, [x, target]);
// @ts-expect-error a column too many
await fit(regression.train, [x, target, 0.1, 0.1]);
// @ts-expect-error a string where numbers are expected
await fit(regression.train, [[["a", "b"]], target, 0.1]);
// @ts-expect-error a learning rate for each row
await fit(regression.train, [x, target, [0.1]]);
// @ts-expect-error batches that lack an argument
await fit(regression.train, new Set<[number[][], number[][]]>());
// @ts-expect-error a string where ragged numbers are expected
await fit(composite.mix, [[["a"]], 0.5, sparse]);
// @ts-expect-error a ragged tensor of another dtype
await fit(composite.mix, [RaggedTensor.from("int32", rows), 0.5, sparse]);
// @ts-expect-error dense rows where a sparse tensor is expected
await fit(composite.mix, [rows, 0.5, rows]);
// @ts-expect-error examples that lack features
await fit(example.predict, [[{ age: 1 }]]);
// @ts-expect-error a metric that the signature does not have
history.metric("accuracy");

// Methods lose nothing when they are passed on: typescript-eslint's rule unbound-method accepts those with `this: void`.
type NeedsNoThis<Method> = unknown extends ThisParameterType<Method> ? false : true;
const needsNoThis: NeedsNoThis<typeof regression.train | typeof metrics.resetMetrics | typeof composite.mix> = true;
const { train } = regression;
await fit(train, [x, target, 0.1], { checkpoints: { directory: "out", onlyBest: { monitor: "mae" }, resume: true } });
await fit(regression.train, (epoch: number) => batches.slice(epoch), { logs: { csv: "log.csv", tensorBoard: "runs" } });

declare const eights: [number[][]][];
const measured: { readonly loss: number; readonly mae: number } = await evaluate(regression.evaluate, [x, target]);
const heights: Tensor<"float32", [number, 1]> = await predict(regression.pred, [x], { batchSize: 8 });
const eight: Tensor<"float32", [number, 2]> = await predict(metrics.predictEight, () => eights);
const mixed: { readonly twice: RaggedTensor<"float32", [number, number]> } = await predict(composite.mix, [
  rows,
  1,
  sparse,
]);
// @ts-expect-error a metric that the signature does not have
await evaluate(regression.evaluate, [x, target]).then(({ accuracy }) => accuracy);
// @ts-expect-error a column too many
await predict(regression.pred, [x, target]);
// @ts-expect-error the rows of eight are not those of all
const fixed: Tensor<"float32", [8, 2]> = await predict(metrics.predictEight, [x]);

// Methods that return promises: of a connected client, and of `async`.
declare const engine: Engine;
const connected = await Regression.connect(engine);
const far = await fit(connected.train, [x, target, 0.1], {
  validation: { signature: connected.evaluate, data: [x, target] },
  earlyStopping: { monitor: "validation_mae", mode: "min" },
  onEpoch: ({ metrics }) => console.log(metrics.loss, metrics.mae),
});
const farLosses: readonly number[] = far.metric("loss");
const farMeasured: { readonly loss: number; readonly mae: number } = await evaluate(connected.evaluate, [x, target]);
const farHeights: Tensor<"float32", [number, 1]> = await predict(connected.pred, [x]);
const farMixed: { readonly twice: RaggedTensor<"float32", [number, number]> } = await predict(composite.async.mix, [
  rows,
  1,
  sparse,
]);
await fit(optimizers.async.trainAdam, [x, target, (step) => 1 / step]);
await fit(connected.train, () => batches);
await fit(connected.train, later);
await fit(metrics.async.train, [[[1, 2, 3]], [1n]], { resetMetrics: metrics.async.resetMetrics });
await fit(example.async.predict, [people]);
// @ts-expect-error options of a call are not an input
await fit(connected.train, [x, target, 0.1, { timeoutMs: 5 }]);
// @ts-expect-error a column too few
await fit(connected.train, [x, target]);
// @ts-expect-error a string where numbers are expected
await fit(connected.train, [[["a", "b"]], target, 0.1]);
// @ts-expect-error a metric that the signature does not have
far.metric("accuracy");
// @ts-expect-error a metric that the signature does not have
await evaluate(connected.evaluate, [x, target]).then(({ accuracy }) => accuracy);

export {
  eight,
  farHeights,
  farLosses,
  farMeasured,
  farMixed,
  fixed,
  heights,
  losses,
  measured,
  mixed,
  needsNoThis,
  validated,
};
