import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TextFormat } from "../../../generated/text-format.js";
import { inspect } from "../../../generator/index.js";
import { Model, type Tensor } from "../../../runtime/index.js";
import { decode, type Message, type MessageName, toNumber } from "../../../runtime/saved-model/proto/decode.js";
import { encodeText } from "../../../runtime/saved-model/proto/text-format.js";
import { expectError } from "../../support/errors.js";
import { copyOfModel, modelFolder, tempFolder } from "../../support/temp.js";

function parse<Name extends MessageName>(name: Name, text: string | Uint8Array): Message<Name> {
  return decode(name, encodeText(name, Buffer.from(text)));
}

const nodeNames = (text: string) => parse("GraphDef", text).node.map((node) => decode("NodeDef", node).name);
const bytesOf = (literal: string) => parse("BytesList", `value: ${literal}`).value.map((value) => [...value]);

describe("a value in text format", () => {
  it.each([
    [`"a" 'b' "c"`, [97, 98, 99]],
    [String.raw`"\a\b\f\n\r\t\v\?\\\'\""`, [7, 8, 12, 10, 13, 9, 11, 63, 92, 39, 34]],
    [String.raw`"\0\12\377\1234"`, [0, 10, 255, 83, 52]],
    [String.raw`"\x7\xfFg\X41"`, [7, 255, 103, 65]],
    [String.raw`"\u00f6\U0001F600"`, [...Buffer.from("ö😀")]],
    [`"ö"`, [...Buffer.from("ö")]],
    [`"it's" '"'`, [...Buffer.from(`it's"`)]],
    [`""`, []],
  ])("reads a value in text format: %s", (literal, bytes) => {
    expect(bytesOf(literal)).toEqual([bytes]);
  });

  it.each([
    ["7", 7],
    ["-7", -7],
    ["- 7", -7],
    ["0x1F", 31],
    ["017", 15],
    ["0", 0],
    ["DT_STRING", 7],
    ["DT_FLOAT_REF", 101],
    ["DT_BFLOAT16", 14],
    ["DT_UINT64", 23],
    ["DT_OF_ANOTHER_VERSION", 0],
  ])("reads %s of an integer in text format", (text, value) => {
    expect(parse("TensorProto", `dtype: ${text}`).dtype).toBe(value);
  });

  it.each([
    ["1.5", 1.5],
    ["-1.5e-3", -1.5e-3],
    ["1E+2f", 100],
    [".5", 0.5],
    ["3.", 3],
    ["inf", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["nan", Number.NaN],
  ])("reads %s of a float in text format", (text, value) => {
    expect(parse("TensorProto", `double_val: ${text}`).doubleVal).toEqual([value]);
    expect(parse("TensorProto", `float_val: ${text}`).floatVal).toEqual([Math.fround(value)]);
  });

  it("reads 64-bit and signed values in text format", () => {
    const { int64Val } = parse("TensorProto", "int64_val: -9223372036854775808 int64_val: 9223372036854775807");
    expect(int64Val.map(String)).toEqual(["-9223372036854775808", "9223372036854775807"]);
    expect(toNumber(parse("StructuredValue", "int64_value: -3").int64Value)).toBe(-3);
    expect(parse("TensorProto", "bool_val: [true, f, 1, False]").boolVal).toEqual([true, false, true, false]);
  });
});

describe("a message in text format", () => {
  it("text format may have colons, angle brackets, separators, lists and comments", () => {
    const text = `# a comment } with brackets
      node { name: "a" } node: < name: 'b', >; node <name: "c";>
      node: [ { name: "d" }, <name: "e"> ] node: []   # the end`;
    expect(nodeNames(text)).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("text format may have unknown fields of any form", () => {
    const text = `unknown: 5 another: -inf other { deep { list: [1, "}", { a: '>' }] } } [ext.name] { x: 1 } [ext.two]: "a" "b"
      node { name: "a" device: "/cpu:0" experimental_debug_info { original_node_names: "x" } } words: SOME_ENUM`;
    expect(nodeNames(text)).toEqual(["a"]);
  });

  it("text format keeps each map entry, including hostile keys", () => {
    const { attr } = parse(
      "NodeDef",
      `attr { key: "__proto__" value { s: "x" } } attr { key: "a" value { type: DT_INT32 } }`,
    );
    expect(attr.map(({ key }) => key)).toEqual(["__proto__", "a"]);
    expect(attr.map(({ value }) => decode("AttrValue", value).type)).toEqual([0, 3]);
  });

  it.each([
    ["node {", 'expected "}" in line 1'],
    ['\nnode { name: "a', 'expected "\\"" in line 2'],
    ["node: 5", "expected a string in line 1"],
    ["}", 'expected the name of a field, got "}" in line 1'],
    ["node { name: x }", "expected a string in line 1"],
    ["unknown }", "expected a value in line 1"],
    ["unknown [ { ]", "expected a value in line 1"],
    [String.raw`node { name: "\q" }`, "expected a known escape in line 1"],
    [String.raw`node { name: "\U00110000" }`, "expected a Unicode character in line 1"],
    ["node [ {} {} ]", 'expected "]" in line 1'],
  ])("rejects the text format %j: %s", (text, message) => {
    expect(() => encodeText("GraphDef", Buffer.from(text))).toThrow(message);
  });

  it("rejects text format that is nested too deeply, in known and unknown fields", () => {
    const list = (depth: number) => "list_value { values { ".repeat(depth) + "} }".repeat(depth);
    expect(() => parse("StructuredValue", list(49))).not.toThrow();
    expect(() => encodeText("StructuredValue", Buffer.from(list(200)))).toThrow("nested too deeply");
    for (const open of ["{ x ", "["]) {
      expect(() => encodeText("GraphDef", Buffer.from(`unknown ${open.repeat(1e5)}`))).toThrow("nested too deeply");
    }
  });

  it("parses long text format in linear time", () => {
    const long = `${"unknown: 1 ".repeat(1e5)} name: "${"\\141".repeat(1e5)}" ${"# c\n".repeat(1e5)}`;
    expect(parse("NodeHead", long).name).toBe("a".repeat(1e5));
    expect(() => encodeText("NodeHead", Buffer.from("a".repeat(1e6)))).toThrow("expected a value");
  });
});

describe("saved_model.pbtxt", () => {
  it("saved_model.pbtxt is described like the same model in binary format", () => {
    const [mark, score] = inspect(modelFolder("text_format")).signatures;
    expect(mark?.inputs).toMatchObject([{ key: "lines", encoding: "ragged", dtype: "string", shape: [null, null] }]);
    expect(score?.inputs).toMatchObject([
      { key: "x", argument: 'x["age"]', shape: [null] },
      { key: "x_1", argument: 'x["income"]', shape: [null] },
      { key: "scale", optional: true, default: 0.5, shape: [] },
    ]);
    expect(inspect(modelFolder("text_format")).variables).toMatchObject([
      { name: "Variable", dtype: "float32", shape: [] },
    ]);
  });

  it("saved_model.pbtxt is loaded with a client, called, and saved", () => {
    using model = TextFormat.load(modelFolder("text_format"));
    expect(model.score([70], [10]).toArray()).toEqual([-690]);
    const folder = join(tempFolder(), "saved");
    model.save(folder);
    expect(readdirSync(folder).filter((file) => file.startsWith("saved_model"))).toEqual(["saved_model.pbtxt"]);
    using saved = TextFormat.load(folder);
    expect(saved.score([70], [10], 2).toArray()).toEqual([-2760]);
    model.save(folder);
    using untyped = Model.load(folder);
    expect(untyped.run("score", { x: [70], x_1: [10] }).score?.toArray()).toEqual([-690]);
  });

  it("saved_model.pbtxt is ignored next to saved_model.pb, as in TensorFlow", () => {
    const folder = copyOfModel("counter");
    writeFileSync(join(folder, "saved_model.pbtxt"), "no model");
    expect(inspect(folder).signatures).toEqual(inspect(modelFolder("counter")).signatures);
    using model = Model.load(folder);
    expect((model.run("get").count as Tensor | undefined)?.dtype).toBe("float32");
  });

  it("an invalid saved_model.pbtxt is rejected with the line", () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "saved_model.pbtxt"), 'saved_model_schema_version: 1\nmeta_graphs {\n  "');
    const { message } = expectError(() => inspect(folder), "MODEL_CORRUPT");
    expect(message).toMatch(/saved_model\.pbtxt is not a SavedModel in text format: .* in line 3/);
    expectError(() => Model.load(folder), "MODEL_CORRUPT");
  });
});
