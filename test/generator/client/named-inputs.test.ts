import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generate, inspect } from "../../../generator/index.js";
import { compilerOutput } from "../../support/compilers.js";
import { type TensorFields, writeModel } from "../../support/saved-model.js";
import { modelFolder, tempFolder } from "../../support/temp.js";
import { typeErrors } from "../../support/typescript.js";
import { generateWide } from "../../support/wide-model.js";

const float = { dtype: 1, shape: [], tensor: "x:0" } as const;

/** The client of a model with one signature `f`. */
function clientOf(inputs: readonly TensorFields[]): string {
  const folder = join(tempFolder(), "net");
  const outputs = [{ ...float, key: "y" }];
  writeModel(folder, {
    tags: ["serve"],
    tensorflowVersion: "",
    signatures: [{ key: "f", methodName: "", inputs, outputs }],
  });
  return generate(folder).text;
}

describe("a client of a model with many inputs", () => {
  it("compiles if inputs match by name, and only then", () => {
    const { text } = generateWide(join(tempFolder(), "wide"));
    const use = readFileSync(new URL("../../typings/use-named.ts", import.meta.url), "utf8");
    const files = { "wide.ts": text, "regression.ts": generate(modelFolder("regression")).text, "use-named.ts": use };
    expect(typeErrors(files)).toEqual([]);
    for (const compiler of ["typescript-5.7", "typescript-7"] as const)
      expect(compilerOutput(compiler, files)).toBe("");
  }, 240_000);

  it("has one interface for equal inputs, named after the signature that is not the default", () => {
    const { text } = generateWide(join(tempFolder(), "wide"));
    expect(text.match(/^export interface \w+Inputs \{$/gm)).toEqual([
      "export interface PredictInputs {",
      "export interface TrainInputs {",
      "export interface FakePredictInputs {",
      "export interface FakeTrainInputs {",
    ]);
    expect(text).toContain("/** Inputs of the signatures `predict` and `serving_default`. */");
    expect(text).toMatch(/^ {2}servingDefault\(\s+this: void,\s+inputs: PredictInputs,\s+options\?: /m);
    expect(text).toContain('  readonly rate?: TensorLike<"float32", []>;');
  });
});

describe("inputs by name", () => {
  const named = (inputs: readonly TensorFields[]): boolean =>
    clientOf(inputs).includes("f(this: void, inputs: FInputs)");
  const input = (key: string, byDefault?: object): TensorFields => ({ ...float, key, ...(byDefault && { byDefault }) });
  const byDefault = { dtype: 1, tensorShape: {}, floatVal: [1] };

  it("inputs by name are offered if the order of two is unknown, but not for one", () => {
    expect(named([input("a"), input("b")])).toBe(true);
    expect(named([input("a")])).toBe(false);
  });

  it("inputs by name are offered for five inputs in the author's order, but not for four", () => {
    // `train` of regression has three, and the order of its author.
    expect(generate(modelFolder("regression")).text).not.toContain("Inputs {");
    // One argument is a tuple of two, the others are tensors.
    const { signatures } = inspect(modelFolder("arguments"));
    expect(signatures.find(({ key }) => key === "distance")).not.toHaveProperty("unordered");
    expect(signatures.find(({ key }) => key === "score")).toHaveProperty("unordered", true);
  });

  it("inputs by name are not offered if an object could be the first input and no other is required", () => {
    const complex = { key: "z", dtype: 8, shape: [], tensor: "z:0" };
    expect(named([{ ...complex, key: "re" }, input("im", byDefault)])).toBe(true);
    expect(
      named([
        { ...complex, key: "im", byDefault: { dtype: 8, tensorShape: {}, scomplexVal: [1, 2] } },
        input("re", byDefault),
      ]),
    ).toBe(false);
  });
});

describe("the names of a client", () => {
  it("names drop the common prefix of all inputs", () => {
    const inputs = ["0/reward", "0/step_type", "0/observation"].map((key) => ({ ...float, key }));
    expect(clientOf(inputs)).toMatch(
      /f<_>\(\s+this: void,\s+observation: .*,\s+reward: .*,\s+stepType: .*,\s+\): number;/,
    );
  });

  it("comments explain why a method's name differs from its signature", () => {
    const folder = join(tempFolder(), "net");
    const outputs = [{ ...float, key: "y" }];
    const signatures = ["save", "a-b", "aB"].map((key) => ({ key, methodName: "", inputs: [], outputs }));
    writeModel(folder, { tags: ["serve"], tensorflowVersion: "", signatures });
    const { text } = generate(folder);
    expect(text).toContain("   * The method is called `save_` because save is reserved.\n");
    expect(text).toContain("   * The method is called `aB2` because the name aB is taken.\n");
    expect(text.match(/The method is called/g)).toHaveLength(4);
  });
});

describe("the comment of a method", () => {
  it("comments say which methods change variables", () => {
    const changing = (name: string): readonly string[] => {
      const { text } = generate(modelFolder(name));
      return [...text.matchAll(/Runs the signature `(\w+)` \([^)]*\)\. Changes variables/g)].map(([, key = ""]) => key);
    };
    expect(changing("counter")).toEqual(["increment", "reset"]);
    expect(changing("regression")).toEqual(["train"]);
    expect(changing("custom_model")).toEqual(["train"]);
  });
});
