import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Composite } from "../../../generated/composite.js";
import { type ErrorCode, Model, RaggedTensor, SparseTensor, Tensor } from "../../../runtime/index.js";
import { expectError } from "../../support/errors.js";
import { type GoldenCall, goldenParts, readCases, toTensor } from "../../support/goldens.js";
import { modelFolder } from "../../support/temp.js";

const SPARSE = { indices: [[0, 2]], values: [1], shape: [4, 3] } as const;

/** Python's result for the first call of a case. */
function golden(name: string): GoldenCall {
  const call = readCases("composite").find((kase) => kase.name === name)?.calls[0];
  if (call === undefined) throw new Error(`no case ${name}`);
  return call;
}

function tensor(call: GoldenCall, key: string): Tensor {
  const found = { ...call.inputs, ...call.outputs }[key];
  if (found === undefined) throw new Error(`no ${key}`);
  return toTensor(found);
}

describe("a generated client with ragged and sparse arguments", () => {
  it("ragged and sparse arguments give Python's numbers, from nested arrays and parts", () => {
    using model = Composite.load();
    const call = golden("rows of different lengths");
    const parts = {
      indices: tensor(call, "asp").toArray() as number[][],
      values: [1.5, -2, 3],
      shape: [4, 3] as [number, 3],
    };
    const result = model.mix([[1, 2, 3], [], [4]], 0.5, parts);
    expect(result.dense.toArray()).toEqual(tensor(call, "dense").toArray());
    expect(result.sums.toArray()).toEqual(tensor(call, "sums").toArray());
    expect(result.twice.toArray()).toEqual([[2, 4, 6], [], [8]]);
    expect(goldenParts("twice", result.twice)).toEqual(goldenOf(call, "twice"));
    expect(goldenParts("scaled", result.scaled)).toEqual(goldenOf(call, "scaled"));
  });

  it("accepts its own ragged and sparse results as arguments", () => {
    using model = Composite.load();
    const { twice, scaled } = model.mix([[1], [2, 3]], 1, SPARSE);
    const again = model.mix(twice, 1, scaled as SparseTensor<"float32", [number, 3]>);
    expect(again.twice.toArray()).toEqual([[4], [8, 12]]);
    expect(again.scaled.toArray()).toEqual(scaled.toArray());
  });

  it("accepts two ragged dimensions, with int32 row splits", () => {
    using model = Composite.load();
    const call = golden("two ragged dimensions, row splits of int32");
    const left = {
      indices: [
        [0, 1],
        [1, 0],
      ],
      values: ["a", Uint8Array.of(0, 255)],
      shape: [2, 2],
    } as const;
    const result = model.deep([[[1, 2]], [], [[], [3]]], left, [1, 2]);
    expect(result.total).toBe(6n);
    expect(result.x.toArray()).toEqual([[[2n, 3n]], [], [[], [4n]]]);
    expect(goldenParts("x", result.x)).toEqual(goldenOf(call, "x"));
    expect(result.left.values.bytes).toEqual(tensor(call, "left/values").bytes);
  });

  it("accepts rows of rows, of typed arrays and of strings", () => {
    using model = Composite.load();
    expect(
      model
        .pairs([
          [[1, 2]],
          [
            [3, 4],
            [5, 6],
          ],
        ])
        .toArray(),
    ).toEqual([
      [[1, 2]],
      [
        [5, 6],
        [3, 4],
      ],
    ]);
    expect(model.words([["a", "größe"], [], ["b"]]).toArray()).toEqual(["a größe", "", "b"]);
    const typed = [Float32Array.of(1, 2), new Float32Array()] as never;
    expect(model.mix(typed, 1, SPARSE).sums.toArray()).toEqual([3, 0]);
  });

  it("accepts no rows, and rows without values", () => {
    using model = Composite.load();
    const empty = { indices: [], values: [], shape: [0, 3] } as const;
    expect(model.mix([], 2, empty).twice.toArray()).toEqual([]);
    const result = model.mix([[], []], 2, empty);
    expect(result.twice.toArray()).toEqual([[], []]);
    expect(result.sums.toArray()).toEqual([0, 0]);
    expect(result.scaled.indices.shape).toEqual([0, 2]);
  });

  it("accepts a dense tensor for a ragged input, as rows of equal length", () => {
    using model = Composite.load();
    const { twice, sums } = model.mix(
      Tensor.from("float32", [
        [1, 2],
        [3, 4],
      ]),
      1,
      SPARSE,
    );
    expect(twice.toArray()).toEqual([
      [2, 4],
      [6, 8],
    ]);
    expect(sums.toArray()).toEqual([3, 7]);
    const x = Tensor.from("int64", [
      [[1], [2]],
      [[3], [4]],
      [[5], [6]],
    ]);
    const deep = model.deep(x, { indices: [], values: [], shape: [0, 0] }, [1, 2]);
    expect(deep.x.rowSplits).toEqual([
      [0, 2, 4, 6],
      [0, 1, 2, 3, 4, 5, 6],
    ]);
    expect(deep.x.values.toArray()).toEqual([2n, 3n, 4n, 5n, 6n, 7n]);
    const hollow = Tensor.from("float32", new Float32Array(), [2 ** 40, 0]);
    expect(expectError(() => model.mix(hollow, 1, SPARSE), "INVALID_SIZE").message).toContain("all of empty rows");
  });

  it("sorts the indices of a sparse tensor into row-major order", () => {
    using model = Composite.load();
    const { dense, scaled } = model.mix([], 1, {
      indices: [
        [3, 1],
        [0, 2],
      ],
      values: [3, 1],
      shape: [4, 3],
    });
    expect(dense.toArray()).toEqual([
      [0, 0, 1],
      [0, 0, 0],
      [0, 0, 0],
      [0, 3, 0],
    ]);
    expect(scaled.indices.toArray()).toEqual([
      [0n, 2n],
      [3n, 1n],
    ]);
  });

  it.each<[string, unknown, unknown, ErrorCode, string]>([
    [
      "a plain value for rows",
      1,
      SPARSE,
      "INVALID_RANK",
      'mix(): input "zrows" must be ragged float32 [?, ?], got 1, expected an array',
    ],
    ["a plain value for a row", [[1], 2], SPARSE, "INVALID_RANK", "got 2 at [1], expected an array"],
    ["rows that are nested too deeply", [[1], [[2]]], SPARSE, "RAGGED_ARRAY", "at [1][0]"],
    ["a wrong element", [[1], [2, "x"]], SPARSE, "INVALID_DTYPE", 'got the string "x" at [1][1]'],
    ["a typed array of another dtype", [Int32Array.of(1)], SPARSE, "INVALID_DTYPE", "got an Int32Array"],
    ["a number beyond float32", [[1e39]], SPARSE, "OUT_OF_RANGE", "at [0][0]"],
    ["a missing ragged input", undefined, SPARSE, "MISSING_INPUT", 'input "zrows" (ragged float32 [?, ?]) is missing'],
    [
      "a ragged tensor of another dtype",
      RaggedTensor.from("int32", [[1]]),
      SPARSE,
      "INVALID_DTYPE",
      "a ragged tensor of int32",
    ],
    [
      "a ragged tensor of another rank",
      RaggedTensor.from("float32", [[[1]]]),
      SPARSE,
      "INVALID_RANK",
      "2 ragged dimensions",
    ],
    [
      "a dense array for a sparse tensor",
      [[1]],
      [[1, 2, 3]],
      "INVALID_DTYPE",
      'input "asp" must be sparse float32 [?, 3], got an array',
    ],
    ["a missing sparse input", [[1]], undefined, "MISSING_INPUT", 'input "asp"'],
    ["another shape", [[1]], { ...SPARSE, shape: [4, 4] }, "INVALID_SHAPE", "got [4, 4]"],
    ["another rank", [[1]], { ...SPARSE, shape: [4] }, "INVALID_RANK", "got [4]"],
    [
      "an invalid shape",
      [[1]],
      { ...SPARSE, shape: [-1, 3] },
      "INVALID_SHAPE",
      "got [-1, 3] for its shape. A shape must be an array of at most 254 non-negative integers",
    ],
    [
      "one that cannot be counted",
      [[1]],
      { ...SPARSE, shape: [2 ** 52, 3] },
      "INVALID_SHAPE",
      "got [4503599627370496, 3]",
    ],
    ["nothing for a row", [[1], null], SPARSE, "INVALID_DTYPE", "got null at [1], expected an array"],
    ["a tensor of another dtype", Tensor.from("int32", [[1]]), SPARSE, "INVALID_DTYPE", "got a tensor of int32 [1, 1]"],
    ["a tensor of another rank", Tensor.from("float32", [1]), SPARSE, "INVALID_RANK", "float32 [?, ?], got [1]"],
    [
      "an index outside",
      [[1]],
      { ...SPARSE, indices: [[4, 0]] },
      "OUT_OF_RANGE",
      "got the index [4, 0] in a tensor of shape [4, 3]",
    ],
    ["a negative index", [[1]], { ...SPARSE, indices: [[0, -1]] }, "OUT_OF_RANGE", "the index [0, -1]"],
    [
      "an index that is there twice",
      [[1]],
      {
        ...SPARSE,
        indices: [
          [0, 2],
          [0, 2],
        ],
        values: [1, 2],
      },
      "OUT_OF_RANGE",
      "the index [0, 2] twice",
    ],
    ["more values than indices", [[1]], { ...SPARSE, values: [1, 2] }, "INVALID_SHAPE", "1 indices for 2 values"],
    ["indices of another rank", [[1]], { ...SPARSE, indices: [[0]] }, "INVALID_SHAPE", 'indices of input "asp"'],
    ["a wrong value", [[1]], { ...SPARSE, values: [true] }, "INVALID_DTYPE", 'values of input "asp"'],
  ])("rejects %s", (_, rows, sparse, code, text) => {
    using model = Composite.load();
    expect(expectError(() => model.mix(rows as never, 1, sparse as never), code).message).toContain(text);
  });

  it("rejects another size of a known dimension, and too many arguments", () => {
    using model = Composite.load();
    expect(expectError(() => model.pairs([[[1, 2]]] as never), "INVALID_SHAPE").message).toContain(
      "got a length of 1, expected 2",
    );
    expectError(() => model.pairs([[[1, 2, 3]], []] as never), "INVALID_SHAPE");
    const call = model.pairs as (...inputs: unknown[]) => unknown;
    expect(expectError(() => call([[], []], 1), "TOO_MANY_INPUTS").message).toBe(
      'TOO_MANY_INPUTS: pairs() takes 1 ("points"), got 2',
    );
  });
});

