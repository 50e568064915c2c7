import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CustomModel } from "../../generated/custom-model.js";
import { Text } from "../../generated/text.js";
import { Model } from "../../runtime/index.js";
import { expectError } from "../support/errors.js";
import { copyOfModel, modelFolder, tempFolder } from "../support/temp.js";

describe("save", () => {
  it("writes a model that predicts the same", () => {
    using model = CustomModel.load();
    for (let step = 0; step < 10; step++) model.train([[1, 1]], [[0]]);
    const folder = join(tempFolder(), "deep", "trained");
    model.save(folder);
    using saved = CustomModel.load(folder);
    expect(saved.pred([[1, 1]]).data).toEqual(model.pred([[1, 1]]).data);
  });

  it("copies everything else of the model", () => {
    using model = Text.load();
    const folder = join(tempFolder(), "saved");
    model.save(folder);
    expect(readFileSync(join(folder, "assets", "vocabulary.txt"))).toEqual(
      readFileSync(join(modelFolder("text"), "assets", "vocabulary.txt")),
    );
    expect(readdirSync(folder).sort()).toEqual(readdirSync(modelFolder("text")).sort());
  });

  it("replaces a SavedModel as a whole, its own folder included", () => {
    const folder = copyOfModel("custom_model");
    using model = CustomModel.load(folder);
    model.train([[1, 1]], [[0]]);
    model.save(folder);
    model.save(folder);
    using saved = CustomModel.load(folder);
    expect(saved.pred([[1, 1]]).data).toEqual(model.pred([[1, 1]]).data);
    expect(readdirSync(join(folder, ".."))).toEqual(["custom_model"]);
  });

  it("saves a model that is read-only on disk to a folder that can be written", () => {
    const folder = copyOfModel("custom_model");
    chmodSync(join(folder, "saved_model.pb"), 0o444);
    chmodSync(folder, 0o555);
    using model = CustomModel.load(folder);
    const saved = join(tempFolder(), "saved");
    model.save(saved);
    writeFileSync(join(saved, "saved_model.pb"), "");
    chmodSync(folder, 0o755);
  });

  it("refuses to replace what is no SavedModel", () => {
    using model = CustomModel.load();
    const folder = tempFolder();
    writeFileSync(join(folder, "thesis.txt"), "");
    expectError(() => model.save(folder), "OUTPUT_CONFLICT");
    expectError(() => model.save(join(folder, "thesis.txt")), "OUTPUT_CONFLICT");
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
  });

  it("refuses to delete what is no part of a SavedModel", () => {
    using model = CustomModel.load();
    const folder = copyOfModel("regression");
    writeFileSync(join(folder, "notes.md"), "");
    expect(expectError(() => model.save(folder), "OUTPUT_CONFLICT").message).toContain('holds "notes.md"');
    expect(existsSync(join(folder, "notes.md"))).toBe(true);
  });

  it("refuses to save into the model, or over what holds it", () => {
    const outer = copyOfModel("regression");
    const inner = join(outer, "inner");
    cpSync(modelFolder("custom_model"), inner, { recursive: true });
    using model = CustomModel.load(inner);
    expectError(() => model.save(join(inner, "variables", "deeper")), "OUTPUT_CONFLICT");
    expectError(() => model.save(outer), "OUTPUT_CONFLICT");
    expect(existsSync(join(inner, "saved_model.pb"))).toBe(true);
  });

  it("follows links, and knows its own folder through them", () => {
    const folder = copyOfModel("custom_model");
    const link = join(tempFolder(), "current");
    symlinkSync(folder, link);
    using model = CustomModel.load(link);
    for (const target of [folder, link, folder]) {
      model.train([[1, 1]], [[0]]);
      model.save(target);
    }
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    using saved = CustomModel.load(folder);
    expect(saved.pred([[1, 1]]).data).toEqual(model.pred([[1, 1]]).data);
  });

  it("goes on for a second model that was loaded from the same folder", () => {
    const folder = copyOfModel("custom_model");
    using a = CustomModel.load(folder);
    using b = CustomModel.load(folder);
    a.save(folder);
    b.save(join(tempFolder(), "b"));
  });

  it("leaves nothing behind when it fails", () => {
    using model = CustomModel.load();
    const folder = tempFolder();
    writeFileSync(join(folder, "file"), "");
    expectError(() => model.save(join(folder, "file", "model")), "SAVE_FAILED");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it("refuses when the model on disk is no longer the one that was loaded", () => {
    const folder = copyOfModel("custom_model");
    using model = CustomModel.load(folder);
    cpSync(join(modelFolder("regression"), "saved_model.pb"), join(folder, "saved_model.pb"));
    const target = join(tempFolder(), "saved");
    expect(expectError(() => model.save(target), "SAVE_FAILED").message).toContain("has changed or gone");
    expect(existsSync(target)).toBe(false);
  });

  it("refuses a model that was exported without a saver", () => {
    using model = Model.load(modelFolder("names"));
    expectError(() => model.save(join(tempFolder(), "saved")), "NOT_SAVEABLE");
  });
});
