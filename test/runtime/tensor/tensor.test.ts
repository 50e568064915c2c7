import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Tensor } from "../../../runtime/index.js";
import { expectError } from "../../support/errors.js";

describe("Tensor.from", () => {
  it("Tensor.from takes the shape from nested arrays", () => {
    const tensor = Tensor.from("float32", [[1, 2, 3]]);
    expect([tensor.dtype, tensor.shape, tensor.data]).toEqual(["float32", [1, 3], Float32Array.of(1, 2, 3)]);
  });

  it("Tensor.from takes a flat array with a shape", () => {
    expect(Tensor.from("int32", Int32Array.of(1, 2, 3, 4), [2, 2]).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(Tensor.from("string", ["a", "b"], [2, 1]).toArray()).toEqual([["a"], ["b"]]);
    expect(Tensor.from("complex64", Float32Array.of(1, 2, 3, 4), [1, 2]).data).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(Tensor.from("complex64", [{ re: 1, im: 2 }, 3], [2, 1]).data).toEqual(Float32Array.of(1, 2, 3, 0));
  });

  it("Tensor.from copies its data", () => {
    const source = Float32Array.of(1);
    const tensor = Tensor.from("float32", source);
    source[0] = 2;
    expect(tensor.data[0]).toBe(1);
  });

  it("Tensor.from rejects an unknown dtype", () => {
    expectError(() => Tensor.from("float" as "float32", [1]), "INVALID_DTYPE");
  });

  it("Tensor.from rejects a shape that the data does not fill", () => {
    expectError(() => Tensor.from("float32", new Float32Array(3), [2, 2]), "INVALID_SIZE");
    const error = expectError(() => Tensor.from("float32", [1, 2, 3], [2, 2]), "INVALID_SIZE");
    expect(error.rawMessage).toBe("Tensor.from(): float32 [2, 2] cannot be made from a flat array of 3");
    expectError(() => Tensor.from("float32", [[1, 2, 3]], [2, 2]), "INVALID_SHAPE");
    expectError(() => Tensor.from("complex64", new Float32Array(4), [4]), "INVALID_SIZE");
    expectError(() => Tensor.from("complex64", new Float32Array(3)), "INVALID_SIZE");
    expectError(() => Tensor.from("complex64", [1, 2, 3, 4], [2]), "INVALID_SIZE");
  });
});

describe("a tensor", () => {
  it("a tensor's shape cannot be changed", () => {
    const tensor = Tensor.from("float32", [1, 2]);
    expect(() => Object.assign(tensor.shape, { 0: 3 })).toThrow(TypeError);
  });

  it("item() returns the only element", () => {
    expect(Tensor.from("int64", [[7n]]).item()).toBe(7n);
    expectError(() => Tensor.from("float32", [1, 2]).item(), "INVALID_SIZE");
  });

  it("an empty tensor is printed or rejected immediately, however many rows it has", () => {
    for (const shape of [
      [2 ** 52, 0],
      [3, 2 ** 50, 0],
      [2 ** 26, 0, 2],
    ]) {
      const tensor = Tensor.from("float32", new Float32Array(), shape);
      const text = `float32 [${shape.join(", ")}]`;
      expect(inspect(tensor)).toBe(`Tensor<${text}> Float32Array(0) []`);
      expect(`${tensor}`).toBe(text);
      const { rawMessage } = expectError(() => tensor.toArray(), "INVALID_SIZE");
      expect(rawMessage).toBe(`${text} has no elements, and too many rows to convert to arrays`);
      expectError(() => JSON.stringify(tensor), "INVALID_SIZE");
    }
    expect(Tensor.from("float32", [], [3, 0, 2 ** 50]).toArray()).toEqual([[], [], []]);
    expect(inspect(Tensor.from("float32", [], [3, 0]))).toBe("Tensor<float32 [3, 0]> [ [], [], [] ]");
    expect(Tensor.from("float32", [], [0, 2 ** 50]).toArray()).toEqual([]);
  });

  it("toArray converts elements", () => {
    expect(Tensor.from("bool", [true, false]).toArray()).toEqual([true, false]);
    expect(Tensor.from("float16", [0.5]).toArray()).toEqual([0.5]);
    expect(Tensor.from("bfloat16", [0.5]).toArray()).toEqual([0.5]);
    expect(Tensor.from("complex64", Float32Array.of(1, -2)).toArray()).toEqual([{ re: 1, im: -2 }]);
    expect(Tensor.from("qint8", Int8Array.of(-128)).toArray()).toEqual([-128]);
    expect(Tensor.from("float32", [[], []]).toArray()).toEqual([[], []]);
  });

  it("a complex element is kept as two numbers", () => {
    const tensor = Tensor.from("complex128", [[{ re: 1, im: 2 }, 3]]);
    expect([tensor.shape, tensor.size, tensor.data]).toEqual([[1, 2], 2, Float64Array.of(1, 2, 3, 0)]);
    expect(tensor.reshape([2, 1]).toArray()).toEqual([[{ re: 1, im: 2 }], [{ re: 3, im: 0 }]]);
    expect(Tensor.from("complex64", { re: -0, im: 0.5 }).item()).toEqual({ re: -0, im: 0.5 });
  });

  it("reshape keeps the size", () => {
    expect(Tensor.from("float32", [1, 2]).reshape([2, 1]).toArray()).toEqual([[1], [2]]);
    expectError(() => Tensor.from("float32", [1, 2]).reshape([3]), "INVALID_SHAPE");
    expectError(() => Tensor.from("float32", [1, 2]).reshape([-1, -2]), "INVALID_SHAPE");
  });

  it("strings are decoded, or returned as bytes if they are not UTF-8", () => {
    const tensor = Tensor.from("string", ["é", Uint8Array.of(0xff)]);
    expect(tensor.bytes).toEqual([Uint8Array.of(0xc3, 0xa9), Uint8Array.of(0xff)]);
    expect(expectError(() => tensor.data, "NOT_TEXT").message).toContain("position 1");
    expectError(() => Tensor.from("float32", [1]).bytes, "INVALID_DTYPE");
  });

  it("strings keep a byte order mark", () => {
    expect(Tensor.from("string", ["\ufeffa"]).data).toEqual(["\ufeffa"]);
  });

  it("JSON of a tensor is nested arrays, with wide integers as strings", () => {
    const tensors = {
      y: Tensor.from("float32", [[1, 2]]),
      n: Tensor.from("int64", 2n ** 62n),
      b: Tensor.from("bool", [true]),
      c: Tensor.from("complex64", [{ re: 1, im: -2 }]),
    };
    const json = '{"y":[[1,2]],"n":"4611686018427387904","b":[true],"c":[{"re":1,"im":-2}]}';
    expect(JSON.stringify(tensors)).toBe(json);
  });

  it("a tensor prints as dtype, shape and elements", () => {
    expect(inspect(Tensor.from("float32", [[1, 2]]))).toBe("Tensor<float32 [1, 2]> [ [ 1, 2 ] ]");
    expect(inspect(Tensor.from("complex64", [1]))).toBe("Tensor<complex64 [1]> [ { re: 1, im: 0 } ]");
    expect(inspect(Tensor.from("string", [Uint8Array.of(0xff)]))).toContain("Uint8Array");
    expect(`${Tensor.from("float32", 1)}`).toBe("float32 []");
  });
});
