import { describe, expect, it } from "vitest";
import { Composite } from "../../../generated/composite.js";
import { Example, type ExampleExample } from "../../../generated/example.js";
import { boundMethod } from "../../../runtime/client/bound-methods.js";
import { type ErrorCode, fit, RaggedTensor, SparseTensor, Tensor } from "../../../runtime/index.js";
import { prepareRows, type Rows } from "../../../runtime/training/batches/columns.js";
import { expectError, expectRejection } from "../../support/errors.js";

const SILENT = { progress: false } as const;

const LINES = [[1, 2], [], [3], [4, 5, 6], [7]];
const SPARSE = SparseTensor.from("float32", {
  indices: [
    [3, 2],
    [0, 1],
    [3, 0],
    [4, 1],
  ],
  values: [32, 1, 30, 41],
  shape: [5, 3],
});
const ORDER = Uint32Array.of(3, 1, 4, 0, 2);

/** The columns of a method, as `fit` prepares them. */
function rowsOf(method: unknown, columns: readonly unknown[]): Rows {
  const bound = boundMethod(method);
  if (bound === undefined) throw new TypeError("not a method");
  return prepareRows(`${bound.key}()`, bound.calls.method(bound.key).inputs, columns);
}

function pick<T>(rows: readonly T[], order: Iterable<number>): readonly T[] {
  return Array.from(order, (row) => rows[row] as T);
}

describe("rows of ragged and sparse columns", () => {
  it.each([
    ["nested arrays and the parts of a sparse tensor", LINES, { ...SPARSE }],
    ["typed arrays as rows", LINES.map((row) => Float32Array.from(row)), SPARSE],
    ["a RaggedTensor and a SparseTensor", RaggedTensor.from("float32", LINES), SPARSE],
  ])("rows of %s equal those that the model gets", (_, lines, sparse) => {
    using model = Composite.load();
    const { count, batch } = rowsOf(model.mix, [lines, 0.5, sparse]);
    const dense = SPARSE.toArray() as number[][];
    const mix = (values: readonly unknown[]): ReturnType<Composite["mix"]> =>
      model.mix(...(values as Parameters<Composite["mix"]>));
    expect(count).toBe(5);
    for (const [from, to] of [
      [0, 2],
      [1, 4],
      [4, 5],
    ] as const) {
      const inOrder = mix(batch(1, from, to));
      expect(inOrder.twice.toArray()).toEqual(LINES.slice(from, to).map((row) => row.map((value) => 2 * value)));
      expect(inOrder.dense.toArray()).toEqual(dense.slice(from, to));
      const shuffled = mix(batch(1, from, to, ORDER));
      const rows = ORDER.subarray(from, to);
      expect(shuffled.twice.toArray()).toEqual(pick(LINES, rows).map((row) => row.map((value) => 2 * value)));
      expect(shuffled.dense.toArray()).toEqual(pick(dense, rows));
    }
  });

  it("rows with several ragged dimensions keep their structure, also above rows of equal size", () => {
    using model = Composite.load();
    const deep = [[[1n, 2n], []], [], [[3n]], [[], [4n, 5n], [6n]]];
    const texts = SparseTensor.from("string", {
      indices: [
        [1, 0],
        [2, 1],
      ],
      values: ["b", "c"],
      shape: [4, 2],
    });
    const { batch, fixedBatch } = rowsOf(model.deep, [deep, texts, [1, 2, 3, 4]]);
    const [x, pair, right] = batch(1, 1, 3, Uint32Array.of(0, 3, 2, 1)) as [RaggedTensor, SparseTensor, Tensor];
    expect([x.toArray(), pair.toArray(), right.toArray(), fixedBatch]).toEqual([
      [deep[3], deep[2]],
      [
        ["", ""],
        ["", "c"],
      ],
      [4, 3],
      2,
    ]);
    const points = [
      [[1, 2]],
      [],
      [[3, 4]],
      [
        [5, 6],
        [7, 8],
      ],
    ];
    const pairs = rowsOf(model.pairs, [points]);
    expect((pairs.batch(1, 0, 2, Uint32Array.of(3, 0))[0] as RaggedTensor).toArray()).toEqual([points[3], points[0]]);
  });

  it("rejects invalid ragged and sparse columns immediately", () => {
    using model = Composite.load();
    const refused = (lines: unknown, sparse: unknown, code: ErrorCode): string =>
      expectError(() => rowsOf(model.mix, [lines, 0.5, sparse]), code).message;
    expect(refused([[1], ["a"]], SPARSE, "INVALID_DTYPE")).toBe(
      'INVALID_DTYPE: mix(): column "zrows" must be ragged float32 [?, ?], got the string "a" at [1][0]',
    );
    expect(refused(LINES, LINES, "INVALID_DTYPE")).toContain("Pass a SparseTensor, or its { indices, values, shape }.");
    expect(refused(LINES.slice(1), SPARSE, "INVALID_DATA")).toBe(
      'INVALID_DATA: mix(): input "zrows" has 4 rows, input "asp" 5',
    );
    expect(refused(LINES, { indices: [], values: [], shape: [5, 4] }, "INVALID_SHAPE")).toContain("got [5, 4]");
  });
});