describe("a model that is loaded without a client", () => {
  it("a model without a client takes components by their keys, and returns ragged and sparse tensors", () => {
    using model = Model.load(modelFolder("composite"));
    const call = golden("rows of different lengths");
    const inputs = Object.fromEntries(Object.entries(call.inputs).map(([key, value]) => [key, toTensor(value)]));
    const { twice, scaled } = model.run("mix", inputs);
    expect(twice).toBeInstanceOf(RaggedTensor);
    expect(scaled).toBeInstanceOf(SparseTensor);
  });
});

describe("RaggedTensor", () => {
  it("RaggedTensor is built from nested arrays, with all or only the outer dimensions ragged", () => {
    const all = RaggedTensor.from("int32", [[[1], [2, 3]], []]);
    expect(all.rowSplits).toEqual([
      [0, 2, 2],
      [0, 1, 3],
    ]);
    expect(all.shape).toEqual([2, null, null]);
    const outer = RaggedTensor.from(
      "int32",
      [
        [[1, 2]],
        [
          [3, 4],
          [5, 6],
        ],
      ],
      1,
    );
    expect(outer.rowSplits).toEqual([[0, 1, 3]]);
    expect(outer.values.shape).toEqual([3, 2]);
    expect(outer.toArray()).toEqual([
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
      ],
    ]);
  });

  it("RaggedTensor is built from row splits, which it checks", () => {
    const values = Tensor.from("float32", [1, 2, 3]);
    expect(RaggedTensor.fromRowSplits(values, [0, 2, 3]).toArray()).toEqual([[1, 2], [3]]);
    for (const splits of [[0, 2], [1, 3], [0, 4, 3], [], [0, 1.5, 3], [Number.NaN, 3]]) {
      expectError(() => RaggedTensor.fromRowSplits(values, splits), "INVALID_SHAPE");
    }
    expectError(() => RaggedTensor.fromRowSplits(values), "INVALID_RANK");
    expectError(() => RaggedTensor.fromRowSplits(Tensor.from("float32", 1), [0]), "INVALID_SHAPE");
  });

  it("RaggedTensor reads half floats and booleans of typed arrays by value", () => {
    expect(RaggedTensor.from("float16", [Uint16Array.of(0x3c00)] as never).toArray()).toEqual([[1]]);
    expect(RaggedTensor.from("bool", [Uint8Array.of(1, 0)] as never).toArray()).toEqual([[true, false]]);
  });

  it("RaggedTensor rejects an unknown dtype, an invalid rank, and a cyclic array", () => {
    expectError(() => RaggedTensor.from("float" as "float32", [[1]]), "INVALID_DTYPE");
    expectError(() => RaggedTensor.from("float32", [[1]], 0), "INVALID_RANK");
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expectError(() => RaggedTensor.from("float32", cyclic as never), "INVALID_RANK");
  });

  it("RaggedTensor is printed, and written as JSON", () => {
    const ragged = RaggedTensor.from("int64", [[1, 2], []]);
    expect(inspect(ragged)).toBe("RaggedTensor<int64 [2, ?]> [ [ 1n, 2n ], [] ]");
    expect(JSON.stringify(ragged)).toBe('[["1","2"],[]]');
  });
});

