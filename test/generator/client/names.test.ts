import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isIdentifier } from "../../../generator/client/escape.js";
import { camelCase, kebabCase, NameTable, pascalCase, withoutCommonPart } from "../../../generator/client/names.js";

describe("camelCase", () => {
  it.each([
    ["training_input", "trainingInput"],
    ["output_0", "output0"],
    ["dense/BiasAdd:0", "denseBiasAdd0"],
    ["TrainStep", "trainStep"],
    ["URL", "url"],
    ["URLPath", "urlPath"],
    ["__call__", "call"],
    ["2nd", "input2nd"],
    ["v1.12", "v1_12"],
    ["v11.2", "v11_2"],
    ["0", "input0"],
    ["größe der_welt", "größeDerWelt"],
    ["日本 語", "日本語"],
    ["👋", ""],
    ["", ""],
    ["a\u0301", "á"],
    ["\u0301", "input\u0301"],
    ["\u0327", "inpu\u0163"],
    ["a\u200db", "aB"],
  ])("camelCase of %j is %j", (raw, name) => {
    expect(camelCase(raw, "input")).toBe(name);
  });
});

describe("names of classes and files", () => {
  it.each([
    ["custom_model", "CustomModel", "custom-model"],
    ["keras3", "Keras3", "keras3"],
    ["MNIST-cnn", "MNISTCnn", "mnist-cnn"],
    ["1d_conv", "Model1dConv", "model1d-conv"],
    ["keras-1.12", "Keras1_12", "keras1-12"],
    ["keras-11.2", "Keras11_2", "keras11-2"],
  ])("names %s: %s in %s.ts", (raw, className, fileName) => {
    expect(pascalCase(raw)).toBe(className);
    expect(kebabCase(className)).toBe(fileName);
  });
});

describe("withoutCommonPart", () => {
  it.each([
    [
      ["features$age", "features$income", "label"],
      ["age", "income", "label"],
    ],
    [
      ["0/reward", "0/step_type"],
      ["reward", "step_type"],
    ],
    [["0/reward"], ["reward"]],
    [["tensor_dict$x"], ["tensor_dict$x"]],
    [
      ["a/b/x", "a/b/y"],
      ["x", "y"],
    ],
    // Two would become one.
    [
      ["left/image", "image"],
      ["left/image", "image"],
    ],
    [
      ["left/image", "left/mask", "image"],
      ["left/image", "left/mask", "image"],
    ],
    [
      ["a/my-x", "a/my_x"],
      ["a/my-x", "a/my_x"],
    ],
    // They say something that the rest does not.
    [
      ["left/image", "right/mask"],
      ["left/image", "right/mask"],
    ],
    // The rest is not a name.
    [
      ["a/0", "a/1"],
      ["a/0", "a/1"],
    ],
    [
      ["x/", "x/y"],
      ["x/", "x/y"],
    ],
  ])("withoutCommonPart of %j is %j", (names, expected) => {
    expect(withoutCommonPart(names)).toEqual(expected);
  });
});

describe("a name table", () => {
  it("a name table gives a free name to the key that equals it", () => {
    expect(new NameTable("parameter", "input", []).claimAll(["my_input", "myInput"])).toEqual(["myInput2", "myInput"]);
  });

  it("a name table notes what it changed, and why", () => {
    const notes: string[] = [];
    new NameTable("method", "signature", notes).claimAll(["save", "a-b", "aB", "👋"]);
    expect(notes).toEqual([
      'method "save" is called save_, because save is reserved',
      'method "a-b" is called aB2, because that name is taken',
      'method "👋" is called signature, because it contains no identifier characters',
    ]);
  });

  it("a name table gives each raw name a unique identifier", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: "binary", maxLength: 30 }), { maxLength: 20 }), (raws) => {
        for (const kind of ["parameter", "method", "property", "type"] as const) {
          const names = new NameTable(kind, "fallback", []).claimAll(raws);
          expect(new Set(names).size).toBe(raws.length);
          expect(names.every(isIdentifier)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
