import { describe, expect, it, onTestFinished } from "vitest";
import { Composite } from "../../../../generated/composite.js";
import { Counter } from "../../../../generated/counter.js";
import { Dtypes } from "../../../../generated/dtypes.js";
import { Spin } from "../../../../generated/spin.js";
import { kserve } from "../../../../runtime/engines/kserve/index.js";
import { ExactNumber, parseExactJson } from "../../../../runtime/engines/remote/exact-json.js";
import { decodeStrings, encodeStrings } from "../../../../runtime/engines/remote/tensor-bytes.js";
import { fromTensorProto } from "../../../../runtime/engines/remote/tensor-proto.js";
import { serving } from "../../../../runtime/engines/serving/index.js";
import { decode, encode, type Fields } from "../../../../runtime/saved-model/proto/decode.js";
import { type DType, dtypeInfo } from "../../../../runtime/tensor/dtype.js";
import { expectRejection } from "../../../support/errors.js";
import { startKServeGrpc, startKServeRest } from "../../../support/servers/kserve-server.js";
import { startServingGrpc, startServingRest } from "../../../support/servers/serving-server.js";
import type { TestServer } from "../../../support/servers/test-server.js";

async function ending(server: Promise<TestServer>): Promise<TestServer> {
  const started = await server;
  onTestFinished(() => started.kill());
  return started;
}

describe("parseExactJson", () => {
  it.each([
    ["[1, 2.5, -3e2]", [1, 2.5, -300]],
    ["[9007199254740993]", [new ExactNumber("9007199254740993")]],
    ["[-9223372036854775808, 9007199254740991]", [new ExactNumber("-9223372036854775808"), 9007199254740991]],
    ["[NaN, Infinity, -Infinity]", ["NaN", "Infinity", "-Infinity"].map((text) => new ExactNumber(text))],
    ['["9007199254740993", "NaN", "\\"NaN", "a\\\\"]', ["9007199254740993", "NaN", '"NaN', "a\\"]],
    ["[0.12345678901234500, 1.234567890123e+40]", [0.123456789012345, 1.234567890123e40]],
    ['{"a": {"b": 18446744073709551615}}', { a: { b: new ExactNumber("18446744073709551615") } }],
  ])("parses %s", (text, expected) => {
    expect(parseExactJson(text)).toEqual(expected);
  });

  it.each(["[NaN", "[Infinit]", '["1234567890123456789', "[1234567890123456789abc]", "NaNNaN"])(
    "rejects %s",
    (text) => {
      expect(() => parseExactJson(text)).toThrow(SyntaxError);
    },
  );
});

describe("strings in KServe's raw form", () => {
  it("keeps bytes, NUL and empty strings", () => {
    const strings = [new Uint8Array(), Uint8Array.of(0), Uint8Array.of(255, 254, 0, 1)];
    expect([...encodeStrings(strings)]).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0, 0, 255, 254, 0, 1]);
    expect(decodeStrings(encodeStrings(strings), 3)).toEqual(strings);
  });

  it.each([
    ["too few", [1, 0, 0, 0, 65], 2],
    ["too many", [1, 0, 0, 0, 65], 0],
    ["a length beyond the end", [255, 255, 255, 255, 65], 1],
    ["a cut length", [1, 0], 1],
  ])("rejects %s", (_what, bytes, count) => {
    expect(() => decodeStrings(Uint8Array.from(bytes), count)).toThrow(RangeError);
  });
});

describe("a TensorProto", () => {
  const read = (dtype: DType, fields: Fields<"TensorProto">, maxBytes = 1000): unknown => {
    const proto = decode("TensorProto", encode("TensorProto", { dtype: dtypeInfo(dtype).code, ...fields }));
    return fromTensorProto(proto, dtypeInfo(dtype), maxBytes).elements;
  };
  const shaped = (...sizes: number[]) => ({ tensorShape: { dim: sizes.map((size) => ({ size })) } });

  it("repeats the last of its elements", () => {
    expect(read("float32", { ...shaped(4), floatVal: [1, 2] })).toEqual(Float32Array.of(1, 2, 2, 2));
    expect(read("complex64", { ...shaped(3), scomplexVal: [1, 2] })).toEqual(Float32Array.of(1, 2, 1, 2, 1, 2));
    expect(read("int64", { ...shaped(2) })).toEqual(BigInt64Array.of(0n, 0n));
    expect(read("string", { ...shaped(2), stringVal: [Uint8Array.of(7)] })).toEqual([
      Uint8Array.of(7),
      Uint8Array.of(7),
    ]);
  });

  it("reads strings that are in one piece", () => {
    const tensorContent = Uint8Array.of(1, 0, 2, 65, 66, 67);
    expect(read("string", { ...shaped(3), tensorContent })).toEqual([
      Uint8Array.of(65),
      Uint8Array.of(),
      Uint8Array.of(66, 67),
    ]);
  });

  it.each([
    ["another dtype", { dtype: 3 }],
    ["more elements than its shape has", { ...shaped(1), floatVal: [1, 2] }],
    ["bytes of another size", { ...shaped(2), tensorContent: new Uint8Array(4) }],
    ["a negative size", { ...shaped(-1), floatVal: [1] }],
    ["a few bytes that stand for more than the limit", { ...shaped(2 ** 40), floatVal: [1] }],
  ])("rejects %s", (_what, fields) => {
    expect(() => read("float32", fields)).toThrow(RangeError);
  });
});

