import { afterEach, describe, expect, it, vi } from "vitest";
import { Sentences } from "../../../../generated/sentences.js";
import { Text } from "../../../../generated/text.js";
import { nativeApi } from "../../../../runtime/engines/local/native/c-api.js";
import { Feed } from "../../../../runtime/engines/local/run/input-tensor.js";
import { hasKnownLayout, MAX_SHORT } from "../../../../runtime/engines/local/run/string-layout.js";
import { readStrings } from "../../../../runtime/engines/local/run/string-tensor.js";
import { Model, Tensor } from "../../../../runtime/index.js";
import { dtypeInfo } from "../../../../runtime/tensor/dtype.js";
import { BlockMemory, PackedStrings } from "../../../../runtime/tensor/string-block.js";
import { StringPacker } from "../../../../runtime/tensor/write-strings.js";
import { integer, type NodeSpec, STRING, shape, type, writeGraphModel } from "../../../support/graph-model.js";

/** Its number in TensorFlow. */
const INT64 = 9;
const T = { T: type(STRING) };
const ANY = { dtype: type(STRING), shape: shape(null) };

const nodes: Readonly<Record<string, NodeSpec>> = {
  x: ["Placeholder", [], ANY],
  y: ["Placeholder", [], ANY],
  echo: ["Identity", ["x"], T],
  upper: ["StringUpper", ["x"]],
  // Each element is copied, and the copy of a view is a view.
  pair: ["Pack", ["x", "y"], { ...T, N: integer(2) }],
  variable: ["VarHandleOp", [], ANY],
  assign: ["AssignVariableOp", ["variable", "x"], { dtype: type(STRING) }],
  assigned: ["Identity", ["x", "^assign"], T],
  read: ["ReadVariableOp", ["variable"], { dtype: type(STRING) }],
  table: ["MutableHashTableV2", [], { key_dtype: type(STRING), value_dtype: type(INT64) }],
  ids: ["Placeholder", [], { dtype: type(INT64), shape: shape(null) }],
  insert: ["LookupTableInsertV2", ["table", "x", "ids"], { Tin: type(STRING), Tout: type(INT64) }],
  inserted: ["Identity", ["x", "^insert"], T],
  found: ["LookupTableFindV2", ["table", "x", "ids"], { Tin: type(STRING), Tout: type(INT64) }],
};

const end = (tensor: string) => [tensor, STRING, null] as const;
const [x, y] = [end("x:0"), end("y:0")];
const ids = ["ids:0", INT64, null] as const;

/** Signatures that give strings as they are or changed, and some that keep them in a variable and in a table. */
function loadStrings(): Model {
  const folder = writeGraphModel(nodes, {
    echo: { inputs: { x }, outputs: { out: end("echo:0"), passed: x } },
    upper: { inputs: { x }, outputs: { out: end("upper:0") } },
    pair: { inputs: { x, y }, outputs: { out: end("pair:0"), first: end("echo:0") } },
    assign: { inputs: { x }, outputs: { out: end("assigned:0") } },
    read: { inputs: {}, outputs: { out: end("read:0") } },
    insert: { inputs: { x, ids }, outputs: { out: end("inserted:0") } },
    find: { inputs: { x, ids }, outputs: { out: ["found:0", INT64, null] } },
  });
  return Model.load(folder);
}

const tensorOf = (results: Readonly<Record<string, unknown>>, key = "out"): Tensor<"string"> =>
  results[key] as Tensor<"string">;
const textsOf = (results: Readonly<Record<string, unknown>>, key = "out"): unknown => tensorOf(results, key).data;

/** So many different strings of this many characters. */
const strings = (count: number, length: number, seed = 0): string[] =>
  Array.from({ length: count }, (_, index) => `${seed + index}`.padEnd(length, "abcdefghij").slice(0, length));

afterEach(() => {
  vi.restoreAllMocks();
});

