import { describe, expect, it } from "vitest";
import { readDefault } from "../../../runtime/saved-model/default-value.js";
import { decode } from "../../../runtime/saved-model/proto/decode.js";
import { encodeMessage } from "../../support/saved-model.js";

/** Reads the default in a TensorProto with these fields; `dtype` is a value of the `DataType` enum. */
function read(dtype: number, shape: readonly number[], fields: object): unknown {
  const tensorShape = { dim: shape.map((size) => ({ size })) };
  return readDefault(decode("TensorProto", encodeMessage("TensorProto", { dtype, tensorShape, ...fields })));
}

const bytes = (...values: number[]): object => ({ tensorContent: Uint8Array.from(values) });

describe("a default value in a typed list", () => {
  it.each<[string, number, readonly number[], object, unknown]>([
    ["float32", 1, [], { floatVal: [0.5] }, 0.5],
    ["float64", 2, [2], { doubleVal: [1, 2] }, [1, 2]],
    [
      "one element for all of them",
      3,
      [2, 2],
      { intVal: [7] },
      [
        [7, 7],
        [7, 7],
      ],
    ],
    ["int64", 9, [], { int64Val: [-5] }, "-5"],
    ["bool", 10, [1], { boolVal: [true] }, [true]],
    ["string", 7, [], { stringVal: [Buffer.from("é")] }, "é"],
    [
      "complex64",
      8,
      [2],
      { scomplexVal: [1, -2, 0.5, 0] },
      [
        { re: 1, im: -2 },
        { re: 0.5, im: 0 },
      ],
    ],
    [
      "complex128, one element for all",
      18,
      [2],
      { dcomplexVal: [1, 2] },
      [
        { re: 1, im: 2 },
        { re: 1, im: 2 },
      ],
    ],
    ["float16", 19, [], { halfVal: [0x3800] }, 0.5],
    ["bfloat16", 14, [], { halfVal: [0x3f00] }, 0.5],
    ["qint8", 11, [2], { intVal: [-128, 127] }, [-128, 127]],
    ["quint16", 16, [], { intVal: [65535] }, 65535],
    ["uint32", 22, [], { uint32Val: [2 ** 32 - 1] }, 2 ** 32 - 1],
    ["uint64", 23, [], { uint64Val: [-1] }, "18446744073709551615"],
  ])("reads a default in a typed list: %s", (_, dtype, shape, fields, value) => {
    expect(read(dtype, shape, fields)).toEqual(value);
  });
});

describe("a default value in bytes", () => {
  it.each<[string, number, readonly number[], object, unknown]>([
    ["float32", 1, [1], bytes(0, 0, 128, 63), [1]],
    ["int64", 9, [1], bytes(255, 255, 255, 255, 255, 255, 255, 255), ["-1"]],
    ["float16", 19, [2], bytes(0, 56, 0, 188), [0.5, -1]],
    ["bool", 10, [2], bytes(0, 1), [false, true]],
    ["qint16", 15, [2], bytes(0, 128, 255, 255), [-32768, -1]],
    ["complex64", 8, [1], bytes(0, 0, 128, 63, 0, 0, 0, 192), [{ re: 1, im: -2 }]],
  ])("reads a default in bytes: %s", (_, dtype, shape, fields, value) => {
    expect(read(dtype, shape, fields)).toEqual(value);
  });
});

describe("an omitted default value", () => {
  it.each<[string, number, readonly number[], object]>([
    ["that is too large to read", 1, [17], { floatVal: [1] }],
    ["without a JSON form", 1, [], { floatVal: [Number.NaN] }],
    ["of which one part has no JSON form", 8, [], { scomplexVal: [0, Number.POSITIVE_INFINITY] }],
    ["with half an element at the end", 8, [1], { scomplexVal: [1] }],
    ["with bytes for another shape", 1, [2], bytes(0, 0, 128, 63)],
    ["with bytes for strings", 7, [1], bytes(65)],
    ["with a negative size", 1, [-1], { floatVal: [1] }],
    ["without elements", 1, [1], {}],
    ["of an unsupported dtype", 29, [], { intVal: [1] }],
    ["of an unknown dtype", 99, [], { intVal: [1] }],
  ])("omits a default %s", (_, dtype, shape, fields) => {
    expect(read(dtype, shape, fields)).toBeUndefined();
  });
});
