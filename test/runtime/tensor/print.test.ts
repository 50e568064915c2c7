import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { RaggedTensor, SparseTensor, Tensor } from "../../../runtime/index.js";
import { golden } from "../../support/language-service.js";

/** Consecutive numbers, starting at 0. */
function counted(shape: readonly number[]): Tensor {
  const size = shape.reduce((product, width) => product * width, 1);
  return Tensor.from(
    "int32",
    Int32Array.from({ length: size }, (_, index) => index),
    shape,
  );
}

const ragged = (rows: number, length: (row: number) => number): RaggedTensor =>
  RaggedTensor.from(
    "int32",
    Array.from({ length: rows }, (_, row) => Array.from({ length: length(row) }, () => row)),
  );

const sparse = SparseTensor.fromDense(
  Tensor.from(
    "float32",
    Array.from({ length: 2000 }, (_, row) => [0, row + 1]),
  ),
);

const words = Tensor.from("string", [
  ["a", "b"],
  ["c", "😀"],
]);
const longText = Tensor.from("string", ["x".repeat(5000), new Uint8Array([255, 0]), new Uint8Array(4000).fill(254)]);

describe("console.log of a tensor", () => {
  it("has as few digits as tell a float32 from its neighbours", () => {
    const numbers = [0.1, 1 / 3, -0, 1e-45, 16777217, 0.10592756420373917, Number.NaN, -Infinity];
    expect(inspect(Tensor.from("float32", numbers)).replaceAll(/\s+/g, " ")).toBe(
      "Tensor<float32 [8]> [ 0.1, 0.33333334, -0, 1e-45, 16777216, 0.105927564, NaN, -Infinity ]",
    );
    expect(inspect(Tensor.from("float64", [1 / 3]))).toBe("Tensor<float64 [1]> [ 0.3333333333333333 ]");
  });

  it("are the ends of a vector that would take more lines than a person reads", () => {
    expect(inspect(counted([384])).split("\n").length).toBeGreaterThan(10);
    expect(inspect(counted([385]))).toBe("Tensor<int32 [385]> [ 0, 1, 2, ..., 382, 383, 384 ]");
  });

  it("console.log prints tensors as in the golden file", () => {
    const shown: Readonly<Record<string, unknown>> = {
      "a scalar": Tensor.from("float32", 1.5),
      "a matrix": counted([2, 3]),
      "a long vector": counted([1001]),
      "a tall matrix": counted([500, 4]),
      "a wide matrix": counted([2, 4000]),
      images: counted([8, 224, 224, 3]),
      "rank 6": counted([9, 9, 9, 9, 3, 2]),
      "complex numbers": Tensor.from(
        "complex64",
        Array.from({ length: 1001 }, (_, re) => ({ re, im: 1 })),
      ),
      words: words,
      "many words": Tensor.from(
        "string",
        Array.from({ length: 1500 }, (_, index) => `word ${index}`),
      ),
      "long text, and bytes that are not text": longText,
      "no elements": Tensor.from("float32", [], [3, 0]),
      "few ragged rows": ragged(4, (row) => row),
      "many ragged rows": ragged(200, (row) => row),
      "a sparse tensor": sparse,
      results: { loss: 0.5, weights: counted([100, 100]) },
    };
    const text = Object.entries(shown)
      .map(([name, value]) => `=== ${name}\n${inspect(value)}\n`)
      .join("\n");
    expect(text).toBe(golden(new URL("print.golden.txt", import.meta.url), text));
  });

  it.each([
    [[8, 224, 224, 3]],
    [[1000]],
    [[1000, 1]],
    [[1, 1000]],
    [[10, 10, 10]],
    [[50, 50, 50, 50]],
    [Array.from({ length: 20 }, () => 2)],
    [Array.from({ length: 12 }, () => 3)],
  ])("console.log prints a bounded number of lines for %j", (shape) => {
    expect(inspect(Tensor.allocate("float32", shape)).split("\n").length).toBeLessThan(150);
  });

  it("console.log prints at most twice as many lines as the rank for the highest rank", () => {
    const tensor = Tensor.allocate("float32", [
      ...Array.from({ length: 234 }, () => 1),
      ...Array.from({ length: 20 }, () => 2),
    ]);
    expect(inspect(tensor).split("\n").length).toBeLessThan(2 * 254 + 120);
  });

  it("console.log prints the first and last elements of each axis", () => {
    const text = inspect(counted([300, 300]));
    for (const corner of ["0, 1, 2, ..., 297, 298, 299", "89700, 89701, 89702, ..., 89997, 89998, 89999"]) {
      expect(text).toContain(corner);
    }
  });
});
