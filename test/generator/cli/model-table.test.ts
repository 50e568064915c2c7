import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { formatDescription } from "../../../generator/cli/inspect/model-table.js";
import { inspect, type ModelInfo } from "../../../generator/index.js";
import { hasShared, shared } from "../../support/needs.js";
import { modelFolder } from "../../support/temp.js";

const models = [modelFolder(""), ...(hasShared ? [shared] : [])].flatMap((folder) =>
  readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((model) => existsSync(join(model, "saved_model.pb"))),
);

/** Runs in a terminal with this number of columns, without the colors of the test run. */
function shown(description: ModelInfo, width: number): string {
  return stripVTControlCharacters(formatDescription(description, width));
}

const base: ModelInfo = {
  formatVersion: 1,
  directory: "m",
  tags: ["serve"],
  tagSets: [["serve"]],
  tensorflowVersion: "",
  operations: ["Add"],
  unknownOperations: [],
  operationsWithoutKernel: [],
  variables: [],
  assets: [],
  signatures: [],
};

describe.each([20, 40, 60, 80, 120])("at %i columns", (width) => {
  it.each(models.map((model) => [model.split(/[\\/]/).at(-1) ?? "", model]))(
    "the table of %s fits the width and loses no content",
    (_, model) => {
      const description = inspect(model);
      const text = shown(description, width);
      expect(text.split("\n").filter((line) => stringWidth(line) > width)).toEqual([]);
      const characters = (table: string): string => table.replaceAll(/\s/g, "");
      expect(characters(text)).toBe(characters(shown(description, Number.POSITIVE_INFINITY)));
    },
  );
});

describe("the table", () => {
  it("the table puts long names on their own lines where that makes it shorter", () => {
    const tensor = { dtype: "float32", shape: [null, 2], tensor: "x:0" };
    const names = ["x", "y", "the_name_of_an_input_that_is_long"];
    const inputs = names.map((key) => ({ key, ...tensor }));
    const signatures = [{ key: "predict", methodName: "", inputs, outputs: [{ key: "z", ...tensor }] }];
    expect(shown({ ...base, signatures }, 40)).toBe(`m  tags: serve

predict(x, y,
    the_name_of_an_input_that_is_long)
  in  x  float32 [?, 2]
  in  y  float32 [?, 2]
  in  the_name_of_an_input_that_is_long
         float32 [?, 2]
  out z  float32 [?, 2]

operations  1 type
`);
  });

  it("the table breaks lists at commas", () => {
    const assets = ["first.txt", "second.txt", "third.txt"];
    const unknownOperations = ["ZeroOut", "OneOut"];
    expect(shown({ ...base, assets, unknownOperations }, 30)).toContain(`
assets  first.txt, second.txt,
      third.txt

operations  1 type
TensorFlow does not have:
      ZeroOut, OneOut
`);
  });

  it("the table shows other meta graphs as command-line options", () => {
    const tagSets = [["serve"], ["gpu", "serve"], [], ["a b"]];
    expect(shown({ ...base, tagSets }, Number.POSITIVE_INFINITY)).toMatch(
      /^m {2}tags: serve, also there: --tags gpu,serve, --tags "", --tags "a b"\n/,
    );
  });

  it("the table distinguishes variables with equal or no names by their paths", () => {
    const one = { dtype: "float32", shape: [2], trainable: true };
    const variables = [
      { ...one, name: "", path: "layers/0/gain" },
      { ...one, name: "kernel", path: "a/kernel" },
      { ...one, name: "kernel", path: "b/kernel", trainable: false },
      { ...one, name: "single", path: "c/single" },
    ];
    expect(shown({ ...base, variables }, Number.POSITIVE_INFINITY)).toContain(`
variables  4, with 8 parameters, 6 trainable
      layers/0/gain  float32 [2]
      kernel         float32 [2]  at a/kernel
      single         float32 [2]
      kernel         float32 [2]  not trainable, at b/kernel
`);
  });

  it("the table counts only what the file records", () => {
    const variables = [
      { name: "a", dtype: "float32", shape: [3], trainable: null },
      { name: "b", dtype: "float32", shape: [null, 2], trainable: null },
      { name: "c", dtype: "float32", shape: null, trainable: null },
    ];
    expect(shown({ ...base, variables }, Number.POSITIVE_INFINITY)).toContain(`
variables  3, with at least 3 parameters
      a  float32 [3]
`);
  });
});
