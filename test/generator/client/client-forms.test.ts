import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkFiles } from "../../../generator/check/check-project.js";
import { unifiedDiff } from "../../../generator/check/text-diff.js";
import { camelCase } from "../../../generator/client/names.js";
import { expandPattern, isPattern } from "../../../generator/config/model-glob.js";
import { generate, inspect } from "../../../generator/index.js";
import { generateProject } from "../../../generator/project/project.js";
import { compareNatural, listSome } from "../../../runtime/base/text.js";
import { expectError } from "../../support/errors.js";
import { encodeMessage, type TensorFields, writeModel } from "../../support/saved-model.js";
import { tempFolder } from "../../support/temp.js";
import { typeErrors } from "../../support/typescript.js";

const scalar: Omit<TensorFields, "key"> = { dtype: 1, shape: [], tensor: "x:0" };

function modelOf(
  inputs: readonly TensorFields[],
  outputs: readonly TensorFields[] = [{ key: "y", ...scalar }],
): string {
  const folder = join(tempFolder(), "net");
  writeModel(folder, {
    tags: ["serve"],
    tensorflowVersion: "",
    signatures: [{ key: "f", methodName: "", inputs, outputs }],
  });
  return folder;
}

describe("a client in a user's project", () => {
  it("accepts undefined for an optional input before a required one", () => {
    const byDefault = { dtype: 1, tensorShape: {}, floatVal: [1] };
    const { text } = generate(
      modelOf([
        { key: "a", ...scalar, byDefault },
        { key: "b", ...scalar },
      ]),
    );
    const use = 'import { Net } from "./net.js";\nexport const y: number = Net.load().f(undefined, 2);\n';
    expect(typeErrors({ "net.ts": text, "use.ts": use })).toEqual([]);
  });

  it("uses AnyShape for a rank above 16", () => {
    const shapes = [16, 17, 40].map((rank) => Array<number>(rank).fill(2));
    const { text } = generate(modelOf(shapes.map((shape, index) => ({ key: `x${index}`, ...scalar, shape }))));
    expect(text).toContain(`x0: TensorLike<"float32", [${Array(16).fill(2).join(", ")}]>`);
    for (const name of ["x1", "x2"]) expect(text).toContain(`${name}: TensorLike<"float32", AnyShape>`);
    expect(typeErrors({ "net.ts": text })).toEqual([]);
  });

  it("omits a signature with a rank that no tensor can have", () => {
    const shape = Array<number>(255).fill(1);
    const { signatures } = inspect(modelOf([{ key: "x", ...scalar, shape }]));
    expect(signatures[0]?.unsupported).toBe('input "x" is of rank 255, and a tensor\'s is 254 at most');
  });

  it("omits a default of more than 1,000 characters from the description", () => {
    const of = (length: number): unknown => {
      const byDefault = { dtype: 7, tensorShape: {}, stringVal: [Buffer.from("x".repeat(length))] };
      return inspect(modelOf([{ key: "a", ...scalar, dtype: 7, byDefault }])).signatures[0]?.inputs[0];
    };
    expect(of(1000)).toMatchObject({ optional: true, default: "x".repeat(1000) });
    expect(of(1001)).toMatchObject({ optional: true });
    expect(of(1001)).not.toHaveProperty("default");
  });
});

it("a feature that the model pads is optional, with or without a default", () => {
  const folder = join(tempFolder(), "net");
  mkdirSync(folder);
  const attribute = (key: string, value: object): object => ({ key, value: encodeMessage("AttrValue", value) });
  const attr = [
    attribute("dense_keys", { list: { s: [Buffer.from("padded"), Buffer.from("fixed")] } }),
    attribute("Tdense", { list: { type: [1, 1] } }),
    attribute("dense_shapes", { list: { shape: [{ dim: [{ size: -1 }] }, { dim: [{ size: 2 }] }] } }),
  ];
  const empty = attribute("value", { tensor: { dtype: 1, tensorShape: { dim: [{ size: 0 }] } } });
  const node = [
    encodeMessage("NodeDef", { name: "p", op: "ParseSingleExample", input: ["x", "empty", "empty"], attr }),
    encodeMessage("NodeDef", { name: "empty", op: "Const", attr: [empty] }),
  ];
  const value = { inputs: [{ key: "x", value: { name: "x:0", dtype: 7, tensorShape: {} } }], outputs: [] };
  const metaGraph = {
    metaInfoDef: { tags: ["serve"] },
    graphDef: encodeMessage("GraphDef", { node }),
    signatureDef: [{ key: "f", value }],
  };
  writeFileSync(join(folder, "saved_model.pb"), encodeMessage("SavedModel", { metaGraphs: [metaGraph] }));
  expect(inspect(folder).signatures[0]?.inputs[0]?.example).toEqual([
    { key: "fixed", dtype: "float32", kind: "dense", shape: [2] },
    { key: "padded", dtype: "float32", kind: "dense", shape: [null], optional: true },
  ]);
});

