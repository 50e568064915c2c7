import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { formatDescription } from "../../../generator/cli/inspect/model-table.js";
import { inspect, type ModelDescription } from "../../../generator/index.js";
import { hasShared, shared } from "../../support/needs.js";
import { modelFolder } from "../../support/temp.js";

const models = [modelFolder(""), ...(hasShared ? [shared] : [])].flatMap((folder) =>
  readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((model) => existsSync(join(model, "saved_model.pb"))),
);

/** In a terminal of so many columns; whoever runs the tests may have colours. */
function shown(description: ModelDescription, width: number): string {
  return stripVTControlCharacters(formatDescription(description, width));
}

const base: ModelDescription = {
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
    "%s fits, and loses nothing",
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
  it("puts long names on lines of their own where that makes it shorter", () => {
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

  it("breaks lists at their commas", () => {
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

  it("names the other meta graphs as they are chosen", () => {
    const tagSets = [["serve"], ["gpu", "serve"], [], ["a b"]];
    expect(shown({ ...base, tagSets }, Number.POSITIVE_INFINITY)).toMatch(
      /^m {2}tags: serve, also there: --tags gpu,serve, --tags "", --tags "a b"\n/,
    );
  });

  it("tells variables of one name apart, and those without a name by their path", () => {
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

  it("counts what it can, and says no more than the file tells", () => {
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
