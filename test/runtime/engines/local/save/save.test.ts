import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { CustomModel } from "../../../../../generated/custom-model.js";
import { Text } from "../../../../../generated/text.js";
import { type FileFunctions, fileFunctions } from "../../../../../runtime/engines/local/native/libc.js";
import { Scratch } from "../../../../../runtime/engines/local/save/scratch-folder.js";
import { Model } from "../../../../../runtime/index.js";
import { expectError } from "../../../../support/errors.js";
import { interfere } from "../../../../support/interfere.js";
import { copyOfModel, modelFolder, tempFolder } from "../../../../support/temp.js";
import { trainStep, weightsOf } from "../../../training/training-step.js";

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const saveOnce = fileURLToPath(new URL("save-once.ts", import.meta.url));

describe("save", () => {
  it("save writes a model that predicts the same", () => {
    using model = CustomModel.load();
    for (let step = 0; step < 10; step++) model.train([[1, 1]], [[0]]);
    const folder = join(tempFolder(), "deep", "trained");
    model.save(folder);
    using saved = CustomModel.load(folder);
    expect(saved.pred([[1, 1]]).data).toEqual(model.pred([[1, 1]]).data);
  });

  it("save copies the other files of the model", () => {
    using model = Text.load();
    const folder = join(tempFolder(), "saved");
    model.save(folder);
    expect(readFileSync(join(folder, "assets", "vocabulary.txt"))).toEqual(
      readFileSync(join(modelFolder("text"), "assets", "vocabulary.txt")),
    );
    expect(readdirSync(folder).sort()).toEqual(readdirSync(modelFolder("text")).sort());
  });

  it("save replaces a SavedModel as a whole, including its own folder", () => {
    const folder = copyOfModel("custom_model");
    using model = CustomModel.load(folder);
    model.train([[1, 1]], [[0]]);
    model.save(folder);
    model.save(folder);
    using saved = CustomModel.load(folder);
    expect(saved.pred([[1, 1]]).data).toEqual(model.pred([[1, 1]]).data);
    expect(readdirSync(join(folder, ".."))).toEqual(["custom_model"]);
  });

  it("save of a read-only model works to a writable folder", () => {
    const folder = copyOfModel("custom_model");
    chmodSync(join(folder, "saved_model.pb"), 0o444);
    chmodSync(folder, 0o555);
    using model = CustomModel.load(folder);
    const saved = join(tempFolder(), "saved");
    model.save(saved);
    writeFileSync(join(saved, "saved_model.pb"), "");
    chmodSync(folder, 0o755);
  });

  it("a read-only model can be trained, and saved elsewhere", () => {
    const folder = copyOfModel("regression");
    for (const name of ["saved_model.pb", "variables/variables.index"]) chmodSync(join(folder, name), 0o444);
    chmodSync(folder, 0o555);
    using model = Model.load(folder);
    trainStep(model);
    const saved = join(tempFolder(), "saved");
    model.save(saved);
    using other = Model.load(saved);
    trainStep(other);
    other.save(saved);
    trainStep(model);
    using again = Model.load(saved);
    expect(weightsOf(again)).toBe(weightsOf(model));
    chmodSync(folder, 0o755);
  });

  it("save leaves the model unchanged when the disk is full", () => {
    const folder = copyOfModel("regression");
    // So many blocks may a file have.
    for (const blocks of [0, 8]) {
      const code = 'ulimit -f "$1"; shift; exec "$@"';
      const program = [process.execPath, "--import", tsx, saveOnce, folder];
      const { stdout, stderr } = spawnSync("sh", ["-c", code, "sh", `${blocks}`, ...program], { encoding: "utf8" });
      expect(stdout, stderr).toMatch(
        blocks === 0 ? /^SAVE_FAILED true\nSAVE_FAILED true\n$/ : /^SAVE_FAILED true\nsaved\n$/,
      );
      expect(readdirSync(join(folder, "..")).filter((name) => !name.includes("weights."))).toEqual(["regression"]);
      using saved = Model.load(folder);
      using original = Model.load(modelFolder("regression"));
      expect(weightsOf(saved)).toBe(weightsOf(original));
    }
  });

  it("save removes temporary folders of killed processes, and nothing else", () => {
    const folder = copyOfModel("regression");
    const beside = join(folder, "..");
    using model = Model.load(folder);
    cpSync(folder, join(beside, ".regression.saving-abc123", "new"), { recursive: true });
    const removed = [".other.saving-abc123/new/variables", ".step.index.saving-abc123/own"];
    for (const name of removed) mkdirSync(join(beside, name), { recursive: true });
    const kept = [".regression.saving-mine", ".regression.saving-def456"];
    for (const name of kept) mkdirSync(join(beside, name));
    writeFileSync(join(beside, ".regression.saving-def456", "thesis.txt"), "");
    model.save(folder);
    expect(readdirSync(beside).sort()).toEqual([...kept, "regression"].sort());
  });

  it("save keeps the only copy of a model that a process killed between two renames has left", () => {
    const folder = copyOfModel("regression");
    const left = join(folder, "..", ".other.saving-abc123", "old-1");
    cpSync(modelFolder("counter"), left, { recursive: true });
    using model = Model.load(folder);
    model.save(folder);
    expect(existsSync(join(left, "saved_model.pb"))).toBe(true);
    using counter = Model.load(left);
    counter.save(join(folder, "..", "other"));
    model.save(folder);
    expect(readdirSync(join(folder, "..")).sort()).toEqual(["other", "regression"]);
  });

  it("save keeps the old model next to the folder if it can be moved neither there nor back", () => {
    const functions = fileFunctions() as { -readonly [Name in keyof FileFunctions]: FileFunctions[Name] };
    const { exchange } = functions;
    onTestFinished(() => void Object.assign(functions, { exchange }));
    delete functions.exchange;
    const folder = copyOfModel("regression");
    const beside = join(folder, "..");
    using model = Model.load(folder);
    const undo = interfere("renameSync", (_, to) => {
      if (to === folder) throw new Error("no space left");
    });
    try {
      expect(expectError(() => model.save(folder), "SAVE_FAILED").message).toContain("no space left");
    } finally {
      undo();
    }
    const [scratch = ""] = readdirSync(beside);
    expect(readdirSync(join(beside, scratch, "old-1")).sort()).toEqual(readdirSync(modelFolder("regression")).sort());
  });

  it("save ignores the temporary folder of another active save", () => {
    const folder = copyOfModel("regression");
    const other = Scratch.beside(folder);
    onTestFinished(() => other.remove());
    using model = Model.load(folder);
    model.save(folder);
    expect(existsSync(other.path)).toBe(true);
  });

  it("save does not replace a folder that is not a SavedModel", () => {
    using model = CustomModel.load();
    const folder = tempFolder();
    writeFileSync(join(folder, "thesis.txt"), "");
    expectError(() => model.save(folder), "OUTPUT_CONFLICT");
    expectError(() => model.save(join(folder, "thesis.txt")), "OUTPUT_CONFLICT");
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
  });

  it("save does not delete files that are not part of a SavedModel", () => {
    using model = CustomModel.load();
    const folder = copyOfModel("regression");
    writeFileSync(join(folder, "notes.md"), "");
    expect(expectError(() => model.save(folder), "OUTPUT_CONFLICT").message).toContain('holds "notes.md"');
    expect(existsSync(join(folder, "notes.md"))).toBe(true);
  });

  it("save rejects a folder inside the model or around it", () => {
    const outer = copyOfModel("regression");
    const inner = join(outer, "inner");
    cpSync(modelFolder("custom_model"), inner, { recursive: true });
    using model = CustomModel.load(inner);
    expectError(() => model.save(join(inner, "variables", "deeper")), "OUTPUT_CONFLICT");
    expect(expectError(() => model.save(outer), "OUTPUT_CONFLICT").message).toContain("holds the model that is saved");
    expect(existsSync(join(inner, "saved_model.pb"))).toBe(true);
  });

  it("save follows links, and recognizes its own folder through them", () => {
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

  it("save works for a second model that was loaded from the same folder", () => {
    const folder = copyOfModel("custom_model");
    using a = CustomModel.load(folder);
    using b = CustomModel.load(folder);
    a.save(folder);
    b.save(join(tempFolder(), "b"));
  });

  it("save leaves nothing behind when it fails", () => {
    using model = CustomModel.load();
    const folder = tempFolder();
    writeFileSync(join(folder, "file"), "");
    expectError(() => model.save(join(folder, "file", "model")), "SAVE_FAILED");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it("save rejects if the model on disk is no longer the loaded one", () => {
    const folder = copyOfModel("custom_model");
    using model = CustomModel.load(folder);
    cpSync(join(modelFolder("regression"), "saved_model.pb"), join(folder, "saved_model.pb"));
    const target = join(tempFolder(), "saved");
    expect(expectError(() => model.save(target), "SAVE_FAILED").message).toContain("was changed or removed");
    expect(existsSync(target)).toBe(false);
  });

  it("save rejects a different graph of the same size and time", () => {
    const folder = copyOfModel("custom_model");
    const file = join(folder, "saved_model.pb");
    using model = CustomModel.load(folder);
    const { atimeMs, mtimeMs } = statSync(file);
    const bytes = readFileSync(file);
    bytes.write("X", bytes.indexOf("training_input"));
    writeFileSync(file, bytes);
    utimesSync(file, atimeMs / 1000, mtimeMs / 1000);
    expectError(() => model.save(join(tempFolder(), "saved")), "SAVE_FAILED");
  });

  it("save accepts a copy of the loaded graph, whatever its times", () => {
    const folder = copyOfModel("custom_model");
    using model = CustomModel.load(folder);
    cpSync(join(modelFolder("custom_model"), "saved_model.pb"), join(folder, "saved_model.pb"));
    utimesSync(join(folder, "saved_model.pb"), 1, 1);
    model.save(join(tempFolder(), "saved"));
  });

  it("save rejects a graph that is replaced while it is copied", () => {
    const folder = copyOfModel("custom_model");
    using model = CustomModel.load(folder);
    const target = join(tempFolder(), "saved");
    let times = 0;
    const undo = interfere("mkdirSync", (path) => {
      if (!String(path).endsWith("new") || times++ > 0) return;
      cpSync(join(modelFolder("regression"), "saved_model.pb"), join(folder, "saved_model.pb"));
    });
    try {
      expect(expectError(() => model.save(target), "SAVE_FAILED").message).toContain("was changed or removed");
    } finally {
      undo();
    }
    expect(readdirSync(join(target, ".."))).toEqual([]);
  });

  it("save copies files of one version when another save replaces the model meanwhile", () => {
    const folder = copyOfModel("text");
    using model = Text.load(folder);
    const target = join(tempFolder(), "saved");
    let times = 0;
    const undo = interfere("mkdirSync", (path) => {
      if (!String(path).endsWith("assets") || times++ > 0) return;
      cpSync(folder, `${folder}-next`, { recursive: true });
      writeFileSync(join(`${folder}-next`, "fingerprint.pb"), "next");
      rmSync(folder, { recursive: true });
      renameSync(`${folder}-next`, folder);
    });
    try {
      model.save(target);
    } finally {
      undo();
    }
    expect(times).toBe(2);
    expect(readFileSync(join(target, "fingerprint.pb"), "utf8")).toBe("next");
  });

  it("save rejects a model that was exported without a saver", () => {
    using model = Model.load(modelFolder("names"));
    expectError(() => model.save(join(tempFolder(), "saved")), "NOT_SAVEABLE");
  });
});

describe("saveWeights", () => {
  it("saveWeights writes a checkpoint that restore reads", () => {
    using model = Model.load(modelFolder("regression"));
    const folder = tempFolder();
    trainStep(model);
    const trained = weightsOf(model);
    model.saveWeights(join(folder, "deep", "step-1"));
    trainStep(model);
    model.restore(join(folder, "deep", "step-1"));
    expect(weightsOf(model)).toBe(trained);
    expect(readdirSync(folder)).toEqual(["deep"]);
    expect(readdirSync(join(folder, "deep"))).toEqual(["step-1.data-00000-of-00001", "step-1.index"]);
  });

  it("saveWeights replaces a checkpoint of the same name, and takes a URL", () => {
    using model = Model.load(modelFolder("regression"));
    const prefix = join(tempFolder(), "latest");
    for (let step = 0; step < 3; step++) {
      trainStep(model);
      model.saveWeights(pathToFileURL(prefix));
    }
    using other = Model.load(modelFolder("regression"));
    other.restore(prefix);
    expect(weightsOf(other)).toBe(weightsOf(model));
  });

  it("saveWeights works if the model's file has changed since it was loaded", () => {
    const folder = copyOfModel("regression");
    using model = Model.load(folder);
    trainStep(model);
    writeFileSync(join(folder, "saved_model.pb"), "");
    const prefix = join(tempFolder(), "weights");
    model.saveWeights(prefix);
    using other = Model.load(modelFolder("regression"));
    other.restore(prefix);
    expect(weightsOf(other)).toBe(weightsOf(model));
  });

  it("saveWeights rejects paths that it cannot write, and leaves nothing behind", () => {
    using model = Model.load(modelFolder("regression"));
    const folder = tempFolder();
    writeFileSync(join(folder, "file"), "");
    expectError(() => model.saveWeights(join(folder, "file", "weights")), "SAVE_FAILED");
    expectError(() => model.saveWeights(`${folder}/`), "INVALID_ARGUMENT");
    expectError(() => model.saveWeights(""), "INVALID_ARGUMENT");
    mkdirSync(join(folder, "taken.index"));
    expectError(() => model.saveWeights(join(folder, "taken")), "SAVE_FAILED");
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
    using fixed = Model.load(modelFolder("names"));
    expectError(() => fixed.saveWeights(join(folder, "names")), "NOT_SAVEABLE");
    model.dispose();
    expectError(() => model.saveWeights(join(folder, "weights")), "DISPOSED");
  });

  it("saveWeights throws while an asynchronous call changes variables", async () => {
    using model = Model.load(modelFolder("spin"));
    const counting = model.runAsync("count", { x: [[1, 0]], steps: 20_000 });
    expectError(() => model.saveWeights(join(tempFolder(), "weights")), "BUSY");
    expectError(() => model.variables(), "BUSY");
    expectError(() => model.restore(modelFolder("spin")), "BUSY");
    await counting;
    const reading = model.runAsync("spin", { x: [[1, 0]], steps: 20_000 });
    model.saveWeights(join(tempFolder(), "weights"));
    expect(model.variables()).toHaveLength(1);
    expectError(() => model.restore(modelFolder("spin")), "BUSY");
    await reading;
  });
});
