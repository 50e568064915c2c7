// Calls that the types of a client with tf.Example inputs accept and reject. Compiled by generator/example.test.ts.
import { Tensor } from "savedmodel";
import { Example, type ExampleExample } from "./example.js";

using model: Example = Example.load();
declare const bytes: Uint8Array;
declare const numbers: number[];

const least: ExampleExample = {
  age: 1,
  job: "x",
  matrix: [
    [1, 2],
    [3, 4],
  ],
  pair: [1n, 2],
};
model.predict([least]);
model.predict([bytes, "raw"]);
model.predict([
  {
    ...least,
    age: 2n,
    hoursPerWeek: [40],
    job: bytes,
    matrix: new Float32Array(4),
    pair: Tensor.from("int64", [1n, 2n], [2]),
    ratings: numbers,
    scores: [],
    words: ["a", bytes],
  },
]);
model.parseOne({ id: 1 });
model.parseOne({ id: 1, weights: numbers });
model.parseOne(bytes);

// @ts-expect-error a single example where many are expected
model.predict(least);
// @ts-expect-error many examples where one is expected
model.parseOne([{ id: 1 }]);
// @ts-expect-error `id` is missing
model.parseOne({ weights: [1, 2, 3] });
// @ts-expect-error a string where an integer is expected
model.parseOne({ id: "1" });
// @ts-expect-error two weights where three are expected
model.parseOne({ id: 1, weights: [1, 2] });
// @ts-expect-error no such feature
model.parseOne({ id: 1, weight: [1, 2, 3] });
// @ts-expect-error one value where an array is expected
model.predict([{ ...least, words: "a" }]);
