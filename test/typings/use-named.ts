// Inputs by name: what the compiler accepts and rejects. Compiled by generator/named-inputs.test.ts.
import { evaluate, fit, predict, Tensor } from "savedmodel";
import { parseCsv, type Table } from "savedmodel/data";
import type { Regression } from "./regression.js";
import { type TrainInputs, Wide } from "./wide.js";

using model: Wide = Wide.load(undefined, { readOnly: ["train"], batching: { predict: { maxBatch: 8 } } });
const inputs: TrainInputs = { age: [1], income: [2], height: [3], weight: [[4, 5]], label: [1n] };
const loss: number = model.train(inputs);
model.train({ ...inputs, rate: 0.1, age: new Float32Array(1), income: Tensor.from("float32", [1]) });
model.train([1], [2], [3], [1n], 0.1, [[4, 5]]);
const later: Promise<number> = model.async.train(inputs, { signal: AbortSignal.timeout(1000) });
const alsoLater: Promise<number> = model.async.train([1], [2], [3], [1n], 0.1, [[4, 5]], {});
console.log(loss, later, alsoLater);

Wide.fake({
  train: ({ age, rate }) => age.size + (rate ?? 0.5),
  predict: ({ weight }) => [weight.shape[0]],
});

await fit(model.train, {
  age: [1, 2],
  income: [1, 2],
  height: [1, 2],
  weight: [
    [1, 2],
    [3, 4],
  ],
  label: [1n, 2n],
});
await fit(
  model.train,
  { ...inputs, rate: (step) => 1 / step, age: Tensor.from("float32", [1]) },
  {
    validation: { signature: model.train, data: inputs },
  },
);
await fit(model.train, [[1], [2], [3], [1n], 0.1, [[4, 5]]]);
await fit(model.train, () => [inputs, inputs]);
await fit(model.train, async function* () {
  yield inputs;
});
await fit(
  model.train,
  () =>
    [[[1], [2], [3], [1n], undefined, [[4, 5]]]] as [number[], number[], number[], bigint[], undefined, number[][]][],
);
const table: Table = parseCsv("age,income\n1,2\n");
await fit(model.train, table, { validation: { signature: model.train, data: table } });
await evaluate(model.train, table);
await predict(model.predict, table);

// @ts-expect-error an input is missing
model.train({ age: [1], income: [2], height: [3], weight: [[4, 5]] });
// @ts-expect-error an input is misspelt
model.train({ ...inputs, heigth: [3] });
// @ts-expect-error one input has another dtype
model.train({ ...inputs, age: ["1"] });
// @ts-expect-error one input has another rank
model.train({ ...inputs, weight: [1, 2] });
// @ts-expect-error options are for asynchronous calls
model.train(inputs, {});
// @ts-expect-error unknown option
model.async.train(inputs, { sign: 1 });
// @ts-expect-error a column is missing
await fit(model.train, { age: [1], income: [2], height: [3], weight: [[4, 5]] });
// @ts-expect-error a column has another dtype
await fit(model.train, { ...inputs, age: ["1"] });
// @ts-expect-error not a signature
Wide.load(undefined, { readOnly: ["trian"] });
// @ts-expect-error not a signature
Wide.load(undefined, { batching: { predct: { maxBatch: 8 } } });
// @ts-expect-error a single input is not given by name
model.single({ age: [1] });
declare const regression: Regression;
// @ts-expect-error the author's order of a few inputs is known
regression.evaluate({ x: [[1, 2]], target: [[1]] });
// @ts-expect-error nor are columns given by name then
await fit(regression.evaluate, { x: [[1, 2]], target: [[1]] });
// @ts-expect-error nor by a table
await fit(regression.evaluate, table);