describe.each([
  ["gRPC", startKServeGrpc],
  ["REST", startKServeRest],
] as const)("KServe over %s", (_transport, start) => {
  it("restores scalars of servers that have none", async () => {
    const server = await ending(start("counter", { hasNoScalars: true }));
    await using model = await Counter.connect(kserve({ url: server.url, model: "counter" }));
    using local = Counter.load();
    expect(await model.increment(0.5)).toEqual(local.increment(0.5));
  });

  it("believes servers that say nothing of their tensors", async () => {
    const server = await ending(start("counter", { hasNoMetadata: true }));
    await using model = await Counter.connect(kserve({ url: server.url, model: "counter" }));
    using local = Counter.load();
    expect(await model.increment(0.5)).toEqual(local.increment(0.5));
  });

  it("batches concurrent calls into one request", async () => {
    const server = await ending(start("spin"));
    const engine = kserve({ url: server.url, model: "spin" });
    await using model = await Spin.connect(engine, { batching: { half: { maxBatch: 8 } } });
    const results = await Promise.all([model.half([[2, 4]]), model.half([[6, 8]])]);
    expect(results.map((result) => result.toArray())).toEqual([[[1, 2]], [[3, 4]]]);
    expect(server.calls).toBe(1);
  });
});

it("KServe over REST without the binary extension carries every digit of int64", async () => {
  const server = await ending(startKServeRest("dtypes", { isBinary: false }));
  await using model = await Dtypes.connect(
    kserve({ url: server.url, model: "dtypes", signatures: ["int64", "float32"] }),
  );
  const values = [2n ** 63n - 1n, -(2n ** 63n), 9007199254740993n, 0n];
  expect((await model.int64(values)).toArray()).toEqual(values);
  const error = await expectRejection(model.float32([1, Number.NaN]), "OUT_OF_RANGE");
  expect(error.rawMessage).toBe('float32(): input "x" has NaN, which JSON does not carry');
});

describe.each([
  ["gRPC", startServingGrpc, {}],
  ["REST in columns", startServingRest, {}],
  ["REST in rows", startServingRest, { format: "rows" }],
] as const)("TensorFlow Serving over %s", (_transport, start, options) => {
  it("runs rows of several inputs", async () => {
    const server = await ending(start("spin"));
    await using model = await Spin.connect(
      serving({ url: server.url, model: "spin", signatures: ["half"], ...options }),
    );
    expect(
      (
        await model.half([
          [2, 4],
          [6, 8],
        ])
      ).toArray(),
    ).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});

it("rows are rejected where an input has none", async () => {
  const server = await ending(startServingRest("counter"));
  await using model = await Counter.connect(serving({ url: server.url, model: "counter", format: "rows" }));
  const error = await expectRejection(model.increment(0.5), "INVALID_SHAPE");
  expect(error.fix).toBe('Use `format: "columns"`.');
});

it("sends ragged inputs that have a key for each tensor, and rejects signatures with ragged or sparse outputs", async () => {
  const server = await ending(startServingGrpc("composite"));
  await using model = await Composite.connect(serving({ url: server.url, model: "composite" }));
  using local = Composite.load();
  const lines = [["a", "b"], [], ["c"]];
  expect((await model.words(lines)).toArray()).toEqual(local.words(lines).toArray());
  const error = await expectRejection(model.deep({} as never), "SIGNATURE_UNSUPPORTED");
  expect(error.rawMessage).toBe('deep() cannot be run: output "left" is sparse, and servers have dense tensors only');
});
