import { describe, expect, it } from "vitest";
import { CustomModel } from "../../../generated/custom-model.js";
import { Regression } from "../../../generated/regression.js";
import { explainRows } from "../../../runtime/call/explain-rows.js";
import { evaluate, Model, predict, SavedModelError, Tensor } from "../../../runtime/index.js";
import { stageTensor } from "../../../runtime/tensor/check-tensor.js";
import { stage } from "../../../runtime/tensor/check-value.js";
import { type DType, dtypeInfo } from "../../../runtime/tensor/dtype.js";
import type { ShapeSpec } from "../../../runtime/tensor/shape.js";
import { expectError, expectRejection } from "../../support/errors.js";
import { modelFolder } from "../../support/temp.js";

const specOf = (dtype: DType, shape: ShapeSpec) => ({ key: "x", dtype: dtypeInfo(dtype), shape });

function fixOf(value: unknown, shape: ShapeSpec, dtype: DType = "float32"): string | undefined {
  return expectError(() => stage(value, specOf(dtype, shape), "f()"), "INVALID_RANK").fix;
}

describe("a value with too few or too many brackets is shown with the right ones", () => {
  it.each<[unknown, ShapeSpec, string, DType?]>([
    [[30], [null, 1], "Pass [[30]], one row with one value."],
    [30, [null, 1], "Pass [[30]], one row with one value."],
    [30, [null], "Pass [30]."],
    [[1, 2], [null, 2], "Pass [[1, 2]], one row with 2 values."],
    [[1, 2, 3], [null, 1], "Pass [[1], [2], [3]], 3 rows with one value each."],
    [[[1, 2]], [2], "Pass [1, 2]."],
    [[[1], [2]], [null], "Pass [1, 2]."],
    [[30], [], "Pass 30."],
    [[[[30]]], [], "Pass 30."],
    [[[[1, 2]]], [null, 2], "Pass [[1, 2]], one row with 2 values."],
    [
      [
        [1, 2],
        [3, 4],
      ],
      [null, 1, 2],
      "Pass [[[1, 2]], [[3, 4]]].",
    ],
    ["a", [null], 'Pass ["a"].', "string"],
    [["a", "b"], [null, 1], 'Pass [["a"], ["b"]], 2 rows with one value each.', "string"],
    [[new Uint8Array(2)], [null, 1], "Pass it with shape [1, 1], one row with one value.", "string"],
    ["a".repeat(1000), [null], "Pass it with shape [1].", "string"],
    [[1n], [null, 1], "Pass [[1n]], one row with one value.", "int64"],
    [[true, false], [null, 2], "Pass [[true, false]], one row with 2 values.", "bool"],
    [Array(784).fill(0), [null, 784], "Pass it with shape [1, 784], one row with 784 values."],
    [Array(7).fill(0), [null, 1], "Pass it with shape [7, 1], 7 rows with one value each."],
  ])("case %#", (value, shape, fix, dtype) => {
    expect(fixOf(value, shape, dtype)).toBe(fix);
  });

  it.each<[unknown, ShapeSpec]>([
    [
      [1, 2],
      [null, null],
    ],
    [
      [1, 2],
      [null, 3],
    ],
    [[[1, 2, 3]], [null, 2, 2]],
    [[[[1], [2]]], [null, null]],
    [[[]], [1]],
    [
      [1, [2]],
      [null, 1],
    ],
    [
      [
        [1, 2],
        [3, 4],
      ],
      [null],
    ],
  ])("unless it has several meanings, or none: case %#", (value, shape) => {
    expect(fixOf(value, shape)).toBeUndefined();
  });

  it("as a shape, where it is a tensor", () => {
    const fix = (data: number[][] | number[], shape: ShapeSpec): string | undefined =>
      expectError(() => stageTensor(Tensor.from("float32", data), specOf("float32", shape), "f()"), "INVALID_RANK").fix;
    expect(fix([1, 2], [null, 2])).toBe("Reshape it: `reshape([1, 2])`, one row with 2 values.");
    expect(fix([[1, 2]], [null])).toBe("Reshape it: `reshape([2])`.");
    expect(fix([1, 2], [null, null])).toBeUndefined();
  });

  it("as what a fake is to return, where it is a result", () => {
    const fake = CustomModel.fake({ pred: () => [1] as never });
    expect(expectError(() => fake.pred([[1, 2]]), "INVALID_RESULT").fix).toBe("Return [[1]], one row with one value.");
  });
});