describe("the diff of a check", () => {
  it("a diff ignores line endings", () => {
    const folder = modelOf([{ key: "a", ...scalar }]);
    const root = join(folder, "..");
    writeFileSync(join(root, "package.json"), "{}");
    const files = generateProject({ models: ["net"], output: "out" }, root);
    mkdirSync(join(root, "out"));
    const present = (files[0]?.text ?? "").replace('name: "Net"', 'name: "Old"').replaceAll("\n", "\r\n");
    writeFileSync(join(root, files[0]?.path ?? ""), present);
    const [found] = checkFiles(files, [], root);
    const changed = found?.diff.split("\n").filter((line) => /^[-+] /.test(line));
    expect(changed).toEqual(['-  name: "Old",', '+  name: "Net",']);
    expect(readFileSync(join(root, files[0]?.path ?? ""), "utf8")).toBe(present);
  });

  it("a diff replaces everything between the first and the last change if very much has changed", () => {
    const lines = (word: string): string[] => Array.from({ length: 1500 }, (_, index) => `${word} ${index}`);
    const text = (word: string): string =>
      ["1", "2", "3", "4", "5", ...lines(word), "6", "7", "8", "9", "10", ""].join("\n");
    const diff = unifiedDiff("a.ts", text("old"), text("new")).split("\n");
    expect(diff.slice(0, 8)).toEqual([
      "--- a/a.ts",
      "+++ b/a.ts",
      "@@ -2,1508 +2,1508 @@",
      " 2",
      " 3",
      " 4",
      " 5",
      "-old 0",
    ]);
    expect(diff.slice(-7)).toEqual(["+new 1498", "+new 1499", " 6", " 7", " 8", " 9", ""]);
    expect(diff).toHaveLength(3 + 4 + 3000 + 4 + 1);
  });

  it("a diff is minimal if little has changed", () => {
    expect(unifiedDiff("a.ts", "1\n2\n3\n", "1\n3\n4\n").split("\n").slice(3)).toEqual([" 1", "-2", " 3", "+4", ""]);
  });
});

describe("patterns of a configuration", () => {
  it("patterns with many stars or alternatives take bounded time", () => {
    const folder = tempFolder();
    mkdirSync(join(folder, `${"a".repeat(200)}b`));
    expect(expandPattern(folder, `${"*a".repeat(60)}*c`)).toEqual([]);
    expect(expandPattern(folder, `${"**/".repeat(40)}c`)).toEqual([]);
    expect(expectError(() => expandPattern(folder, "{a,b}".repeat(11)), "CONFIG_INVALID").message).toContain(
      "1024 paths",
    );
    expect(isPattern(`${"{".repeat(100_000)}${",".repeat(100_000)}`)).toBe(false);
  });

  it.each<[string, string, boolean]>([
    ["a*c", "abc", true],
    ["a*c", "ac", true],
    ["a*c", "acd", false],
    ["*b*b", "abab", true],
    ["a?c", "ac", false],
    ["?", "😀", true],
    ["a.c*", "abc", false],
    ["**a", "ba", true],
  ])("pattern %s and %s: %s", (pattern, name, isMatch) => {
    const folder = tempFolder();
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "saved_model.pb"), "");
    expect(expandPattern(folder, pattern)).toEqual(isMatch ? [name] : []);
  });
});

describe("text", () => {
  it.each<[string, string]>([
    ["a2", "a10"],
    ["a", "a1"],
    ["a01", "a1"],
    ["a1b", "a1c"],
    ["1", "a"],
    ["a9", "ab"],
    ["x_2_b", "x_10_a"],
    ["", "a"],
  ])("%s stands before %s in natural order", (a, b) => {
    expect(Math.sign(compareNatural(a, b))).toBe(-1);
    expect(Math.sign(compareNatural(b, a))).toBe(1);
    expect(compareNatural(a, a)).toBe(0);
  });

  it("messages list at most thirty names", () => {
    const names = Array.from({ length: 32 }, (_, index) => `n${index}`);
    expect(listSome(names.slice(0, 30))).toMatch(/"n29"$/);
    expect(listSome(names)).toMatch(/"n29" and 2 more$/);
  });

  it("truncates names before it converts them", () => {
    expect(camelCase("a".repeat(1_000_000), "input")).toHaveLength(100);
  });
});
