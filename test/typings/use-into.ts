// Memory for results that the types accept and reject. Compiled by generator/client/client-types.test.ts.
import {
  type AnyShape,
  type CallOptions,
  fit,
  type Into,
  predict,
  type ResultOptions,
  type SparseTensor,
  Tensor,
} from "savedmodel";
import { Composite } from "./composite.js";
import { CustomModel } from "./custom-model.js";
import { Dtypes } from "./dtypes.js";
import { Metrics } from "./metrics.js";
import { Regression, type WeightsOutputs } from "./regression.js";
import { Text } from "./text.js";

using model: CustomModel = CustomModel.load();
const out = model.allocate("float32", [1, 1]);
export const y: Tensor<"float32", [1, 1]> = model.pred([[1, 2]], { into: out });
export const later: Promise<Tensor<"float32", [1, 1]>> = model.async.pred([[1, 2]], { into: out });
model.pred([[1, 2]], { into: new Float32Array(1) });
model.pred([[1, 2]], { into: y });
model.pred([[1, 2]], {});
model.pred([[1, 2]], undefined);
model.pred([[1, 2]], { into: undefined });
model.async.pred([[1, 2]], { into: new Float32Array(1), signal: new AbortController().signal });
declare const reused: Float32Array | undefined;
model.pred([[1, 2]], { into: reused });
const into: Into<typeof y> = out;
const options: ResultOptions<typeof y> = { into };
model.pred([[1, 2]], options);
model.async.pred([[1, 2]], options);
// Options that are made for no method in particular.
const signalOnly: CallOptions = { signal: new AbortController().signal };
model.async.pred([[1, 2]], signalOnly);
model.async.train([[1, 2]], [[1]], signalOnly);

// @ts-expect-error a tensor of another dtype
model.pred([[1, 2]], { into: model.allocate("float64", [1, 1]) });
// @ts-expect-error a tensor of another shape
model.pred([[1, 2]], { into: model.allocate("float32", [2, 1]) });
// @ts-expect-error a tensor of another rank
model.pred([[1, 2]], { into: model.allocate("float32", [1]) });
// @ts-expect-error a tensor whose shape the compiler does not know
model.pred([[1, 2]], { into: Tensor.from("float32", [[1]]) });
// @ts-expect-error doubles where floats are written
model.pred([[1, 2]], { into: new Float64Array(1) });
// @ts-expect-error nested arrays are no memory
model.pred([[1, 2]], { into: [[1]] });
// @ts-expect-error memory that is not the option
model.pred([[1, 2]], out);
// @ts-expect-error the same, asynchronously
model.async.pred([[1, 2]], out);
// @ts-expect-error a call on this thread cannot be aborted
model.pred([[1, 2]], { signal: new AbortController().signal });
// @ts-expect-error a misspelled option
model.pred([[1, 2]], { inot: out });
// @ts-expect-error a number is not written into memory
model.train([[1, 2]], [[1]], { into: new Float32Array(1) });
// @ts-expect-error the same, asynchronously
model.async.train([[1, 2]], [[1]], { into: new Float32Array(1) });

using regression: Regression = Regression.load();
declare const rows: Tensor<"float32", [number, 1]>;
regression.pred([[1, 2]], { into: rows });
regression.pred([[1, 2]], { into: model.allocate("float32", [8, 1]) });
regression.pred([[1, 2]], { into: new Float32Array(8) });
// @ts-expect-error a column too many
regression.pred([[1, 2]], { into: model.allocate("float32", [8, 2]) });
export const weights: WeightsOutputs = regression.weights({ into: { w: new Float32Array(2) } });
regression.weights({ into: {} });
regression.weights({ into: { w: weights.w } });
regression.weights({ into: { w: undefined } });
// @ts-expect-error a number among several results
regression.weights({ into: { b: new Float32Array(1) } });
// @ts-expect-error an unknown result
regression.weights({ into: { c: new Float32Array(2) } });
// @ts-expect-error one target where there are two results
regression.weights({ into: new Float32Array(2) });
// @ts-expect-error its results are numbers
regression.evaluate([[1, 2]], [[1]], { into: { loss: new Float32Array(1) } });

using dtypes: Dtypes = Dtypes.load();
dtypes.int64([1], { into: new BigInt64Array(1) });
dtypes.complex64([1], { into: new Float32Array(2) });
dtypes.bool([true], { into: new Uint8Array(1) });
dtypes.uint8([1], { into: new Uint8ClampedArray(1) });
dtypes.float16([1], { into: new Uint16Array(1) });
dtypes.withDefault([1], undefined, undefined, { into: new Float32Array(1) });
declare const anyShape: Tensor<"float32", AnyShape>;
dtypes.unknownRank([1], { into: anyShape });
// @ts-expect-error an array has no shape where the rank is unknown
dtypes.unknownRank([1], { into: new Float32Array(1) });
// @ts-expect-error another kind of integers
dtypes.int64([1], { into: new BigUint64Array(1) });
// @ts-expect-error tensors of one kind of array may be of different dtypes
dtypes.qint8([1], { into: dtypes.int8([1]) });
// @ts-expect-error strings are not written into memory
dtypes.string(["a"], { into: ["a"] });

using text: Text = Text.load();
text.describe(["a"], true, 2, { into: { lengths: new BigInt64Array(1) } });
// @ts-expect-error a string is not written into memory
text.describe(["a"], true, 2, { into: { joined: "a" } });

using composite: Composite = Composite.load();
declare const sparse: SparseTensor<"float32">;
// @ts-expect-error a ragged tensor is not written into memory
composite.pairs([[[1, 2]]], { into: new Float64Array(2) });

export const byKey: Readonly<Record<string, unknown>> = model.run("pred", {}, { into: { output: out } });
void model.runAsync("pred", {}, { into: { output: new Float32Array(1) }, signal: new AbortController().signal });
void model.runAsync("pred", {}, signalOnly);
// @ts-expect-error a ragged tensor is not written into memory
model.run("pred", {}, { into: { output: sparse } });
// @ts-expect-error of a call by keys there is an object of targets
model.run("pred", {}, { into: out });

// The parameters of a method are the inputs of its batches, and options are no column.
using metrics: Metrics = Metrics.load();
declare const batches: Parameters<typeof regression.pred>[];
export const heights: Tensor<"float32", [number, 1]> = await predict(regression.pred, [[[1, 2]]]);
await predict(regression.pred, () => batches);
await predict(regression.pred, new Set<[number[][]]>());
await predict(metrics.predictEight, [[[1, 2]]]);
// @ts-expect-error options are no column
await predict(regression.pred, [[[1, 2]], {}]);
// @ts-expect-error nor omitted ones
await predict(regression.pred, [[[1, 2]], undefined]);
// @ts-expect-error a column too many
await fit(regression.pred, [[[1, 2]], [[1]]]);
// @ts-expect-error options are no data
await predict(regression.pred, { into: rows });
// @ts-expect-error the same of a method without inputs
await predict(regression.weights, { into: { w: new Float32Array(2) } });
