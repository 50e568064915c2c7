// Calls that the types of a client with ragged and sparse arguments accept and reject. Compiled by generator/composite.test.ts.
import { RaggedTensor, SparseTensor } from "savedmodel";
import { Composite } from "./composite.js";

using model: Composite = Composite.load();
declare const rows: number[][];
const sparse = { indices: [[0, 1]], values: [1.5], shape: [2, 3] } as const;

const { dense, scaled, twice } = model.mix([[1], [2, 3], []], 0.5, sparse);
model.mix(rows, 0.5, { indices: new BigInt64Array(2), values: new Float32Array(1), shape: [2, 3] });
model.mix(twice, 0.5, SparseTensor.from("float32", sparse));
model.mix(RaggedTensor.from("float32", rows), 0.5, SparseTensor.fromDense("float32", [[1, 0, 2]]));
const array: number[][] = twice.toArray();
const values: Float32Array = scaled.values.data;
const whole: number[][] = scaled.toDense().toArray();
const plain: number[][] = dense.toArray();
const deep: bigint[][][] = model.deep([[[1n], []], []], { indices: [], values: [], shape: [0, 0] }, [1, 2]).x.toArray();
const pairs: [number, number][][] = model
  .pairs([
    [[1, 2]],
    [
      [3, 4],
      [5, 6],
    ],
  ])
  .toArray();

// @ts-expect-error values where rows are expected
model.mix([1, 2], 0.5, sparse);
// @ts-expect-error a ragged tensor of another dtype
model.mix(RaggedTensor.from("int32", rows), 0.5, sparse);
// @ts-expect-error a dense array where a sparse tensor is expected
model.mix(rows, 0.5, [[1, 2, 3]]);
// @ts-expect-error another shape
model.mix(rows, 0.5, { ...sparse, shape: [2, 4] });
// @ts-expect-error no shape
model.mix(rows, 0.5, { indices: [], values: [] });
// @ts-expect-error three where the dimension below the ragged ones is two
model.pairs([[[1, 2, 3]], []]);
// @ts-expect-error a ragged tensor has no flat data
twice.data;

export { array, deep, pairs, plain, values, whole };
