import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Dtypes } from "../../../generated/dtypes.js";
import { type Complex, RaggedTensor, SparseTensor, Tensor } from "../../../runtime/index.js";
import { expectError } from "../../support/errors.js";

const folder = fileURLToPath(new URL("../../models/dtypes", import.meta.url));

const c = (re: number, im: number): Complex => ({ re, im });

describe("a generated client with complex arguments", () => {
  it("takes and returns complex scalars as { re, im }", () => {
    using model = Dtypes.load(folder);
    expect(model.scalarComplex64({ re: 1.5, im: -2 })).toEqual(c(1.5, -2));
    expect(model.scalarComplex128(0.1)).toEqual(c(0.1, 0));
    expect(model.scalarComplex64(Float32Array.of(1, 2))).toEqual(c(1, 2));
  });

  it("takes nested complex elements, flat parts and tensors", () => {
    using model = Dtypes.load(folder);
    expect(model.complex64([c(1, 2), 3]).data).toEqual(Float32Array.of(1, 2, 3, 0));
    expect(model.complex128(Float64Array.of(1, 2, 3, 4)).toArray()).toEqual([c(1, 2), c(3, 4)]);
    expect(model.complex128(Tensor.from("complex128", [c(0.1, -0)])).toArray()).toEqual([c(0.1, -0)]);
  });

  it("keeps no complex elements of the previous call", () => {
    using model = Dtypes.load(folder);
    expect(model.complex64([c(1, 2), c(3, 4)]).shape).toEqual([2]);
    expect(model.complex64([c(5, 6)]).toArray()).toEqual([c(5, 6)]);
    expect(model.complex64([c(7, 8), 9]).toArray()).toEqual([c(7, 8), c(9, 0)]);
  });

  it("rejects a tensor of the other complex dtype", () => {
    using model = Dtypes.load(folder);
    expectError(() => model.complex64(Tensor.from("complex128", [1]) as never), "INVALID_DTYPE");
  });
});

describe("a sparse tensor of complex numbers", () => {
  it("sorts a complex sparse tensor into row-major order, with both parts of each element", () => {
    const parts = { indices: [[2], [0]], values: [c(1, 2), c(3, 4)], shape: [3] };
    const sparse = SparseTensor.from("complex64", parts);
    expect(sparse.values.toArray()).toEqual([c(3, 4), c(1, 2)]);
    expect(sparse.toArray()).toEqual([c(3, 4), c(0, 0), c(1, 2)]);
    expect(JSON.stringify(sparse.values)).toBe('[{"re":3,"im":4},{"re":1,"im":2}]');
  });

  it("a sparse tensor has the complex elements of a dense one of which either part is not zero", () => {
    const sparse = SparseTensor.fromDense("complex128", [
      [0, c(0, 1)],
      [c(1, 0), c(-0, 0)],
    ]);
    expect(sparse.indices.toArray()).toEqual([
      [0n, 1n],
      [1n, 0n],
    ]);
    expect(sparse.values.toArray()).toEqual([c(0, 1), c(1, 0)]);
  });
});

describe("a ragged tensor of complex numbers", () => {
  it("builds a complex ragged tensor from nested elements", () => {
    const ragged = RaggedTensor.from("complex64", [[c(1, 2)], [], [3, c(4, 5)]]);
    expect(ragged.values.data).toEqual(Float32Array.of(1, 2, 3, 0, 4, 5));
    expect(ragged.toArray()).toEqual([[c(1, 2)], [], [c(3, 0), c(4, 5)]]);
  });

  it("rejects typed arrays as rows of a complex ragged tensor", () => {
    expectError(() => RaggedTensor.from("complex64", [new Float32Array(2)] as never), "INVALID_DTYPE");
  });
});

it("takes a Buffer for uint8, also one that shares memory", () => {
  using model = Dtypes.load(folder);
  const pixels = Buffer.from([1, 2, 250, 255]);
  expect(model.uint8(pixels).data).toEqual(Uint8Array.of(1, 2, 250, 255));
  expect(model.uint8(pixels.subarray(2)).data).toEqual(Uint8Array.of(250, 255));
  expect(model.uint8(new Uint8ClampedArray([300])).data).toEqual(Uint8Array.of(255));
});