describe("many strings", () => {
  const mixed = [
    ...Array.from({ length: 31 }, (_, length) => "z".repeat(length)),
    ..."é€𝄞".split(""),
    "",
    "\0",
    "\uFEFFbyte order mark",
    "x".repeat(10_000),
    "ß".repeat(5000),
    "",
    "y".repeat(2 ** 20),
    "日本語".repeat(400),
  ].filter((text) => text.isWellFormed());
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["of all lengths", mixed],
    ["of 8 bytes", strings(1000, 8)],
    [`of ${MAX_SHORT} bytes`, strings(1000, MAX_SHORT)],
    [`of ${MAX_SHORT + 1} bytes`, strings(1000, MAX_SHORT + 1)],
    ["of 100 bytes", strings(1000, 100)],
    ["of 10,000 bytes", strings(100, 10_000)],
    ["that are empty", Array<string>(10).fill("")],
    ["that are not ASCII", Array.from({ length: 500 }, (_, index) => "é日𝄞".repeat(index % 40))],
    [
      "of 3 bytes a character, after longer ones that are ASCII",
      [...strings(100, 1023), ...Array<string>(40).fill("€".repeat(1000))],
    ],
  ];

  it.each(rows)("%s are given back by an identity", (_, texts) => {
    using model = loadStrings();
    const bytes = texts.map((text) => new Uint8Array(Buffer.from(text)));
    for (const value of [
      texts,
      bytes,
      [...bytes.slice(0, -1), ...texts.slice(-1)],
      [...texts.slice(0, -1), ...bytes.slice(-1)],
    ]) {
      const results = model.run("echo", { x: value });
      for (const key of ["out", "passed"]) {
        expect(textsOf(results, key)).toEqual(texts);
        expect(Buffer.compare(Buffer.concat(tensorOf(results, key).bytes), Buffer.concat(bytes))).toBe(0);
      }
      // A result as the next input.
      expect(textsOf(model.run("echo", { x: results.out }))).toEqual(texts);
    }
  });

  it("many strings of several rows are given back", () => {
    using model = loadStrings();
    const nested = [strings(3, 50), strings(3, 5, 100)];
    expect(tensorOf(model.run("echo", { x: nested })).toArray()).toEqual(nested);
    const bytesFirst = nested.map((row, index) => (index === 0 ? row.map((text) => Buffer.from(text)) : row));
    expect(tensorOf(model.run("echo", { x: bytesFirst })).toArray()).toEqual(nested);
    const bytesLast = nested.map((row, index) => (index === 1 ? row.map((text) => Buffer.from(text)) : row));
    expect(tensorOf(model.run("echo", { x: bytesLast })).toArray()).toEqual(nested);
  });

  it("many strings that are not UTF-8 are given back as bytes", () => {
    using model = loadStrings();
    // Together they would be "é€": only one by one they are not text.
    const parts = [[0xc3], [0xa9], [0xe2, 0x82], [0xac], [0xff, 0xfe]].map((bytes) => Uint8Array.from(bytes));
    for (const value of [parts, parts.slice(0, 4), [...parts, new Uint8Array(100).fill(0x80)]]) {
      const out = tensorOf(model.run("echo", { x: value }));
      expect(out.bytes).toEqual(value);
      expect(() => out.data).toThrow("NOT_TEXT");
      expect(() => out.data).toThrow("position 0");
    }
  });

  it("many strings are changed by operations", () => {
    using model = loadStrings();
    for (const length of [1, MAX_SHORT, MAX_SHORT + 1, 100, 5000]) {
      const texts = strings(50, length);
      expect(textsOf(model.run("upper", { x: texts }))).toEqual(texts.map((text) => text.toUpperCase()));
    }
  });

  it("many strings are the same to operations as one by one", () => {
    // `tf.strings.lower` with an encoding reads until a zero byte.
    using model = Sentences.load();
    const texts = [
      "Where is my parcel?",
      "I would like a refund.",
      "The app crashes all the time.",
      "parcel",
      "refund",
    ];
    model.train(texts, Int32Array.of(0, 1, 2, 0, 1), 0.5);
    const each = texts.map((text) => model.classify([text]).probabilities.toArray()[0]);
    for (const [row, expected] of model.classify(texts).probabilities.toArray().entries()) {
      for (const [place, value] of expected.entries()) expect(value).toBeCloseTo(each[row]?.[place] ?? Number.NaN, 5);
    }
  });

  it("many strings of two inputs are put together from copies of both", () => {
    using model = loadStrings();
    const [a, b] = [strings(20, 60), strings(20, 90, 500)];
    const results = model.run("pair", { x: a, y: b });
    expect(tensorOf(results).toArray()).toEqual([a, b]);
    expect(textsOf(results, "first")).toEqual(a);
  });

  it("results stay as they are while later calls overwrite the memory of their inputs", () => {
    using model = loadStrings();
    const kept = [1, 1000, 30, 1000, 3, 200].map((length, call) => {
      const texts = strings(20, length, 100 * call);
      return { texts, results: model.run("echo", { x: texts }) };
    });
    for (const { texts, results } of kept) {
      expect(textsOf(results)).toEqual(texts);
      expect(textsOf(results, "passed")).toEqual(texts);
    }
  });

  it("a call that an input's getter makes does not overwrite the strings of the outer one", () => {
    using model = loadStrings();
    const texts = strings(20, 100);
    const value = [...texts];
    Object.defineProperty(value, 10, {
      enumerable: true,
      get: () => {
        expect(textsOf(model.run("echo", { x: strings(20, 100, 500) }))).toEqual(strings(20, 100, 500));
        return texts[10];
      },
    });
    expect(textsOf(model.run("pair", { x: strings(20, 90), y: value }), "first")).toEqual(strings(20, 90));
    expect(textsOf(model.run("echo", { x: value }))).toEqual(texts);
  });

  it("concurrent calls each have their own strings", async () => {
    using model = loadStrings();
    const lengths = [5, 25, 100, 3000, 0, 22, 23, 700];
    const calls = Array.from({ length: 200 }, (_, call) => strings(30, lengths[call % lengths.length] ?? 0, call * 30));
    const results = await Promise.all(
      calls.map(async (texts, call) => {
        const value: (string | Uint8Array)[] =
          call % 3 === 0 ? texts.map((text) => new Uint8Array(Buffer.from(text))) : [...texts];
        const result = model.runAsync("echo", { x: value });
        // The call has read them.
        for (const item of value) if (item instanceof Uint8Array) item.fill(0);
        value.fill("");
        return await result;
      }),
    );
    for (const [call, texts] of calls.entries()) expect(textsOf(results[call] ?? {})).toEqual(texts);
  });

  it("strings that a variable keeps are intact after later calls", () => {
    using model = loadStrings();
    const texts = strings(50, 100);
    for (const given of [texts, texts.map((text) => new Uint8Array(Buffer.from(text)))]) {
      expect(textsOf(model.run("assign", { x: given }))).toEqual(texts);
      for (let seed = 1; seed < 5; seed++) model.run("echo", { x: strings(50, 100, 1000 * seed) });
      expect(textsOf(model.run("read"))).toEqual(texts);
      model.run("assign", { x: strings(50, 100, 77) });
      expect(textsOf(model.run("read"))).toEqual(strings(50, 100, 77));
    }
  });

  it("strings that a table keeps are intact after later calls", async () => {
    using model = loadStrings();
    const numbers = (count: number, from: number): bigint[] =>
      Array.from({ length: count }, (_, id) => BigInt(from + id));
    const [keys, short] = [strings(50, 100), strings(50, 40, 2000)];
    model.run("insert", { x: keys, ids: numbers(50, 0) });
    await model.runAsync("insert", { x: short, ids: numbers(50, 100) });
    for (let seed = 1; seed < 5; seed++) {
      model.run("echo", { x: strings(50, 100, 1000 * seed) });
      model.run("insert", { x: strings(50, 100, 10_000 * seed), ids: numbers(50, 1000 * seed) });
      await model.runAsync("echo", { x: strings(50, 100, 1000 * seed) });
    }
    const find = (words: readonly string[]): unknown => [
      ...(model.run("find", { x: words, ids: -1n }).out as Tensor<"int64">).data,
    ];
    expect(find(keys)).toEqual(numbers(50, 0));
    expect(find([...short, "none"])).toEqual([...numbers(50, 100), -1n]);
    expect(find(strings(50, 100, 40_000))).toEqual(numbers(50, 4000));
  });

  it("detached bytes among many are rejected", () => {
    using model = loadStrings();
    const value: unknown[] = strings(10, 100);
    const lost = new Uint8Array(100);
    structuredClone(lost, { transfer: [lost.buffer] });
    value[3] = lost;
    expect(() => model.run("echo", { x: value })).toThrow("INVALID_SIZE");
    expect(() => model.run("echo", { x: [...value, 1] })).toThrow("INVALID_SIZE");
    value[3] = "\ud800";
    expect(() => model.run("echo", { x: value })).toThrow("INVALID_UTF8");
    value[3] = 3;
    expect(() => model.run("echo", { x: value })).toThrow("INVALID_DTYPE");
  });
});

