import assert from "node:assert";
import { chai, describe, expect, it } from "vitest";
import { CustomModel } from "../../../generated/custom-model.js";
import { Text } from "../../../generated/text.js";
import { type AnyTensor, RaggedTensor, SparseTensor, Tensor } from "../../../runtime/index.js";
import { expectError } from "../../support/errors.js";

const passes = (check: () => void): boolean => {
  try {
    check();
    return true;
  } catch {
    return false;
  }
};

/** Comparisons of common test libraries. */
const COMPARISONS: readonly [name: string, isEqual: (a: unknown, b: unknown) => boolean][] = [
  ["equals", (a, b) => (a as AnyTensor).equals(b)],
  ["assert.deepEqual", (a, b) => passes(() => assert.deepEqual(a, b))],
  ["assert.deepStrictEqual", (a, b) => passes(() => assert.deepStrictEqual(a, b))],
  ["toEqual", (a, b) => passes(() => expect(a).toEqual(b))],
  ["toStrictEqual", (a, b) => passes(() => expect(a).toStrictEqual(b))],
  ["chai's deepEqual", (a, b) => passes(() => chai.assert.deepEqual(a, b))],
];

/** Of each kind, one value twice and values that differ from it in one thing. */
const VALUES: readonly [name: string, make: () => AnyTensor, others: readonly AnyTensor[]][] = [
  [
    "numbers",
    () => Tensor.from("float32", [[1, 2]]),
    [
      Tensor.from("float32", [[1, 3]]),
      Tensor.from("float32", [[1], [2]]),
      Tensor.from("float64", [[1, 2]]),
      Tensor.from("float32", [[1, Number.NaN]]),
      SparseTensor.fromDense("float32", [[1, 2]]),
    ],
  ],
  ["wide integers", () => Tensor.from("int64", [2n ** 53n]), [Tensor.from("int64", [2n ** 53n + 1n])]],
  [
    "half floats",
    () => Tensor.from("float16", [0.5]),
    [Tensor.from("float16", [0.25]), Tensor.from("bfloat16", [0.5]), Tensor.from("uint16", [0x3800])],
  ],
  ["complex numbers", () => Tensor.from("complex64", { re: 1, im: 2 }), [Tensor.from("complex64", { re: 1, im: 3 })]],
  ["booleans", () => Tensor.from("bool", [true]), [Tensor.from("bool", [false]), Tensor.from("uint8", [1])]],
  [
    "strings",
    () => Tensor.from("string", ["a", "größe"]),
    [Tensor.from("string", ["a", "grösse"]), Tensor.from("string", ["a"]), Tensor.from("string", ["b", "größe"])],
  ],
  ["bytes", () => Tensor.from("string", [Uint8Array.of(255)]), [Tensor.from("string", [Uint8Array.of(254)])]],
  ["no elements", () => Tensor.from("float32", [], [0, 2]), [Tensor.from("float32", [], [2, 0])]],
  [
    "ragged numbers",
    () => RaggedTensor.from("int32", [[1, 2], [3]]),
    [
      RaggedTensor.from("int32", [[1, 2], [4]]),
      RaggedTensor.from("int32", [[1], [2, 3]]),
      RaggedTensor.from("int32", [[1, 2, 3]]),
      RaggedTensor.from("int16", [[1, 2], [3]]),
      RaggedTensor.from("int32", [[[1, 2]], [[3]]]),
    ],
  ],
  [
    "ragged strings",
    () => RaggedTensor.from("string", [["a"], []]),
    [RaggedTensor.from("string", [["b"], []]), RaggedTensor.from("string", [[], ["a"]])],
  ],
  [
    "sparse numbers",
    () => SparseTensor.fromDense("float32", [0, 1, 2]),
    [
      SparseTensor.fromDense("float32", [0, 1, 3]),
      SparseTensor.fromDense("float32", [1, 0, 2]),
      SparseTensor.fromDense("float32", [0, 1, 2, 0]),
      SparseTensor.fromDense("float64", [0, 1, 2]),
      Tensor.from("float32", [0, 1, 2]),
    ],
  ],
];

describe.each(COMPARISONS)(
  "%s",
  (_, isEqual) => {
    it.each(VALUES)("distinguishes %s from others only", (_, make, others) => {
      expect(isEqual(make(), make())).toBe(true);
      for (const [index, other] of others.entries()) {
        expect(isEqual(make(), other), `${index}: ${other}`).toBe(false);
        expect(isEqual(other, make()), `${index}: ${other}, the other way`).toBe(false);
      }
    });

    it("distinguishes actual from expected results", () => {
      using model = CustomModel.load();
      const y = model.pred([[1, 1]]);
      expect(isEqual(y, Tensor.from("float32", y.data, y.shape))).toBe(true);
      expect(isEqual(y, Tensor.from("float32", [[42]]))).toBe(false);
      using text = Text.load();
      // One was decoded, and the other one not yet.
      const echo = text.echo(["a", "a longer text than the others"]);
      expect(echo.data).toHaveLength(2);
      expect(isEqual(echo, Tensor.from("string", ["a", "a longer text than the others"]))).toBe(true);
      expect(isEqual(echo, Tensor.from("string", ["a", "another text"]))).toBe(false);
    });
  },
  60_000,
);

describe("equals", () => {
  it.each<["float32" | "float64" | "float16" | "bfloat16" | "complex128"]>([
    ["float32"],
    ["float64"],
    ["float16"],
    ["bfloat16"],
    ["complex128"],
  ])("equals treats NaNs, and 0 and -0, as equal in %s, and nothing else", (dtype) => {
    const make = (...numbers: readonly number[]): Tensor => Tensor.from(dtype, numbers);
    expect(make(Number.NaN, 0).equals(make(Number.NaN, -0))).toBe(true);
    expect(make(Number.NaN).equals(make(0))).toBe(false);
    expect(make(0).equals(make(Number.NaN))).toBe(false);
    expect(make(1).equals(make(1.5))).toBe(false);
    expect(make(Number.POSITIVE_INFINITY).equals(make(Number.NEGATIVE_INFINITY))).toBe(false);
  });

  it("equals treats NaNs as equal", () => {
    const [a, b] = [0x7e00, 0x7e01].map((bits) => Tensor.from("float16", Uint16Array.of(bits)));
    expect(a?.equals(b)).toBe(true);
  });

  it("equals accepts no other values as tensors", () => {
    const tensor = Tensor.from("float32", [1]);
    const forged: unknown = Object.assign(Object.create(Tensor.prototype), { ...tensor });
    for (const other of [undefined, null, [1], Float32Array.of(1), { ...tensor }, forged, "float32 [1]"]) {
      expect(tensor.equals(other)).toBe(false);
    }
    expect(RaggedTensor.from("float32", [[1]]).equals(Tensor.from("float32", [[1]]))).toBe(false);
  });

  it("equals throws for detached elements", () => {
    const [kept, gone] = [Tensor.from("float32", [1]), Tensor.from("float32", [1])];
    structuredClone(gone.data, { transfer: [gone.data.buffer] });
    expectError(() => kept.equals(gone), "INVALID_SIZE");
    expectError(() => gone.equals(kept), "INVALID_SIZE");
  });
});

it("a structured clone of a tensor has its properties, with the elements", () => {
  expect(structuredClone({ ...Tensor.from("int8", [1, 2]) })).toEqual({
    dtype: "int8",
    shape: [2],
    elements: Int8Array.of(1, 2),
  });
  expect(structuredClone(Tensor.from("string", ["a"]))).toEqual({
    dtype: "string",
    shape: [1],
    elements: [Uint8Array.of(97)],
  });
});
