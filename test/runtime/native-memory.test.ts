import { describe, expect, it } from "vitest";
import { Dtypes } from "../../generated/dtypes.js";
import { Keras3 } from "../../generated/keras3.js";
import { Tensor } from "../../runtime/index.js";
import { nativeTensorOf } from "../../runtime/native-memory.js";
import { expectError } from "../support/errors.js";

const LARGE = 4096;

/** Whether a tensor would be fed without a copy. */
function isShared(tensor: Tensor, elements = tensor.data as Float32Array): boolean {
  return nativeTensorOf(elements, tensor.dtype, tensor.shape) !== undefined;
}

describe("Tensor.allocate", () => {
  it("makes zeros, to be filled in place", () => {
    using model = Dtypes.load();
    const tensor = Tensor.allocate("float32", [LARGE]);
    expect([tensor.dtype, tensor.shape, isShared(tensor)]).toEqual(["float32", [LARGE], true]);
    expect(tensor.data.every((value) => value === 0)).toBe(true);
    for (const value of [1, 2]) {
      tensor.data.fill(value);
      const result = model.float32(tensor);
      expect(result.data).toEqual(new Float32Array(LARGE).fill(value));
      result.data.fill(9);
      expect(tensor.data[0]).toBe(value);
    }
  });

  it("takes every dtype of numbers", () => {
    using model = Dtypes.load();
    const integers = Tensor.allocate("int64", [LARGE]);
    integers.data.fill(2n ** 62n);
    expect(model.int64(integers).data).toEqual(integers.data);
    const complex = Tensor.allocate("complex64", [LARGE]);
    complex.data.fill(3);
    expect(model.complex64(complex).data).toEqual(complex.data);
    const half = Tensor.allocate("float16", [LARGE]);
    half.data.fill(0x3c00);
    expect(model.float16(half).toArray()[LARGE - 1]).toBe(1);
  });

  it("is small memory of JavaScript's where that is as good", () => {
    using model = Dtypes.load();
    const tensor = Tensor.allocate("float32", [2]);
    tensor.data.set([1, 2]);
    expect([isShared(tensor), model.float32(tensor).toArray()]).toEqual([false, [1, 2]]);
    expect(Tensor.allocate("float32", [0]).toArray()).toEqual([]);
    expect(Tensor.allocate("uint8", []).item()).toBe(0);
  });

  it("is shared as a whole only: a part of it, or another shape, is copied", () => {
    using model = Dtypes.load();
    const tensor = Tensor.allocate("float32", [LARGE]);
    tensor.data.fill(1);
    expect(isShared(tensor, tensor.data.subarray(1))).toBe(false);
    expect(model.float32(tensor.data.subarray(1)).shape).toEqual([LARGE - 1]);
    const reshaped = tensor.reshape([2, LARGE / 2]);
    expect(isShared(reshaped)).toBe(false);
    expect(model.unknownRank(reshaped).shape).toEqual([2, LARGE / 2]);
  });

  it("lives as long as its elements do", async () => {
    using model = Dtypes.load();
    let elements = Tensor.allocate("float32", [LARGE]).data;
    for (let count = 0; count < 200; count++) {
      const next = Tensor.allocate("float32", [LARGE]).data;
      next.fill(count);
      if (count % 50 === 0) {
        elements = next;
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(model.float32(elements).data[LARGE - 1]).toBe(elements[0]);
    }
  });

  it("cannot be sent away, which would leave its memory behind", () => {
    const { buffer } = Tensor.allocate("float32", [LARGE]).data;
    try {
      structuredClone(buffer, { transfer: [buffer] });
    } catch (error) {
      expect((error as Error).name).toBe("DataCloneError");
    }
    expect(buffer.byteLength).toBe(LARGE * 4);
  });

  it("is copied for asynchronous calls, and for calls that change variables", async () => {
    await using model = Dtypes.load();
    const tensor = Tensor.allocate("float32", [LARGE]);
    tensor.data.fill(1);
    const results = Array.from({ length: 8 }, () => model.async.float32(tensor));
    tensor.data.fill(2);
    for (const result of await Promise.all(results)) expect(result.data[0]).toBe(1);

    using trained = Keras3.load();
    using same = Keras3.load();
    const [x, y] = [Tensor.allocate("float32", [512, 3]), Tensor.allocate("float32", [512, 1])];
    x.data.fill(0.5);
    y.data.fill(0.25);
    const plain = trained.train(new Float32Array(1536).fill(0.5), new Float32Array(512).fill(0.25));
    expect(same.train(x, y)).toEqual(plain);
    x.data.fill(0);
    expect(same.predict([[1, 2, 3]]).toArray()).toEqual(trained.predict([[1, 2, 3]]).toArray());
  });

  it("refuses what has no memory of that kind", () => {
    expectError(() => Tensor.allocate("string" as "float32", [2]), "INVALID_DTYPE");
    expectError(() => Tensor.allocate("float" as "float32", [2]), "INVALID_DTYPE");
    expectError(() => Tensor.allocate("float32", [-1]), "INVALID_SHAPE");
  });
});

describe("bytes of an image", () => {
  it("are taken as a Buffer, which stays the caller's", () => {
    using model = Dtypes.load();
    const image = Buffer.from([1, 2, 3]);
    const tensor = Tensor.from("uint8", image);
    expect(model.uint8(image).toArray()).toEqual([1, 2, 3]);
    image[0] = 9;
    expect(tensor.data).toEqual(Uint8Array.of(1, 2, 3));
    expect(Tensor.from("uint8", Uint8ClampedArray.of(4)).data).toEqual(Uint8Array.of(4));
  });
});
