import { describe, expect, it } from "vitest";
import { Composite } from "../../../generated/composite.js";
import { Effects } from "../../../generated/effects.js";
import { Text } from "../../../generated/text.js";
import { RaggedTensor, SavedModelError, SparseTensor, Tensor } from "../../../runtime/index.js";
import { expectError, expectRejection } from "../../support/errors.js";

const SPARSE = SparseTensor.from("float32", { indices: [[0, 1]], values: [1], shape: [1, 3] as [number, 3] });

/** A class as JavaScript sees it, whose constructor is not private. */
type Constructible = new (...values: readonly unknown[]) => unknown;

function detached(): Uint8Array {
  const bytes = Uint8Array.of(97);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

describe("constructors called from JavaScript", () => {
  it.each<[string, unknown, readonly unknown[], string]>([
    ["Tensor", Tensor, ["float32", [1, 2, 3, 4], [2, 2]], "Tensor.from(dtype, data, shape)"],
    ["Tensor", Tensor, ["float32", Float32Array.of(1), [1], undefined], "Tensor.from(dtype, data, shape)"],
    ["RaggedTensor", RaggedTensor, [Tensor.from("int32", [1]), [[0, 5]]], "RaggedTensor.fromRowSplits()"],
    ["SparseTensor", SparseTensor, [Tensor.from("int64", [[9]]), Tensor.from("int32", [1]), [2]], "SparseTensor.from("],
  ])("the constructor of %s throws when JavaScript calls it, and says what to use", (name, type, values, use) => {
    const { message } = expectError(() => new (type as Constructible)(...values), "INVALID_ARGUMENT");
    expect(message).toContain(`new ${name}(): not a public constructor`);
    expect(message).toContain(use);
  });
});

describe("detached string elements", () => {
  it("a detached string element is not read as an empty string", async () => {
    using model = Text.load();
    const { rawMessage } = expectError(() => model.echo(["a", detached()]), "INVALID_SIZE");
    expect(rawMessage).toBe('echo(): input "data" must be string [?], got a detached array at [1]');
    expectError(() => model.greet(detached()), "INVALID_SIZE");
    await expectRejection(model.async.echo([detached()]), "INVALID_SIZE");
    expectError(() => Tensor.from("string", detached()), "INVALID_SIZE");
    expectError(() => Tensor.from("string", [["a"], [detached()]]), "INVALID_SIZE");
    expectError(() => RaggedTensor.from("string", [["a", detached()]]), "INVALID_SIZE");
    expect(model.echo(["", new Uint8Array()]).data).toEqual(["", ""]);
  });

  it("a detached string element is detected in a tensor too", () => {
    using model = Text.load();
    const words = Tensor.from("string", ["a", "b"]);
    const [, last] = words.bytes;
    structuredClone(last, { transfer: [last?.buffer as ArrayBuffer] });
    expect(expectError(() => model.echo(words), "INVALID_SIZE").rawMessage).toContain('echo(): input "data"');
    expectError(() => words.toArray(), "INVALID_SIZE");
  });

  it("a string element that another input detaches is detected", async () => {
    using model = Effects.load();
    const inputs = (): [never, never] => {
      const word = Uint8Array.of(97);
      const ids = Object.defineProperty([1n], 0, {
        get: () => {
          if (word.byteLength > 0) structuredClone(word, { transfer: [word.buffer] });
          return 1n;
        },
      });
      return [[word] as never, ids as never];
    };
    expectError(() => model.counted(...inputs()), "INVALID_SIZE");
    await expectRejection(model.async.counted(...inputs()), "INVALID_SIZE");
    const [first, second] = [model.async.counted(["a"], [1n]), model.async.counted(...inputs())];
    await expectRejection(second, "INVALID_SIZE");
    expect(await first).toBe(1n);
  });
});

describe("detached tensors", () => {
  const gone = (): Tensor<"float32", [number]> => {
    const tensor = Tensor.from("float32", [1], [1]);
    structuredClone(tensor.data, { transfer: [tensor.data.buffer] });
    return tensor as Tensor<"float32", [number]>;
  };

  it("a tensor with detached elements has no value", () => {
    for (const read of [() => gone().toArray(), () => gone().item(), () => JSON.stringify(gone())]) {
      const { rawMessage } = expectError(read, "INVALID_SIZE");
      expect(rawMessage).toBe("the tensor float32 [1] is a detached array");
    }
    expectError(() => SparseTensor.fromDense(gone()), "INVALID_SIZE");
  });
});

describe("invalid row splits", () => {
  const values = Tensor.from("int32", [1, 2, 3]);
  const CONTRADICTIONS: readonly [splits: unknown, problem: string][] = [
    [[1, 3], "row splits start at 1, expected 0"],
    [[0, 2, 1, 3], "row splits descend at [2], from 2 to 1"],
    [[0, 2], "row splits end at 2, expected 3, the number of rows below them"],
    [[0, 4], "row splits end at 4, expected 3, the number of rows below them"],
    [[0, 1.5, 3], "row splits are not integers at [1]"],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested.
    [[0, , 3], "row splits are not integers at [1]"],
    [[], "row splits are empty, expected [0, …]"],
    ["0,3", "row splits are not an array of integers"],
    [BigInt64Array.of(0n, 3n), "row splits are not integers at [0]"],
  ];

  it.each(CONTRADICTIONS)("fromRowSplits rejects the row splits %o", (splits, problem) => {
    const { rawMessage } = expectError(() => RaggedTensor.fromRowSplits(values, splits as never), "INVALID_SHAPE");
    expect(rawMessage).toBe(`RaggedTensor.fromRowSplits(): ${problem}`);
  });

  it.each(CONTRADICTIONS)("rejects an input whose row splits JavaScript changed to %o", (splits, problem) => {
    using model = Composite.load();
    const x = RaggedTensor.from("float32", [[1, 2], [3]]);
    Object.assign(x.rowSplits, [splits]);
    const { rawMessage } = expectError(() => model.mix(x, 1, SPARSE), "INVALID_SHAPE");
    expect(rawMessage).toContain('mix(): input "zrows" must be ragged float32 [?, ?], got float32');
    expect(rawMessage).toContain(problem);
  });

  it("rejects missing row splits", () => {
    using model = Composite.load();
    for (const properties of [{}, { dtype: "float32" }, { dtype: "float32", values, rowSplits: 7 }]) {
      const x = Object.assign(Object.create(RaggedTensor.prototype) as RaggedTensor<"float32">, properties);
      const call = (): unknown => model.mix(x, 1, SPARSE);
      expect(call).toThrow(SavedModelError);
      expect(call).toThrow('mix(): input "zrows"');
    }
  });

  it("rejects invalid row splits for each ragged dimension", () => {
    const error = expectError(() => RaggedTensor.fromRowSplits(values, [0, 2], [0, 3]), "INVALID_SHAPE");
    expect(error.rawMessage).toContain("row splits end at 2, expected 1");
    expect(RaggedTensor.fromRowSplits(values, [0, 2], [0, 1, 3]).toArray()).toEqual([[[1], [2, 3]]]);
  });

  it("rejects row splits without values", () => {
    expectError(() => RaggedTensor.fromRowSplits([1] as never, [0, 1]), "INVALID_ARGUMENT");
    expectError(() => RaggedTensor.fromRowSplits(values), "INVALID_RANK");
    expectError(() => RaggedTensor.fromRowSplits(Tensor.from("int32", 1), [0, 1]), "INVALID_SHAPE");
  });

  it("row splits are copied from the caller's", () => {
    const bytes = Uint8Array.of(97);
    const ragged = RaggedTensor.from("string", [[bytes]]);
    bytes[0] = 98;
    expect(ragged.toArray()).toEqual([["a"]]);
  });
});

describe("invalid indices of a sparse tensor", () => {
  it("rejects indices that JavaScript changed, as an input and in toDense", () => {
    using model = Composite.load();
    const x = SparseTensor.from("float32", { indices: [[0, 1]], values: [1], shape: [1, 3] as [number, 3] });
    x.indices.data[1] = 3n;
    expectError(() => model.mix([[1]], 1, x), "OUT_OF_RANGE");
    expect(expectError(() => x.toDense(), "OUT_OF_RANGE").rawMessage).toBe(
      "float32 [1, 3] has a value at index 3 of dimension 1",
    );
    x.indices.data[1] = -1n;
    expectError(() => x.toArray(), "OUT_OF_RANGE");
  });

  it("rejects indices without a tensor", () => {
    expectError(() => SparseTensor.fromDense([1] as never), "INVALID_ARGUMENT");
  });
});