describe("native calls for many strings", () => {
  it.each([8, 100, 10_000])("strings of %i bytes are moved in and out at once", (length) => {
    using model = Text.load();
    const texts = strings(200, length);
    model.echo(texts);
    const spies = (["memcpy", "TF_StringCopy", "TF_StringGetSize", "TF_StringGetDataPointer"] as const).map((name) =>
      vi.spyOn(nativeApi(), name),
    );
    expect(model.echo(texts).data).toEqual(texts);
    const calls = spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
    expect(calls).toBeLessThanOrEqual(4);
  });
});

describe("the memory of strings that are fed as views", () => {
  const leavesNothing = (): boolean => true;
  const pack = (texts: readonly string[], memory: BlockMemory): PackedStrings => {
    const packer = new StringPacker(texts.length, memory);
    packer.add(texts);
    return new PackedStrings([texts.length], packer.finish());
  };

  it("memory that TensorFlow still holds after a run is not overwritten, and later strings are copied", () => {
    const api = { ...nativeApi() };
    let isHeld = false;
    api.TF_TensorMaybeMove = (tensor) => (isHeld ? null : nativeApi().TF_TensorMaybeMove(tensor));
    const feed = new Feed(api, dtypeInfo("string"), "x");
    const memory = new BlockMemory();
    const [first, second] = [strings(10, 100), strings(10, 100, 50)];

    const held = feed.write(pack(first, memory), leavesNothing);
    isHeld = true;
    feed.settle();
    const next = feed.write(pack(second, memory), leavesNothing);
    expect(next).not.toBe(held);
    expect(readStrings(api, next, 10).toTexts()).toEqual(second);
    expect(readStrings(api, held, 10).toTexts()).toEqual(first);

    isHeld = false;
    const copy = vi.spyOn(api, "TF_StringCopy");
    expect(readStrings(api, feed.write(pack(first, memory), leavesNothing), 10).toTexts()).toEqual(first);
    expect(copy).toHaveBeenCalledTimes(10);
    feed.release();
  });

  it("memory is reused from call to call, but not that of one large call for small ones", () => {
    const memory = new BlockMemory();
    const taken = memory.take(5000);
    expect(memory.take(4000)).toBe(taken);
    const large = memory.take(2 ** 22);
    expect(large.length).toBe(2 ** 22);
    expect(memory.take(2 ** 21)).toBe(large);
    expect(memory.take(100).length).toBeLessThan(2 ** 20);
  });

  it("strings are copied one by one where the layout is not known", () => {
    const api = { ...nativeApi() };
    let isOther = true;
    const sizeOf = nativeApi().TF_StringGetSize;
    api.TF_StringGetSize = (element) => Number(sizeOf(element)) + (isOther ? 1 : 0);
    expect(hasKnownLayout(api)).toBe(false);
    isOther = false;
    expect(hasKnownLayout(api)).toBe(false);
    const copy = vi.spyOn(api, "TF_StringCopy");
    const feed = new Feed(api, dtypeInfo("string"), "x");
    for (const length of [100, 5, 1000, 0]) {
      const texts = strings(10, length);
      copy.mockClear();
      const tensor = feed.write(pack(texts, new BlockMemory()), leavesNothing);
      expect(copy).toHaveBeenCalledTimes(10);
      expect(readStrings(api, tensor, 10).toTexts()).toEqual(texts);
    }
    feed.release();
  });

  it("views and copies take turns in one tensor", () => {
    const api = nativeApi();
    const feed = new Feed(api, dtypeInfo("string"), "x");
    const memory = new BlockMemory();
    const free = vi.spyOn(api, "TF_StringDealloc");
    const copyString = api.TF_StringCopy;
    const replaced: number[] = [];
    vi.spyOn(api, "TF_StringCopy").mockImplementation((element, ...text) => {
      replaced.push(Number(api.TF_StringGetSize(element)));
      return copyString(element, ...text);
    });
    for (const [call, length] of [100, 5, 1000, 0, 30, 23, 22].entries()) {
      for (const mayView of [true, false, false, true]) {
        const texts = strings(10, length, call);
        const tensor = feed.write(pack(texts, memory), () => mayView);
        expect(readStrings(api, tensor, 10).toTexts()).toEqual(texts);
      }
      // Those that were too long for the elements had to be freed before the elements became views again.
      expect(free).toHaveBeenCalledTimes(length > MAX_SHORT ? 10 : 0);
      free.mockClear();
      // TensorFlow reads what it replaces: no view, whose memory may be another's by then, but what it has copied itself.
      const sizes = [...Array<number>(10).fill(0), ...Array<number>(10).fill(length)];
      expect(replaced.splice(0)).toEqual(length > MAX_SHORT ? sizes : []);
    }
    feed.release();
  });
});

describe("tensors of strings", () => {
  it("the elements of a result are the same array each time, in one buffer", () => {
    using model = loadStrings();
    const out = tensorOf(model.run("echo", { x: strings(10, 50) }));
    expect(out.bytes).toBe(out.bytes);
    expect(out.data).toBe(out.data);
    expect(new Set(out.bytes.map(({ buffer }) => buffer)).size).toBe(1);
    expect(out.equals(Tensor.from("string", strings(10, 50)))).toBe(true);
    expect(out).toEqual(Tensor.from("string", strings(10, 50)));
    expect(out).not.toEqual(Tensor.from("string", strings(10, 50, 1)));
    expect(structuredClone(out)).toEqual({ dtype: "string", shape: [10], elements: [...out.bytes] });
  });

  it("a result whose memory was transferred is rejected", () => {
    using model = loadStrings();
    const out = tensorOf(model.run("echo", { x: strings(10, 50) }));
    structuredClone(null, { transfer: [out.bytes[0]?.buffer as ArrayBuffer] });
    expect(() => out.toArray()).toThrow("INVALID_SIZE");
    expect(() => model.run("echo", { x: out })).toThrow("INVALID_SIZE");
  });
});
