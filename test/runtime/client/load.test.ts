import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { CustomModel } from "../../../generated/custom-model.js";
import { Keras3Saved } from "../../../generated/keras3-saved.js";
import { Regression } from "../../../generated/regression.js";
import { Model } from "../../../runtime/index.js";
import { expectError } from "../../support/errors.js";
import { copyOfModel, modelFolder, tempFolder } from "../../support/temp.js";

describe("load", () => {
  it("load finds the model that the client was generated from", () => {
    using model = CustomModel.load();
    expect(model.directory).toBe(modelFolder("custom_model"));
  });

  it("load takes a path, a file URL, a trailing slash and a folder with spaces and letters of all kinds", () => {
    const folder = join(tempFolder(), "a model – é");
    cpSync(modelFolder("custom_model"), folder, { recursive: true });
    for (const directory of [folder, `${folder}/`, pathToFileURL(folder)]) {
      using model = CustomModel.load(directory);
      expect(model.pred([[1, 1]]).shape).toEqual([1, 1]);
    }
  });

  it("load keeps two loads of one folder separate", () => {
    using a = CustomModel.load();
    using b = CustomModel.load();
    const before = b.pred([[1, 1]]).item();
    a.train([[1, 1]], [[0]]);
    expect(b.pred([[1, 1]]).item()).toBe(before);
    expect(a.pred([[1, 1]]).item()).not.toBe(before);
  });

  it("load works with a copy elsewhere", () => {
    using model = Regression.load(copyOfModel("regression"));
    expect(model.weights().w.shape).toEqual([2, 1]);
  });

  it("load rejects a missing folder", () => {
    const error = expectError(() => CustomModel.load("nowhere/at_all"), "MODEL_NOT_FOUND");
    expect(error.message).toContain("nowhere/at_all");
  });

  it("load rejects a folder that is not a SavedModel", () => {
    expectError(() => Model.load(tempFolder()), "NOT_A_SAVED_MODEL");
    expectError(() => Model.load(fileURLToPath(import.meta.url)), "NOT_A_SAVED_MODEL");
  });

  it("load rejects a chunked SavedModel", () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "saved_model.cpb"), "");
    expectError(() => Model.load(folder), "MODEL_FORMAT_UNSUPPORTED");
  });

  it("load rejects a truncated saved_model.pb", () => {
    const folder = copyOfModel("custom_model");
    const file = join(folder, "saved_model.pb");
    const bytes = readFileSync(file);
    for (const length of [1, 100, bytes.length >> 1, bytes.length - 1]) {
      writeFileSync(file, bytes.subarray(0, length));
      expectError(() => Model.load(folder), "MODEL_CORRUPT");
    }
  });

  it("load rejects an empty and a random saved_model.pb", () => {
    const folder = copyOfModel("custom_model");
    for (const bytes of [Buffer.alloc(0), Buffer.from("This is no SavedModel at all."), Buffer.alloc(5000, 0xa5)]) {
      writeFileSync(join(folder, "saved_model.pb"), bytes);
      expectError(() => Model.load(folder), "MODEL_CORRUPT");
    }
  });

  it("load rejects a model whose variables are missing", () => {
    const folder = copyOfModel("custom_model");
    rmSync(join(folder, "variables", "variables.data-00000-of-00001"));
    expectError(() => Model.load(folder), "VARIABLES_NOT_FOUND");
    rmSync(join(folder, "variables"), { recursive: true });
    expectError(() => Model.load(folder), "VARIABLES_NOT_FOUND");
  });

  it("load rejects truncated variables", () => {
    const folder = copyOfModel("custom_model");
    writeFileSync(join(folder, "variables", "variables.data-00000-of-00001"), Buffer.alloc(3));
    expectError(() => Model.load(folder), "LOAD_FAILED");
  });

  it("load rejects unknown tags and lists the existing ones", () => {
    const error = expectError(() => CustomModel.load(undefined, { tags: ["serve", "gpu"] }), "TAGS_NOT_FOUND");
    expect(error.message).toContain('no meta graph tagged "serve", "gpu". Choose the only one');
    expect(error.fix).toBe('Choose the only one with the option `tags`: ["serve"].');
  });

  it("load works again after a failure", () => {
    expectError(() => CustomModel.load(undefined, { tags: ["other"] }), "TAGS_NOT_FOUND");
    using model = CustomModel.load();
    expect(model.disposed).toBe(false);
  });

  it("load rejects a misspelled option by name", () => {
    const error = expectError(() => CustomModel.load(undefined, { tag: ["serve"] } as object), "INVALID_OPTION");
    expect(error.message).toBe('INVALID_OPTION: CustomModel.load() has no option "tag". Did you mean "tags"?');
  });

  it("load rejects tags that are not an array of strings", () => {
    for (const tags of [[1], "serve", null, ["a\0b"]]) {
      expectError(() => CustomModel.load(undefined, { tags } as never), "INVALID_OPTION");
    }
  });

  it("load rejects an invalid path", () => {
    expectError(() => Model.load(""), "INVALID_ARGUMENT");
    expectError(() => Model.load("a\0b"), "INVALID_ARGUMENT");
    expectError(() => Model.load(new URL("file://host/model")), "INVALID_ARGUMENT");
    expectError(() => Model.load(`/${"a".repeat(5000)}`), "MODEL_NOT_FOUND");
    expectError(() => Model.load(new URL("https://example.com/model")), "INVALID_ARGUMENT");
    expectError(() => Model.load(undefined as unknown as string), "INVALID_ARGUMENT");
  });

  it("load rejects a model with other signatures and lists the differences", () => {
    const error = expectError(() => CustomModel.load(modelFolder("regression")), "SIGNATURE_MISMATCH");
    expect(error.message).toContain("does not match the generated CustomModel");
    expect(error.message).toContain('"train" is missing input "training_input"');
    expect(error.message).toContain('"train" has a new required input "learning_rate"');
    expect(error.message).toContain('"pred" is missing output "output"');
  });
});

describe("Keras 3 models with duplicated variables", () => {
  it("Keras 3 models with duplicated variables load, although a plain session would not find them", () => {
    using model = Keras3Saved.load();
    const before = model.pred([[1, 1]]).item();
    model.train([[1, 1]], [[before + 1]]);
    expect(model.pred([[1, 1]]).item()).toBeGreaterThan(before);
  });

  it.each([
    ["keras3_saved", "pred", { inputs: [[1, 1]] }, { training_input: [[1, 1]], training_target: [[2]] }],
    ["keras3_tracked", "predict", { x: [[1, 1, 1]] }, { x: [[1, 1, 1]], target: [[2]] }],
  ])("saving %s keeps the trained values of duplicated variables", (name, predict, inputs, batch) => {
    using model = Model.load(modelFolder(name));
    for (let step = 0; step < 3; step++) model.run("train", batch);
    const folder = join(tempFolder(), "saved");
    model.save(folder);
    using saved = Model.load(folder);
    expect(saved.run(predict, inputs)).toEqual(model.run(predict, inputs));
    expect(saved.run("train", batch)).toEqual(model.run("train", batch));
  });
});