describe("an error of TensorFlow's", () => {
  const x = [
    [1, 2],
    [3, 4],
  ];
  const target = [[1], [2], [3]];
  const fix = 'The inputs have different numbers of rows: "x" 2, "target" 3.';

  it("names the numbers of rows of the inputs where they differ, on every way to call", async () => {
    using model = Regression.load();
    const errors = [
      expectError(() => model.train(x as never, target as never, 0.1), "TF_INVALID_ARGUMENT"),
      await expectRejection(model.async.train(x as never, target as never, 0.1), "TF_INVALID_ARGUMENT"),
      expectError(() => model.run("train", { x, target, learning_rate: 0.1 }), "TF_INVALID_ARGUMENT"),
    ];
    for (const error of errors) {
      expect(error.rawMessage).toMatch(/^train\(\): TensorFlow failed: Incompatible shapes/);
      expect(error.fix).toBe(fix);
    }
  });

  it("says nothing of rows where all have as many, or where leading dimensions are no rows", () => {
    const error = new SavedModelError("TF_INVALID_ARGUMENT", "f(): TensorFlow failed");
    const inputs = ["a", "b", "c"].map((key) => ({ key, hasRows: key !== "c" }));
    const values = (...counts: number[]) => counts.map((count) => ({ shape: [count, 2], elements: [] }));
    expect(explainRows(error, inputs, values(2, 2, 3))).toBe(error);
    expect(explainRows(error, inputs, [...values(2), undefined, ...values(3)])).toBe(error);
    expect(explainRows(error, inputs, values(2, 3, 3))).toHaveProperty(
      "fix",
      'The inputs have different numbers of rows: "a" 2, "b" 3.',
    );
    const other = new SavedModelError("TF_INTERNAL", "f(): TensorFlow failed");
    expect(explainRows(other, inputs, values(2, 3, 3))).toBe(other);
  });
});

describe("missing inputs are named all at once, with dtype and shape", () => {
  const what = 'train(): inputs "target" (float32 [?, 1]), "learning_rate" (float32 scalar) are missing';

  it("in calls by place and by key", async () => {
    using model = Model.load(modelFolder("regression"));
    expect(expectError(() => model.run("train", { x: [[1, 2]] }), "MISSING_INPUT").rawMessage).toBe(what);
    const rejected = await expectRejection(model.runAsync("train", { x: [[1, 2]] }), "MISSING_INPUT");
    expect(rejected.rawMessage).toBe(what);
    using client = Regression.load();
    const call = (): unknown => Reflect.apply(client.train, client, [[[1, 2]]]);
    expect(expectError(call, "MISSING_INPUT").rawMessage).toBe(what);
  });
});

describe("data that is no array of columns", () => {
  it("is wrapped in one", async () => {
    using model = Regression.load();
    const rows = [
      [1, 2],
      [3, 4],
    ];
    const many = await expectRejection(predict(model.pred, rows as never), "TOO_MANY_INPUTS");
    expect(many.rawMessage).toBe('pred() takes 1 ("x"), got 2');
    expect(many.fix).toBe("Data is an array of columns, one for each input: pass [x] instead of x.");
    for (const data of [Tensor.from("float32", rows), new Float32Array(4)]) {
      const error = await expectRejection(predict(model.pred, data as never), "INVALID_DATA");
      expect(error.rawMessage).toMatch(/^pred\(\): data must be an array of columns, one for each input, got a \w+$/);
      expect(error.fix).toBe("Pass [x] instead of x.");
    }
  });
});

it("evaluate() asks for metrics where a signature has none", async () => {
  using model = Regression.load();
  const error = await expectRejection(evaluate(model.pred, [[[1, 2]]]), "NOT_TRAINABLE");
  expect(error.message).toBe(
    "NOT_TRAINABLE: pred() has no scalar output. " +
      "Pass a signature that returns metrics as scalars, such as `model.evaluate`.",
  );
});
