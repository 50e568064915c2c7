import { afterEach, describe, expect, it, vi } from "vitest";
import { Dtypes } from "../../../../generated/dtypes.js";
import { Keras3 } from "../../../../generated/keras3.js";
import { nativeApi } from "../../../../runtime/engines/local/native/c-api.js";
import { isAligned } from "../../../../runtime/engines/local/native-memory.js";
import { Tensor } from "../../../../runtime/index.js";
import { expectError } from "../../../support/errors.js";

const LARGE = 4096;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Counts the tensors that TensorFlow creates on JavaScript memory while this runs. */
function countShared(run: () => void): number {
  const spy = vi.spyOn(nativeApi(), "TF_NewTensor");
  run();
  const { length } = spy.mock.calls;
  spy.mockRestore();
  return length;
}

describe("allocate", () => {
  it("allocate returns zeros, to be filled in place", () => {
    using model = Dtypes.load();
    const tensor = model.allocate("float32", [LARGE]);
    expect([tensor.dtype, tensor.shape, isAligned(tensor.data)]).toEqual(["float32", [LARGE], true]);
    expect(tensor.data.every((value) => value === 0)).toBe(true);
    for (const value of [1, 2, 3]) {
      tensor.data.fill(value);
      const result = model.float32(tensor);
      expect(result.data).toEqual(new Float32Array(LARGE).fill(value));
      result.data.fill(9);
      expect(tensor.data[0]).toBe(value);
    }
  });

  it("an allocated tensor is fed without a copy from the second call of a signature", () => {
    using model = Dtypes.load();
    const tensor = model.allocate("float32", [LARGE]);
    const call = (): number => countShared(() => model.float32(tensor));
    expect([call(), call(), call()]).toEqual([0, 1, 1]);
    const memcpy = vi.spyOn(nativeApi(), "memcpy");
    expect(model.float32(tensor).data).toEqual(tensor.data);
    // Only the result is copied.
    expect(memcpy).toHaveBeenCalledOnce();
  });

  it("allocate accepts every numeric dtype", () => {
    using model = Dtypes.load();
    const integers = model.allocate("int64", [LARGE]);
    integers.data.fill(2n ** 62n);
    expect(model.int64(integers).data).toEqual(integers.data);
    const complex = model.allocate("complex64", [LARGE]);
    complex.data.fill(3);
    expect(model.complex64(complex).data).toEqual(complex.data);
    const half = model.allocate("float16", [LARGE]);
    half.data.fill(0x3c00);
    expect(model.float16(half).toArray()[LARGE - 1]).toBe(1);
  });

  it("allocate uses ordinary memory for small tensors", () => {
    using model = Dtypes.load();
    const tensor = model.allocate("float32", [2]);
    tensor.data.set([1, 2]);
    expect([isAligned(tensor.data), model.float32(tensor).toArray()]).toEqual([false, [1, 2]]);
    expect(model.allocate("float32", [0]).toArray()).toEqual([]);
    expect(model.allocate("uint8", []).item()).toBe(0);
  });

  it("parts and reshapes of an allocated tensor are fed without a copy if aligned", () => {
    using model = Dtypes.load();
    const tensor = model.allocate("float32", [LARGE]);
    tensor.data.set(Array.from({ length: LARGE }, (_, index) => index));
    const part = (begin: number): Float32Array => tensor.data.subarray(begin);
    model.float32(tensor);
    const shared = [1, 16, 17, LARGE - 256, LARGE - 255].map((begin) =>
      countShared(() => expect(model.float32(part(begin)).data).toEqual(part(begin))),
    );
    // 16 numbers are 64 bytes; the last part has fewer than 1024.
    expect(shared).toEqual([0, 1, 0, 1, 0]);
    const reshaped = tensor.reshape([2, LARGE / 2]);
    for (const count of [0, 1]) {
      expect(
        countShared(() =>
          expect(model.unknownRank(reshaped)).toMatchObject({ shape: [2, LARGE / 2], data: tensor.data }),
        ),
      ).toBe(count);
    }
  });

  it("an allocated tensor lives as long as its elements", async () => {
    using model = Dtypes.load();
    let elements = model.allocate("float32", [LARGE]).data;
    for (let count = 0; count < 200; count++) {
      const next = model.allocate("float32", [LARGE]).data;
      next.fill(count);
      if (count % 50 === 0) {
        elements = next;
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(model.float32(elements).data[LARGE - 1]).toBe(elements[0]);
    }
  });

  it("an allocated tensor can be transferred, and is then rejected as detached", () => {
    using model = Dtypes.load();
    const tensor = model.allocate("float32", [LARGE]);
    tensor.data.fill(3);
    model.float32(tensor);
    const { buffer, byteOffset } = tensor.data;
    const moved = structuredClone(buffer, { transfer: [buffer] });
    expect(new Float32Array(moved, byteOffset, LARGE)).toEqual(new Float32Array(LARGE).fill(3));
    const error = expectError(() => model.float32(tensor), "INVALID_SIZE");
    expect(error.rawMessage).toContain("float32()");
    // A transferred array is an ordinary array for the receiver.
    expect(countShared(() => model.float32(new Float32Array(moved, byteOffset, LARGE)))).toBe(0);
  });

  it("an allocated tensor is fed to its last byte, without truncation or offset", () => {
    using model = Dtypes.load();
    for (const count of [256, 257, 1023, 4096, 65_537]) {
      const tensor = model.allocate("float32", [count]);
      tensor.data.set(Array.from({ length: count }, (_, index) => index));
      model.float32(tensor);
      expect(model.float32(tensor).data).toEqual(tensor.data);
    }
  });

  it("allocate rejects a size that exceeds memory or the largest array", () => {
    using model = Dtypes.load();
    const error = expectError(() => model.allocate("float64", [2 ** 50]), "TF_RESOURCE_EXHAUSTED");
    expect(error.rawMessage).toBe("out of memory allocating float64 [1125899906842624]");
  });

  it("an allocated tensor is copied for asynchronous calls, and for calls that change variables", async () => {
    await using model = Dtypes.load();
    const tensor = model.allocate("float32", [LARGE]);
    tensor.data.fill(1);
    const results = Array.from({ length: 8 }, () => model.async.float32(tensor));
    tensor.data.fill(2);
    for (const result of await Promise.all(results)) expect(result.data[0]).toBe(1);

    using trained = Keras3.load();
    using same = Keras3.load();
    const [x, y] = [same.allocate("float32", [512, 3]), same.allocate("float32", [512, 1])];
    x.data.fill(0.5);
    y.data.fill(0.25);
    const plain = trained.train(new Float32Array(1536).fill(0.5), new Float32Array(512).fill(0.25));
    expect(same.train(x, y)).toEqual(plain);
    x.data.fill(0);
    expect(same.predict([[1, 2, 3]]).toArray()).toEqual(trained.predict([[1, 2, 3]]).toArray());
  });

  it("Tensor.allocate, which belongs to no engine, uses ordinary memory", () => {
    using model = Dtypes.load();
    const tensor = Tensor.allocate("float32", [LARGE]);
    tensor.data.fill(3);
    expect(isAligned(tensor.data)).toBe(false);
    expect(model.float32(tensor).data).toEqual(tensor.data);
  });

  it("allocate rejects dtypes without numeric elements, and invalid shapes", () => {
    using model = Dtypes.load();
    expectError(() => model.allocate("string" as "float32", [2]), "INVALID_DTYPE");
    expectError(() => model.allocate("float" as "float32", [2]), "INVALID_DTYPE");
    expectError(() => model.allocate("float32", [-1]), "INVALID_SHAPE");
  });
});

describe("out of memory in the library", () => {
  const x = new Float32Array(LARGE);

  it.each(["TF_AllocateTensor", "TF_TensorData"] as const)(
    "out of memory is reported with the input's name when %s returns none",
    (name) => {
      using model = Dtypes.load();
      const spy = vi.spyOn(nativeApi(), name).mockReturnValueOnce(null);
      const error = expectError(() => model.float32(x), "TF_RESOURCE_EXHAUSTED");
      expect(error.rawMessage).toBe('float32(): input "x": out of memory allocating float32 [4096]');
      spy.mockRestore();
      expect(model.float32(x).data).toEqual(x);
    },
  );

  it("out of memory is reported when a tensor is built on JavaScript memory", () => {
    using model = Dtypes.load();
    const tensor = model.allocate("float32", [LARGE]);
    model.float32(tensor);
    vi.spyOn(nativeApi(), "TF_NewTensor").mockReturnValueOnce(null);
    const error = expectError(() => model.float32(tensor), "TF_RESOURCE_EXHAUSTED");
    expect(error.rawMessage).toBe('float32(): input "x": out of memory allocating float32 [4096]');
    expect(model.float32(tensor).data).toEqual(tensor.data);
  });

  it("out of memory is reported before a string is copied", () => {
    using model = Dtypes.load();
    const strings = ["a".repeat(70_000), "b"];
    vi.spyOn(nativeApi(), "hasMemory").mockReturnValueOnce(false);
    const error = expectError(() => model.string(strings), "TF_RESOURCE_EXHAUSTED");
    expect(error.rawMessage).toBe('string(): input "x": out of memory allocating string [2]');
    expect(model.string(strings).data).toEqual(strings);
  });

  it("out of memory is reported with the output's name when a result cannot be copied", () => {
    using model = Dtypes.load();
    vi.spyOn(Buffer, "allocUnsafeSlow").mockImplementationOnce(() => {
      throw new RangeError("Array buffer allocation failed");
    });
    const error = expectError(() => model.float32(x), "TF_RESOURCE_EXHAUSTED");
    expect(error.rawMessage).toBe('float32(): out of memory copying float32 [4096] of output "y"');
    expect(model.float32(x).data).toEqual(x);
  });

  it("out of memory is reported for nested arrays with more elements than an array may have", () => {
    using model = Dtypes.load();
    const row = new Array(2 ** 31).fill(0, 0, 1);
    const error = expectError(
      () => model.run("unknown_rank", { x: new Array(2 ** 31).fill(row, 0, 1) }),
      "TF_RESOURCE_EXHAUSTED",
    );
    expect(error.rawMessage).toContain('input "x": out of memory allocating float32 [2147483648, 2147483648]');
  });
});

describe("bytes of an image", () => {
  it("image bytes are accepted as a Buffer, which stays the caller's", () => {
    using model = Dtypes.load();
    const image = Buffer.from([1, 2, 3]);
    const tensor = Tensor.from("uint8", image);
    expect(model.uint8(image).toArray()).toEqual([1, 2, 3]);
    image[0] = 9;
    expect(tensor.data).toEqual(Uint8Array.of(1, 2, 3));
    expect(Tensor.from("uint8", Uint8ClampedArray.of(4)).data).toEqual(Uint8Array.of(4));
  });
});