describe("SparseTensor", () => {
  it("SparseTensor converts from and to a dense tensor", () => {
    const dense = Tensor.from("float32", [
      [0, 1.5, 0],
      [0, 0, -2],
    ]);
    const sparse = SparseTensor.fromDense(dense);
    expect(sparse.indices.toArray()).toEqual([
      [0n, 1n],
      [1n, 2n],
    ]);
    expect(sparse.values.toArray()).toEqual([1.5, -2]);
    expect(sparse.toDense().toArray()).toEqual(dense.toArray());
    expect(SparseTensor.fromDense("string", ["", "a"]).toArray()).toEqual(["", "a"]);
    expect(SparseTensor.fromDense("bool", [true, false]).toArray()).toEqual([true, false]);
  });

  it("SparseTensor owns its elements", () => {
    const values = Float32Array.of(1);
    const sparse = SparseTensor.from("float32", { indices: [[0]], values, shape: [2] });
    values[0] = 5;
    expect(sparse.toArray()).toEqual([1, 0]);
  });

  it("SparseTensor does not convert to a dense tensor that exceeds memory", () => {
    const huge = SparseTensor.from("float32", { indices: [], values: [], shape: [2 ** 20, 2 ** 20] });
    expectError(() => huge.toDense(), "INVALID_SIZE");
  });

  it("SparseTensor is printed, and written as JSON", () => {
    const sparse = SparseTensor.from("float32", { indices: [[1, 0]], values: [2], shape: [2, 2] });
    expect(inspect(sparse)).toBe("SparseTensor<float32 [2, 2]> { indices: [ [ 1, 0 ] ], values: [ 2 ] }");
    expect(JSON.stringify(sparse)).toBe('{"indices":[[1,0]],"values":[2],"shape":[2,2]}');
  });
});

/** The parts of an output in a golden. */
function goldenOf(call: GoldenCall, key: string): unknown {
  const entries = Object.entries(call.outputs).filter(([name]) => name.startsWith(`${key}/`));
  return Object.fromEntries(entries.map(([name, part]) => [name, toTensor(part)]));
}
