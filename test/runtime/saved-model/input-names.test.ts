import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Arguments } from "../../../generated/arguments.js";
import { Keras3Inputs } from "../../../generated/keras3-inputs.js";
import { inspect } from "../../../generator/index.js";
import type { ModelSpec } from "../../../runtime/index.js";
import { Model, Tensor } from "../../../runtime/index.js";
import { argumentNames } from "../../../runtime/saved-model/arguments/argument-names.js";
import type { ArgumentLeaf } from "../../../runtime/saved-model/arguments/argument-structure.js";
import { expectError } from "../../support/errors.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

/** A client with this descriptor, as one that was generated earlier. */
function load(descriptor: ModelSpec, folder: string): Model & { call(key: string, values: unknown[]): unknown } {
  class Client extends Model {
    constructor() {
      super(descriptor, folder);
    }
    override call(key: string, values: unknown[]): unknown {
      return super.call(key, values);
    }
  }
  return new Client();
}

const vector = (key: string, argument?: string) =>
  ({ key, ...(argument === undefined ? {} : { argument }), dtype: "float32", shape: [null] }) as const;

const score = (...inputs: ModelSpec["signatures"][number]["inputs"]): ModelSpec => ({
  name: "Client",
  directory: "unused",
  tags: ["serve"],
  signatures: [{ key: "score", inputs, outputs: [vector("score")] }],
});

/** The keys as a second export in one process has them. */
function exportedAgain(): string {
  const folder = tempFolder();
  cpSync(modelFolder("keras3_inputs"), folder, { recursive: true });
  const file = join(folder, "saved_model.pb");
  const text = readFileSync(file).toString("latin1");
  // The greater number goes to the input that had the smaller one.
  const moved = text.replaceAll("keras_tensor_1", "keras_tensor_5").replaceAll("keras_tensor_2", "keras_tensor_4");
  writeFileSync(file, moved, "latin1");
  return folder;
}

describe("author's names of inputs", () => {
  const inputsOf = (model: string, signature: string) =>
    inspect(modelFolder(model))
      .signatures.find(({ key }) => key === signature)
      ?.inputs.map(({ key, argument, name, encoding }) => [key, argument, name, encoding].filter(Boolean).join(" "));

  it.each([
    ["arguments", "score", ['x x["age"] age', 'x_1 x["income"] income']],
    ["arguments", "ratio", ["x x[0] x_0", "x_1 x[1] x_1"]],
    ["arguments", "distance", ["place place.east east", "place_1 place.north north"]],
    ["arguments", "nested", ['x x["a"] a', 'x_1 x["b"][0] b_0', 'x_2 x["b"][1]["z"] z', 'y y["z"] z', "a"]],
    ["arguments", "single", ['x x["only"] only']],
    ["arguments", "named", ["years", 'x x["income"] income']],
    ["arguments", "rows", ["rows ragged", "weight"]],
    ["arguments", "cells", ['x x["by"] by', 'x_1 x["table"] table sparse']],
    ["keras3_inputs", "serve", ['keras_tensor_2 inputs["bar"] bar', 'keras_tensor_1 inputs["foo"] foo']],
  ])("finds the author's names of %s %s", (model, signature, expected) => {
    expect(inputsOf(model, signature)).toEqual(expected);
  });
});

it("an entry whose spec is named like its argument has the author's expression", () => {
  const leaf = { root: "x", path: [{ kind: "key", name: "age" }], specName: "x" } as const;
  expect(argumentNames("x", leaf as unknown as ArgumentLeaf, false)).toEqual({ argument: 'x["age"]', name: "age" });
});