it("examples are serialized once, and are not affected by later changes", () => {
  using model = Example.load();
  const examples = [3, 1, 2].map(
    (age): ExampleExample => ({
      age,
      job: `job ${age}`,
      matrix: [
        [age, 0],
        [0, 1],
      ],
      pair: [age, age],
    }),
  );
  const all = Array.from(model.predict(examples).data);
  const { count, batch } = rowsOf(model.predict, [examples]);
  const [some] = batch(1, 0, 2, Uint32Array.of(2, 0, 1)) as [Tensor<"string">];
  expect([count, Array.from(model.predict(some).data)]).toEqual([3, [all[2], all[0]]]);
  const mixed = [examples[0], Tensor.elementsOf(some)[0]];
  const [again] = rowsOf(model.predict, [mixed]).batch(1, 0, 2) as [Tensor<"string">];
  expect(Array.from(model.predict(again).data)).toEqual([all[0], all[2]]);
  expect(expectError(() => rowsOf(model.predict, [[examples[0], { age: 1 }]]), "MISSING_INPUT").message).toContain(
    "example 1",
  );
});

describe("fit", () => {
  const X = [[[1n, 2n], []], [], [[3n]], [[], [4n, 5n], [6n]]];
  const NONE = { indices: [], values: [], shape: [4, 2] } as const;

  it("fit trains with ragged and sparse columns, shuffled too", async () => {
    using model = Composite.load();
    const totals: number[] = [];
    const options = {
      ...SILENT,
      onBatch: ({ metrics }: { metrics: { total: number } }) => void totals.push(metrics.total),
    };
    const history = await fit(model.deep, [X, NONE, new Float32Array(4)], options);
    expect(totals).toEqual([3, 18]);
    expect(history.metric("total")).toEqual([10.5]);
    await fit(model.deep, [X, NONE, new Float32Array(4)], { ...options, shuffle: { seed: 1 } });
    expect((totals[2] ?? 0) + (totals[3] ?? 0)).toBe(21);
  });

  it("fit weighs batches by the rows of ragged tensors", async () => {
    using model = Composite.load();
    type Inputs = Parameters<Composite["deep"]>;
    const batches: Inputs[] = [X.slice(0, 2), X.slice(2)].map((rows): Inputs => {
      return [RaggedTensor.from("int64", rows, 2), { ...NONE, shape: [2, 2] }, [1, 2]];
    });
    const { epochs } = await fit(model.deep, () => batches, { ...SILENT, epochs: 2 });
    expect(epochs.map(({ rows, metrics }) => [rows, metrics.total])).toEqual([
      [4, 10.5],
      [4, 10.5],
    ]);
  });

  it("fit rejects an array of batches, and explains what an array means", async () => {
    using model = Composite.load();
    const batch = [X, NONE, new Float32Array(2)];
    const { message } = await expectRejection(fit(model.deep, [batch, batch] as never, SILENT), "INVALID_DTYPE");
    expect(message).toContain("An array has a column for each input; batches come from a function or a generator");
  });
});
