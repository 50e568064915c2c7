import { describe, expect, it } from "vitest";
import { Dtypes } from "../../../generated/dtypes.js";
import { Regression } from "../../../generated/regression.js";
import { type ErrorCode, RaggedTensor, Tensor } from "../../../runtime/index.js";
import { stage } from "../../../runtime/tensor/check-value.js";
import { type DType, dtypeInfo } from "../../../runtime/tensor/dtype.js";
import type { ShapeSpec } from "../../../runtime/tensor/shape.js";
import { expectError, expectRejection } from "../../support/errors.js";

function staged(value: unknown, dtype: DType, shape: ShapeSpec): { shape: readonly number[]; elements: unknown[] } {
  const result = stage(value, { key: "x", dtype: dtypeInfo(dtype), shape }, "f()");
  const elements = Array.from(result.elements as ArrayLike<unknown>, (element) =>
    Buffer.isBuffer(element) ? new Uint8Array(element) : element,
  );
  return { shape: result.shape, elements };
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

const accepted: [string, unknown, DType, ShapeSpec, readonly number[], unknown[]][] = [
  ["a scalar", 3, "float32", [], [], [3]],
  ["nested arrays", [[1, 2]], "float32", [1, 2], [1, 2], [1, 2]],
  [
    "an unknown dimension",
    [
      [1, 2],
      [3, 4],
    ],
    "float32",
    [null, 2],
    [2, 2],
    [1, 2, 3, 4],
  ],
  ["an unknown rank", [[1], [2]], "float32", null, [2, 1], [1, 2]],
  ["a scalar for an unknown rank", 1, "float32", null, [], [1]],
  ["a flat typed array", new Float32Array([1, 2]), "float32", [1, 2], [1, 2], [1, 2]],
  [
    "a flat typed array with one unknown dimension",
    new Float32Array(6),
    "float32",
    [null, 2],
    [3, 2],
    [0, 0, 0, 0, 0, 0],
  ],
  ["a flat typed array for a scalar", new Float32Array([7]), "float32", [], [], [7]],
  ["a subarray", new Float32Array([9, 1, 2, 9]).subarray(1, 3), "float32", [2], [2], [1, 2]],
  ["rows of typed arrays", [new Float32Array([1, 2])], "float32", [1, 2], [1, 2], [1, 2]],
  ["a Buffer for uint8", Buffer.from([1, 2]), "uint8", [2], [2], [1, 2]],
  ["a clamped array for uint8", new Uint8ClampedArray([300]), "uint8", [1], [1], [255]],
  ["no rows", [], "float32", [null, 2], [0, 2], []],
  ["rows without columns", [[], []], "float32", [null, null], [2, 0], []],
  ["an empty typed array", new Float32Array(0), "float32", [null, 2], [0, 2], []],
  [
    "NaN, infinity and minus zero for floats",
    [Number.NaN, -0, Number.NEGATIVE_INFINITY],
    "float32",
    [3],
    [3],
    [Number.NaN, -0, Number.NEGATIVE_INFINITY],
  ],
  ["the limits of int32", [-2147483648, 2147483647], "int32", [2], [2], [-2147483648, 2147483647]],
  ["bigints for int64", [2n ** 63n - 1n, -(2n ** 63n)], "int64", [2], [2], [2n ** 63n - 1n, -(2n ** 63n)]],
  ["safe integers for int64", [2 ** 53 - 1], "int64", [1], [1], [2n ** 53n - 1n]],
  ["booleans", [true, false], "bool", [2], [2], [1, 0]],
  ["rows of bytes for bool", [Uint8Array.of(1, 0)], "bool", [1, 2], [1, 2], [1, 0]],
  ["bytes 0 and 1 for bool", Uint8Array.of(1, 0), "bool", [2], [2], [1, 0]],
  ["complex numbers", [{ re: 1, im: -2 }], "complex64", [1], [1], [1, -2]],
  ["a complex scalar", { re: -0, im: Number.NaN }, "complex128", [], [], [-0, Number.NaN]],
  ["real numbers for complex", [[1, { re: 0, im: 2 }]], "complex64", [1, 2], [1, 2], [1, 0, 0, 2]],
  [
    "complex numbers of a class of their own",
    [
      new (class {
        re = 1;
        im = 2;
      })(),
    ],
    "complex64",
    [1],
    [1],
    [1, 2],
  ],
  [
    "rows of complex numbers",
    [
      [1, 2],
      [3, 4],
    ],
    "complex128",
    [null, 2],
    [2, 2],
    [1, 0, 2, 0, 3, 0, 4, 0],
  ],
  ["no complex numbers", [], "complex64", [null], [0], []],
  ["two flat numbers for each complex one", Float32Array.of(1, 2, 3, 4), "complex64", [2], [2], [1, 2, 3, 4]],
  ["two flat numbers for a complex scalar", Float64Array.of(1, 2), "complex128", [], [], [1, 2]],
  [
    "half the length of flat numbers for an unknown dimension",
    new Float32Array(8),
    "complex64",
    [null, 2],
    [2, 2],
    [0, 0, 0, 0, 0, 0, 0, 0],
  ],
  ["half the length of flat numbers for an unknown rank", new Float64Array(4), "complex128", null, [2], [0, 0, 0, 0]],
  ["the limits of qint8", [-128, 127], "qint8", [2], [2], [-128, 127]],
  ["a flat typed array for quint16", Uint16Array.of(65535), "quint16", [1], [1], [65535]],
  ["text", ["é", ""], "string", [2], [2], [bytes("é"), bytes("")]],
  ["bytes for string", Uint8Array.of(255, 0), "string", [], [], [Uint8Array.of(255, 0)]],
  ["text and bytes mixed", ["a", Uint8Array.of(255)], "string", [null], [2], [bytes("a"), Uint8Array.of(255)]],
];

describe("accepted inputs", () => {
  it.each(accepted)("accepts %s", (_, value, dtype, spec, shape, elements) => {
    expect(staged(value, dtype, spec)).toEqual({ shape, elements });
  });
});

const cyclic: unknown[] = [];
cyclic.push(cyclic);
const { proxy: revoked, revoke } = Proxy.revocable([1], {});
revoke();
const MUST_BE = 'f(): input "x" must be';

const refused: [string, unknown, DType, ShapeSpec, ErrorCode, string][] = [
  ["nothing", undefined, "float32", [1], "MISSING_INPUT", 'f(): input "x" (float32 [1]) is missing'],
  ["null", null, "float32", [1], "INVALID_DTYPE", `${MUST_BE} float32 [1], got null`],
  ["text for a number", ["1"], "float32", [1], "INVALID_DTYPE", `${MUST_BE} float32 [1], got the string "1" at [0]`],
  ["a number for text", [1], "string", [1], "INVALID_DTYPE", `${MUST_BE} string [1], got 1 at [0]`],
  ["a boolean for a number", [true], "int32", [1], "INVALID_DTYPE", `${MUST_BE} int32 [1], got true at [0]`],
  ["a number for a boolean", [1], "bool", [1], "INVALID_DTYPE", `${MUST_BE} bool [1], got 1 at [0]`],
  ["a bigint for a float", [1n], "float32", [1], "INVALID_DTYPE", `${MUST_BE} float32 [1], got 1n at [0]`],
  ["a plain object", {}, "float32", [1], "INVALID_DTYPE", `${MUST_BE} float32 [1], got a plain object`],
  [
    "a promise",
    Promise.resolve([1]),
    "float32",
    [1],
    "INVALID_DTYPE",
    `${MUST_BE} float32 [1], got a Promise. Await it first.`,
  ],
  [
    "a hole in an array",
    [1, ...new Array(1), 3],
    "float32",
    [3],
    "INVALID_DTYPE",
    `${MUST_BE} float32 [3], got undefined at [1]`,
  ],
  [
    "a typed array of another dtype",
    new Float64Array(2),
    "float32",
    [2],
    "INVALID_DTYPE",
    `${MUST_BE} float32 [2], got a Float64Array`,
  ],
  [
    "a DataView",
    new DataView(new ArrayBuffer(8)),
    "float32",
    [2],
    "INVALID_DTYPE",
    `${MUST_BE} float32 [2], got a DataView`,
  ],
  ["too few dimensions", [1, 2], "float32", [1, 2], "INVALID_RANK", `${MUST_BE} float32 [1, 2], got [2]`],
  ["too many dimensions", [[[1, 2]]], "float32", [1, 2], "INVALID_RANK", `${MUST_BE} float32 [1, 2], got [1, 1, 2]`],
  ["a scalar for an array", 1, "float32", [1], "INVALID_RANK", `${MUST_BE} float32 [1], got a scalar`],
  ["a generator", (function* () {})(), "float32", [1], "INVALID_DTYPE", `${MUST_BE} float32 [1], got a Generator`],
  [
    "a proxy that was revoked",
    revoked,
    "float32",
    [1],
    "INVALID_ARGUMENT",
    'f(): input "x" cannot be read: Cannot perform',
  ],
  ["one in a row", [revoked], "float32", [1], "INVALID_ARGUMENT", 'f(): input "x" cannot be read: Cannot perform'],
  ["an array for a scalar", [1], "float32", [], "INVALID_RANK", `${MUST_BE} float32 scalar, got [1]`],
  ["a wrong dimension", [[1, 2, 3]], "float32", [1, 2], "INVALID_SHAPE", `${MUST_BE} float32 [1, 2], got [1, 3]`],
  [
    "a wrong dimension beside an unknown one",
    [[1], [2]],
    "float32",
    [null, 2],
    "INVALID_SHAPE",
    `${MUST_BE} float32 [?, 2], got [2, 1]`,
  ],
  [
    "a flat array of the wrong length",
    new Float32Array(3),
    "float32",
    [1, 2],
    "INVALID_SIZE",
    `${MUST_BE} float32 [1, 2], got a flat array of 3 elements`,
  ],
  [
    "a flat array that fills no row",
    new Float32Array(3),
    "float32",
    [null, 2],
    "INVALID_SIZE",
    `${MUST_BE} float32 [?, 2], got a flat array of 3 elements`,
  ],
  [
    "a flat array with two unknown dimensions",
    new Float32Array(4),
    "float32",
    [null, null],
    "INVALID_SIZE",
    `${MUST_BE} float32 [?, ?], got a flat array of 4 elements. Pass the shape: \`Tensor.from(dtype, data, shape)\`.`,
  ],
  [
    "a short row",
    [[1, 2], [3]],
    "float32",
    [null, 2],
    "RAGGED_ARRAY",
    `${MUST_BE} float32 [?, 2], got a ragged nested array: expected 2 elements at [1], got 1`,
  ],
  [
    "a row that is no array",
    [[1, 2], 3],
    "float32",
    [null, 2],
    "RAGGED_ARRAY",
    `${MUST_BE} float32 [?, 2], got a ragged nested array: expected 2 elements at [1], got 3`,
  ],
  [
    "an array where an element is due",
    [1, [2]],
    "float32",
    [2],
    "RAGGED_ARRAY",
    `${MUST_BE} float32 [2], got a ragged nested array: expected one element at [1], got an array`,
  ],
  [
    "a ragged array of the wrong shape",
    [[1], [1, 2]],
    "float32",
    [2, 2],
    "RAGGED_ARRAY",
    `${MUST_BE} float32 [2, 2], got a ragged nested array: expected 1 element at [1], got 2`,
  ],
  ["NaN for an integer", [Number.NaN], "int32", [1], "NOT_AN_INTEGER", `${MUST_BE} int32 [1], got NaN at [0]`],
  [
    "a fraction for an integer",
    [[0.5]],
    "uint8",
    [1, 1],
    "NOT_AN_INTEGER",
    `${MUST_BE} uint8 [1, 1], got 0.5 at [0][0]`,
  ],
  [
    "infinity for a wide integer",
    [Number.POSITIVE_INFINITY],
    "int64",
    [1],
    "NOT_AN_INTEGER",
    `${MUST_BE} int64 [1], got Infinity at [0]`,
  ],
  ["256 for uint8", [256], "uint8", [1], "OUT_OF_RANGE", `${MUST_BE} uint8 [1], got 256 at [0]`],
  ["-1 for uint64", [-1n], "uint64", [1], "OUT_OF_RANGE", `${MUST_BE} uint64 [1], got -1n at [0]`],
  [
    "an unsafe integer for int64",
    [2 ** 53],
    "int64",
    [1],
    "OUT_OF_RANGE",
    `${MUST_BE} int64 [1], got 9007199254740992 at [0]`,
  ],
  [
    "2^63 for int64",
    [2n ** 63n],
    "int64",
    [1],
    "OUT_OF_RANGE",
    `${MUST_BE} int64 [1], got 9223372036854775808n at [0]`,
  ],
  [
    "a number that float32 cannot hold",
    [1e39],
    "float32",
    [1],
    "OUT_OF_RANGE",
    `${MUST_BE} float32 [1], got 1e+39 at [0]`,
  ],
  [
    "a number that float16 cannot hold",
    [65520],
    "float16",
    [1],
    "OUT_OF_RANGE",
    `${MUST_BE} float16 [1], got 65520 at [0]`,
  ],
  [
    "text for a complex number",
    ["1+2i"],
    "complex64",
    [1],
    "INVALID_DTYPE",
    `${MUST_BE} complex64 [1], got the string "1+2i" at [0]. An element is \`{ re, im }\`, or a number.`,
  ],
  [
    "half a complex number",
    [{ re: 1 }],
    "complex64",
    [1],
    "INVALID_DTYPE",
    `${MUST_BE} complex64 [1], got a plain object at [0]. An element is \`{ re, im }\`, or a number.`,
  ],
  ["bigints in a complex number", { re: 1n, im: 0n }, "complex64", [], "INVALID_DTYPE", `${MUST_BE} complex64 scalar`],
  [
    "a complex number with a third part",
    [{ re: 1, im: 2, x: 3 }],
    "complex64",
    [1],
    "INVALID_DTYPE",
    `${MUST_BE} complex64 [1], got a plain object at [0]. An element is \`{ re, im }\`, or a number.`,
  ],
  ["nothing for a complex number", [null], "complex128", [1], "INVALID_DTYPE", `${MUST_BE} complex128 [1], got null`],
  [
    "a complex number for a real one",
    [{ re: 1, im: -2 }],
    "float32",
    [1],
    "INVALID_DTYPE",
    `${MUST_BE} float32 [1], got 1-2i at [0]`,
  ],
  [
    "a complex number whose imaginary part float32 cannot hold",
    [{ re: 0, im: -1e39 }],
    "complex64",
    [1],
    "OUT_OF_RANGE",
    `${MUST_BE} complex64 [1], got 0-1e+39i at [0]`,
  ],
  [
    "a flat array that ends within a complex number",
    new Float32Array(3),
    "complex64",
    [null],
    "INVALID_SIZE",
    `${MUST_BE} complex64 [?], got a flat array of 3 numbers, where each element is two`,
  ],
  [
    "a flat array of the wrong number of complex numbers",
    new Float32Array(2),
    "complex64",
    [2],
    "INVALID_SIZE",
    `${MUST_BE} complex64 [2], got a flat array of 1 element`,
  ],
  [
    "a flat array of the other complex dtype",
    new Float64Array(2),
    "complex64",
    [1],
    "INVALID_DTYPE",
    `${MUST_BE} complex64 [1], got a Float64Array`,
  ],
  [
    "rows of typed arrays for complex numbers",
    [new Float32Array(2)],
    "complex64",
    [1, 1],
    "INVALID_DTYPE",
    `${MUST_BE} complex64 [1, 1], got a Float32Array at [0]. A typed array must hold the whole tensor`,
  ],
  [
    "a typed array beside complex numbers",
    [[1, 2], new Float32Array(4)],
    "complex64",
    [2, 2],
    "INVALID_DTYPE",
    `${MUST_BE} complex64 [2, 2], got a Float32Array at [1]. A typed array must hold the whole tensor`,
  ],
  ["128 for qint8", [128], "qint8", [1], "OUT_OF_RANGE", `${MUST_BE} qint8 [1], got 128 at [0]`],
  ["a fraction for quint16", [0.5], "quint16", [1], "NOT_AN_INTEGER", `${MUST_BE} quint16 [1], got 0.5 at [0]`],
  [
    "a byte that is no bool",
    Uint8Array.of(2),
    "bool",
    [1],
    "OUT_OF_RANGE",
    `${MUST_BE} bool [1], got a byte that is neither 0 nor 1`,
  ],
  [
    "half a surrogate pair",
    ["\ud800"],
    "string",
    [1],
    "INVALID_UTF8",
    `${MUST_BE} string [1], got the string "\\u{d800}" at [0]`,
  ],
  ["a cyclic array", cyclic, "float32", null, "INVALID_RANK", `${MUST_BE} float32 [...], got more than 254 dimensions`],
];

describe("rejected inputs", () => {
  it.each(refused)("rejects %s", (_, value, dtype, spec, code, message) => {
    const error = expectError(() => staged(value, dtype, spec), code);
    expect(error.message.slice(0, `${code}: ${message}`.length)).toBe(`${code}: ${message}`);
  });

  it("escapes quotes and control characters of a key in messages", () => {
    const spec = { key: 'a"\u001b[31m\n', dtype: dtypeInfo("float32"), shape: [] };
    const error = expectError(() => stage("no", spec, "f()"), "INVALID_DTYPE");
    expect(error.message).toContain('input "a\\"\\u{1b}[31m\\u{a}" must be');
  });
});

describe("truncated data", () => {
  /** An array of 8 numbers whose buffer has room for 4 of them now. */
  function cutOff(): Float32Array {
    const buffer: ArrayBuffer = Reflect.construct(ArrayBuffer, [32, { maxByteLength: 64 }]);
    const array = new Float32Array(buffer, 0, 8);
    Reflect.apply(Reflect.get(buffer, "resize") as (size: number) => void, buffer, [16]);
    expect(array.length).toBe(0);
    return array;
  }

  it("rejects data truncated by a resized buffer, instead of treating it as empty", async () => {
    using model = Dtypes.load();
    expect(expectError(() => model.float32(cutOff()), "INVALID_SIZE").message).toContain("got a detached array");
    await expectRejection(model.async.float32(cutOff()), "INVALID_SIZE");
    expectError(() => Tensor.from("float32", cutOff(), [0, 4]), "INVALID_SIZE");
  });

  it("rejects truncated data in a row too", () => {
    const { message } = expectError(() => staged([cutOff()], "float32", [null, null]), "INVALID_SIZE");
    expect(message).toContain("got a detached array at [0]. Transferring an array");
    expectError(() => RaggedTensor.from("float32", [[1], cutOff()] as never), "INVALID_SIZE");
  });
});

describe("detached data", () => {
  it("rejects detached data, instead of treating it as empty", async () => {
    using model = Dtypes.load();
    const data = Float32Array.of(1, 2);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expect(expectError(() => model.float32(data), "INVALID_SIZE").message).toContain("got a detached array");
    await expectRejection(model.async.float32(data), "INVALID_SIZE");
    expect(model.float32(new Float32Array()).shape).toEqual([0]);
  });

  it("rejects data that is detached while the call reads other inputs", async () => {
    await using model = Regression.load(undefined, { concurrency: 1 });
    const x = Float32Array.of(1, 2);
    const sending = {
      get length(): number {
        if (x.byteLength > 0) structuredClone(x.buffer, { transfer: [x.buffer] });
        return 1;
      },
    };
    const target = new Proxy([[1]], {
      get: (rows, key) => (key === "length" ? sending.length : Reflect.get(rows, key)),
    });
    const running = model.async.evaluate([[1, 2]], [[1]]);
    await expectRejection(model.async.evaluate(x, target), "INVALID_SIZE");
    await running;
  });
});

it("accepts strings whose total length exceeds the longest string", () => {
  const texts = Array<string>(8).fill("a".repeat(70_000_000));
  const { elements } = stage(texts, { key: "x", dtype: dtypeInfo("string"), shape: [null] }, "f()");
  expect(Array.from(elements as readonly Uint8Array[], ({ length }) => length)).toEqual(Array(8).fill(70_000_000));
});