describe("a client of a model whose dict has another key", () => {
  it("rejects a model with other tensors under the same keys", () => {
    const client = score(vector("x", 'x["age"]'), vector("x_1", 'x["income"]'));
    const { message } = expectError(() => load(client, modelFolder("arguments_renamed")), "SIGNATURE_MISMATCH");
    expect(message).toContain('"score" is missing input x["age"]; "score" has a new required input x["years"]');
  });

  it("rejects a model whose dict has another key, even with a single entry", () => {
    const { message } = expectError(() => Arguments.load(modelFolder("arguments_renamed")), "SIGNATURE_MISMATCH");
    expect(message).toContain('"single" is missing input x["only"]; "single" has a new required input x["other"]');
  });

  it("reports a changed ragged or sparse argument", () => {
    const { message } = expectError(() => Arguments.load(modelFolder("arguments_renamed")), "SIGNATURE_MISMATCH");
    expect(message).toContain('input x["table"] of "cells" is dense float32 [?, 3], not sparse float32 [?, 3]');
    expect(message).not.toContain('new required input x["table"]');
  });

  it("finds an input by its name if its key moved", () => {
    const client = score(vector("x", 'x["years"]'), vector("x_1", 'x["income"]'));
    using model = load(client, modelFolder("arguments_renamed"));
    expect((model.call("score", [[70], [700]]) as Tensor).toArray()).toEqual([0]);
    const { score: byKey } = model.run("score", { x: [70], x_1: [700] });
    expect(byKey?.toArray()).toEqual([0]);
  });

  it("a client without names matches inputs by key", () => {
    using model = load(score(vector("x"), vector("x_1")), modelFolder("arguments_renamed"));
    expect((model.call("score", [[700], [70]]) as Tensor).toArray()).toEqual([0]);
  });

  it("rejects a model that does not record the author's names", () => {
    const folder = tempFolder();
    cpSync(modelFolder("arguments"), folder, { recursive: true });
    const file = join(folder, "saved_model.pb");
    const text = readFileSync(file).toString("latin1");
    // In the object graph alone: the function itself keeps its name.
    const at = text.lastIndexOf("__inference_score_");
    writeFileSync(
      file,
      text.slice(0, at) + text.slice(at).replaceAll("__inference_score_", "__inference_scor__"),
      "latin1",
    );
    const client = score(vector("x", 'x["age"]'), vector("x_1", 'x["income"]'));
    const names = inspect(folder)
      .signatures.find(({ key }) => key === "score")
      ?.inputs.map(({ argument }) => argument);
    expect(names).toEqual([undefined, undefined]);
    const { message } = expectError(() => load(client, folder), "SIGNATURE_MISMATCH");
    expect(message).toContain('"score" is missing input x["age"]: the model does not tell whether it is "x"');
  });
});

describe("keys that Keras numbers", () => {
  it("keys that Keras numbers may change in the next export", () => {
    using model = Keras3Inputs.load(exportedAgain());
    expect(model.serve([10, 30], [1, 2]).toArray()).toEqual([-9, -28]);
    expect(model.signatures[0]?.inputs.map(({ key }) => key)).toEqual(["keras_tensor_2", "keras_tensor_1"]);
  });
});

describe("a client", () => {
  it("a client takes arguments by the author's names", () => {
    using model = Arguments.load(modelFolder("arguments"));
    expect(model.score([70], [700]).toArray()).toEqual([0]);
    const { sums, twice } = model.rows([[1, 2], [], [3]], [1, 10, 100]);
    expect(sums.toArray()).toEqual([6, 0, 600]);
    expect(twice.toArray()).toEqual([[2, 4], [], [6]]);
    const table = {
      indices: [
        [0, 2],
        [1, 0],
      ],
      values: [1.5, -2],
      shape: [2, 3] as [number, 3],
    };
    expect(model.cells(3, table).toArray()).toEqual([4.5, -6]);
  });

  it("a client with the author's names can be faked", () => {
    using fake = Arguments.fake({ score: ({ age, income }) => [age.toArray()[0] ?? 0, income.toArray()[0] ?? 0] });
    expect(fake.score([1], [2])).toBeInstanceOf(Tensor);
    expect(fake.score([1], [2]).toArray()).toEqual([1, 2]);
  });
});
