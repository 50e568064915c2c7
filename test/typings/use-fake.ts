// Fakes that the types accept and reject. Compiled by generator/fake.test.ts.
import { Tensor } from "savedmodel";
import { Composite } from "./composite.js";
import { CustomModel, type CustomModelFakes } from "./custom-model.js";
import { Dtypes } from "./dtypes.js";
import { Example } from "./example.js";
import { Regression } from "./regression.js";
import { Text } from "./text.js";

export const model: CustomModel = CustomModel.fake({ pred: () => [[0.5]], train: () => 1 });
export const result: Tensor<"float32", [1, 1]> = model.pred([[1, 2]]);
export const promise: Promise<number> = model.async.train([[1, 2]], [[3]]);
export const fakes: CustomModelFakes = {};

CustomModel.fake({});
CustomModel.fake({ pred: (inputs) => [[inputs.data.reduce((sum, value) => sum + value, 0)]] });
CustomModel.fake({ pred: () => new Float32Array(1) });
CustomModel.fake({ pred: () => Tensor.from("float32", [[1]]) });
CustomModel.fake({ pred: () => result });
Regression.fake({ train: (x, target, rate) => ({ loss: rate * x.size, mae: target.size }) });
Regression.fake({ weights: () => ({ b: 1, w: [[1], [2]] }) });
Text.fake({ greet: (name) => `Hello ${name.toUpperCase()}` });
Text.fake({
  describe: (texts, upper, repeat) => ({
    joined: `${upper}`,
    lengths: [repeat],
    long: [],
    score: texts.data.map(Number),
  }),
});
Dtypes.fake({ withDefault: (x, scale, offset) => (offset === undefined ? x : [scale ?? 1, offset.size]) });
Dtypes.fake({ scalarInt64: () => 1, scalarComplex64: () => ({ re: 1, im: 2 }) });
Text.fake({ describe: (_, uppercase) => ({ joined: "", lengths: [], long: [!uppercase], score: [] }) });
Dtypes.fake({ unknownRank: (x) => x.size });
Example.fake({ parseOne: (example) => ({ id: example.length, weights: [1, 2, 3] }) });
Composite.fake({ pairs: (points) => points, words: (lines) => lines.values });

// @ts-expect-error unknown method
CustomModel.fake({ prd: () => [[1]] });
// @ts-expect-error a method of every model cannot be faked
CustomModel.fake({ save: () => {} });
// @ts-expect-error data where a function is expected
CustomModel.fake({ pred: [[1]] });
// @ts-expect-error a wrong size
CustomModel.fake({ pred: () => [[1, 2]] });
// @ts-expect-error a wrong rank
CustomModel.fake({ pred: () => [1] });
// @ts-expect-error a string where a number is expected
CustomModel.fake({ train: () => "1" });
// @ts-expect-error a tensor of another dtype
CustomModel.fake({ pred: () => Tensor.from("int32", [[1]]) });
// @ts-expect-error a promise: a fake's asynchronous methods make it
CustomModel.fake({ pred: async () => [[1]] });
// @ts-expect-error nothing
CustomModel.fake({ pred: () => {} });
// @ts-expect-error more inputs than the signature has
CustomModel.fake({ pred: (inputs, other) => [[inputs.size + other]] });
// @ts-expect-error an input is a tensor of float32
CustomModel.fake({ pred: (inputs: Tensor<"int32">) => [[inputs.size]] });
// @ts-expect-error a scalar comes as a number
Regression.fake({ train: (_, __, rate: Tensor) => ({ loss: rate.size, mae: 0 }) });
// @ts-expect-error an output is missing
Regression.fake({ train: () => ({ loss: 1 }) });
// @ts-expect-error a tensor where a number is expected
Regression.fake({ train: () => ({ loss: Tensor.from("float32", 1), mae: 1 }) });
// @ts-expect-error an optional input may be omitted
Dtypes.fake({ withDefault: (x, scale) => [x.size * scale] });
// @ts-expect-error a bigint is neither fractional nor a string
Dtypes.fake({ scalarInt64: () => "1" });
