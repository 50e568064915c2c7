import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { CustomModel } from "../../generated/custom-model.js";
import { Dtypes } from "../../generated/dtypes.js";
import { Keras3Saved } from "../../generated/keras3-saved.js";
import { Regression } from "../../generated/regression.js";
import { Text } from "../../generated/text.js";
import { Model, SavedModelError, Tensor } from "../../runtime/index.js";
import { expectError } from "../support/errors.js";
import { copyOfModel, modelFolder, tempFolder } from "../support/temp.js";

describe("load", () => {
  it("finds the model that the client was generated from", () => {
    using model = CustomModel.load();
    expect(model.directory).toBe(modelFolder("custom_model"));
  });

  it("takes a path, a file URL, a trailing slash and a folder with spaces and letters of all kinds", () => {
    const folder = join(tempFolder(), "a model – é");
    cpSync(modelFolder("custom_model"), folder, { recursive: true });
    for (const directory of [folder, `${folder}/`, pathToFileURL(folder)]) {
      using model = CustomModel.load(directory);
      expect(model.pred([[1, 1]]).shape).toEqual([1, 1]);
    }
  });

  it("does not mix up two loads of one folder", () => {
    using a = CustomModel.load();
    using b = CustomModel.load();
    const before = b.pred([[1, 1]]).item();
    a.train([[1, 1]], [[0]]);
    expect(b.pred([[1, 1]]).item()).toBe(before);
    expect(a.pred([[1, 1]]).item()).not.toBe(before);
  });

  it("loads a copy that was made elsewhere", () => {
    using model = Regression.load(copyOfModel("regression"));
    expect(model.weights().w.shape).toEqual([2, 1]);
  });

  it("refuses a folder that is not there", () => {
    const error = expectError(() => CustomModel.load("nowhere/at_all"), "MODEL_NOT_FOUND");
    expect(error.message).toContain("nowhere/at_all");
  });

  it("refuses a folder that is no SavedModel", () => {
    expectError(() => Model.load(tempFolder()), "NOT_A_SAVED_MODEL");
    expectError(() => Model.load(fileURLToPath(import.meta.url)), "NOT_A_SAVED_MODEL");
  });

  it("refuses a SavedModel in text form", () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "saved_model.pbtxt"), "");
    expectError(() => Model.load(folder), "MODEL_FORMAT_UNSUPPORTED");
  });

  it("refuses a truncated saved_model.pb", () => {
    const folder = copyOfModel("custom_model");
    const file = join(folder, "saved_model.pb");
    const bytes = readFileSync(file);
    for (const length of [1, 100, bytes.length >> 1, bytes.length - 1]) {
      writeFileSync(file, bytes.subarray(0, length));
      expectError(() => Model.load(folder), "MODEL_CORRUPT");
    }
  });

  it("refuses an empty and a random saved_model.pb", () => {
    const folder = copyOfModel("custom_model");
    for (const bytes of [Buffer.alloc(0), Buffer.from("This is no SavedModel at all."), Buffer.alloc(5000, 0xa5)]) {
      writeFileSync(join(folder, "saved_model.pb"), bytes);
      expectError(() => Model.load(folder), "MODEL_CORRUPT");
    }
  });

  it("refuses a model whose variables are missing", () => {
    const folder = copyOfModel("custom_model");
    rmSync(join(folder, "variables", "variables.data-00000-of-00001"));
    expectError(() => Model.load(folder), "VARIABLES_NOT_FOUND");
    rmSync(join(folder, "variables"), { recursive: true });
    expectError(() => Model.load(folder), "VARIABLES_NOT_FOUND");
  });

  it("refuses variables that are cut short", () => {
    const folder = copyOfModel("custom_model");
    writeFileSync(join(folder, "variables", "variables.data-00000-of-00001"), Buffer.alloc(3));
    expectError(() => Model.load(folder), "LOAD_FAILED");
  });

  it("refuses unknown tags and lists the ones that there are", () => {
    const error = expectError(() => CustomModel.load(undefined, { tags: ["serve", "gpu"] }), "TAGS_NOT_FOUND");
    expect(error.message).toContain('no meta graph tagged "serve", "gpu". Its meta graphs are tagged: "serve".');
  });

  it("works again after it has failed", () => {
    expectError(() => CustomModel.load(undefined, { tags: ["other"] }), "TAGS_NOT_FOUND");
    using model = CustomModel.load();
    expect(model.disposed).toBe(false);
  });

  it("refuses a misspelled option by name", () => {
    const error = expectError(() => CustomModel.load(undefined, { tag: ["serve"] } as object), "INVALID_OPTION");
    expect(error.message).toBe('INVALID_OPTION: CustomModel.load() has no option "tag". Did you mean "tags"?');
  });

  it("refuses tags that are no list of texts", () => {
    for (const tags of [[1], "serve", null, ["a\0b"]]) {
      expectError(() => CustomModel.load(undefined, { tags } as never), "INVALID_OPTION");
    }
  });

  it("refuses what is no path", () => {
    expectError(() => Model.load(""), "INVALID_ARGUMENT");
    expectError(() => Model.load("a\0b"), "INVALID_ARGUMENT");
    expectError(() => Model.load(new URL("file://host/model")), "INVALID_ARGUMENT");
    expectError(() => Model.load(`/${"a".repeat(5000)}`), "MODEL_NOT_FOUND");
    expectError(() => Model.load(new URL("https://example.com/model")), "INVALID_ARGUMENT");
    expectError(() => Model.load(undefined as unknown as string), "INVALID_ARGUMENT");
  });

  it("refuses a model with other signatures and says in what they differ", () => {
    const error = expectError(() => CustomModel.load(modelFolder("regression")), "SIGNATURE_MISMATCH");
    expect(error.message).toContain("does not match the generated CustomModel");
    expect(error.message).toContain('"train" is missing input "training_input"');
    expect(error.message).toContain('"train" has a new required input "learning_rate"');
    expect(error.message).toContain('"pred" is missing output "output"');
  });
});

describe("a call", () => {
  it("returns a scalar as a number, several outputs as an object", () => {
    using model = Regression.load();
    const { loss, mae } = model.train([[1, 2]], [[3]], 0.1);
    expect([typeof loss, typeof mae]).toEqual(["number", "number"]);
  });

  it("lets all signatures share the variables", () => {
    using model = Regression.load();
    const before = model.weights();
    model.train([[1, 2]], [[3]], 0.1);
    expect(model.weights().w.toArray()).not.toEqual(before.w.toArray());
  });

  it("returns copies: a result does not change with the variable that it was read from", () => {
    using model = Regression.load();
    const { w } = model.weights();
    const before = w.toArray();
    model.train([[1, 2]], [[3]], 0.1);
    expect(w.toArray()).toEqual(before);
    w.data.fill(100);
    expect(model.weights().w.data).not.toContain(100);
  });

  it("takes a result as an input", () => {
    using model = Dtypes.load();
    const y = model.float32([1, 2]);
    expect(model.float32(y).toArray()).toEqual([1, 2]);
  });

  it("takes inputs of changing sizes", () => {
    using model = Dtypes.load();
    for (const size of [1, 1000, 0, 3, 100_000, 3]) {
      const x = Float32Array.from({ length: size }, (_, index) => index);
      expect(model.float32(x).data).toEqual(x);
    }
  });

  it("takes and returns strings of every size", () => {
    using model = Dtypes.load();
    for (const texts of [["a"], ["é".repeat(1000), "", "a\0b"], [], ["x".repeat(100_000)], ["short", "s"]]) {
      expect(model.string(texts).data).toEqual(texts);
    }
  });

  it("leaves optional inputs out", () => {
    using model = Dtypes.load();
    // y = x · scale + offset, with scale = 2 and offset = [0.5] by default.
    expect(model.withDefault([1, 2]).toArray()).toEqual([2.5, 4.5]);
    expect(model.withDefault([1, 2], undefined, [10]).toArray()).toEqual([12, 14]);
    expect(model.withDefault([1, 2], 3).toArray()).toEqual([3.5, 6.5]);
    expect(model.withDefault([1, 2]).toArray()).toEqual([2.5, 4.5]);
  });

  it("names the signature and the raw key when an input is wrong", () => {
    using model = CustomModel.load();
    const error = expectError(() => model.train([[1, 1, 1]] as never, [[0]]), "INVALID_SHAPE");
    expect(error.message).toBe('INVALID_SHAPE: train(): input "training_input" must be float32 [1, 2], got [1, 3]');
  });

  it("refuses a missing and an extra input", () => {
    using model = CustomModel.load();
    const train = model.train as (...inputs: unknown[]) => unknown;
    const missing = expectError(() => train.call(model, [[1, 1]]), "MISSING_INPUT");
    expect(missing.message).toBe('MISSING_INPUT: train(): input "training_target" (float32 [1, 1]) is missing');
    const extra = expectError(() => train.call(model, [[1, 1]], [[0]], 1), "TOO_MANY_INPUTS");
    expect(extra.message).toBe('TOO_MANY_INPUTS: train() takes 2 ("training_input", "training_target"), got 3');
  });

  it("refuses a tensor of another dtype or shape", () => {
    using model = CustomModel.load();
    expectError(() => model.pred(Tensor.from("float64", [[1, 2]]) as never), "INVALID_DTYPE");
    expectError(() => model.pred(Tensor.from("float32", [[1, 2, 3]])), "INVALID_SHAPE");
    expectError(() => model.pred(Tensor.from("float32", [1, 2])), "INVALID_RANK");
  });

  it("changes nothing when a later input is wrong", () => {
    using model = Regression.load();
    const before = model.weights().w.toArray();
    expectError(() => model.train([[1, 2]], [[3]], "fast" as never), "INVALID_DTYPE");
    expect(model.weights().w.toArray()).toEqual(before);
  });

  it("reports what TensorFlow refuses, and works on", () => {
    using model = Regression.load();
    const error = expectError(
      () =>
        model.train(
          [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
          [[3], [4]],
          0.1,
        ),
      "TF_INVALID_ARGUMENT",
    );
    expect(error.message).toMatch(/^TF_INVALID_ARGUMENT: train\(\): TensorFlow failed: /);
    expect(error.cause).toMatchObject({ status: "INVALID_ARGUMENT" });
    expect(model.train([[1, 2]], [[3]], 0.1).loss).toBeGreaterThan(0);
  });

  it("refuses shapes that no tensor may have", () => {
    using model = Dtypes.load();
    for (const shape of [[-1, -1], [0.5, 2], [2 ** 40, 2 ** 40, 0], new Array<number>(300).fill(1), "no", null]) {
      expectError(() => Tensor.from("float32", [1], shape as number[]), "INVALID_SHAPE");
      expectError(() => Tensor.from("float32", [1]).reshape(shape as number[]), "INVALID_SHAPE");
    }
    expect(model.unknownRank(Tensor.from("float32", [], [0, 2 ** 40])).shape).toEqual([0, 2 ** 40]);
  });

  it("refuses data that is gone", () => {
    using model = Dtypes.load();
    const x = Tensor.from("float32", new Float32Array(100));
    structuredClone(x.data, { transfer: [x.data.buffer] });
    expect(expectError(() => model.float32(x), "INVALID_SIZE").message).toContain('float32(): input "x"');
  });

  it("refuses data that lies about its size", () => {
    using model = Dtypes.load();
    class Liar extends Float32Array {
      override get length(): 2 {
        return 2;
      }
    }
    expectError(() => model.float32(new Liar(1000)), "INVALID_SIZE");
    expectError(() => model.float32(Object.setPrototypeOf(new Uint8Array(8), Float32Array.prototype)), "INVALID_SIZE");
    expectError(() => model.float32(Object.create(Tensor.prototype) as never), "INVALID_DTYPE");
  });

  it("survives data that disposes the model, or calls it, while it is read", () => {
    const model = Dtypes.load();
    const calling = [1, 2];
    Object.defineProperty(calling, 0, { get: () => model.float32([7, 8]).data[0] });
    expect(model.float32(calling).toArray()).toEqual([7, 2]);
    const disposing = [1, 2];
    Object.defineProperty(disposing, 0, {
      get: () => {
        model.dispose();
        return 1;
      },
    });
    expectError(() => model.float32(disposing), "DISPOSED");
  });

  it("says where a scalar is not text, and gives its bytes through run()", () => {
    using model = Text.load();
    const name = Uint8Array.of(0xff);
    const error = expectError(() => model.greet(name), "INVALID_UTF8");
    expect(error.message).toContain('greet(): output "greeting" is not valid UTF-8');
    expect(model.run("greet", { name }).greeting?.bytes[0]).toContain(0xff);
  });

  it("refuses to be made after dispose", () => {
    const model = CustomModel.load();
    model.dispose();
    model.dispose();
    expect(model.disposed).toBe(true);
    const error = expectError(() => model.pred([[1, 1]]), "DISPOSED");
    expect(error.message).toBe("DISPOSED: pred(): the model was disposed");
    expectError(() => model.save(tempFolder()), "DISPOSED");
  });
});

describe("run", () => {
  it("takes and returns raw keys", () => {
    using model = Model.load(modelFolder("regression"));
    expect(Object.keys(model.run("train", { x: [[1, 2]], target: [[3]], learning_rate: 0.1 }))).toEqual([
      "loss",
      "mae",
    ]);
  });

  it("refuses what is no signature and no object", () => {
    using model = Model.load(modelFolder("custom_model"));
    expectError(() => model.run(5 as never), "INVALID_ARGUMENT");
    expectError(() => model.run("pred", null as never), "INVALID_ARGUMENT");
  });

  it("refuses a misspelled signature and a misspelled input by name", () => {
    using model = Model.load(modelFolder("custom_model"));
    expect(expectError(() => model.run("trian"), "SIGNATURE_NOT_FOUND").message).toContain('Did you mean "train"?');
    const error = expectError(() => model.run("pred", { input: [[1, 1]] }), "UNKNOWN_INPUT");
    expect(error.message).toBe('UNKNOWN_INPUT: pred() has no input "input". Did you mean "inputs"?');
  });

  it("does not take inherited properties for inputs", () => {
    using model = Model.load(modelFolder("custom_model"));
    expectError(() => model.run("pred", Object.create({ inputs: [[1, 1]] })), "MISSING_INPUT");
  });

  it("says why a signature cannot be run", () => {
    using model = Model.load(modelFolder("dtypes"));
    const error = expectError(() => model.run("no_outputs", { x: [1] }), "SIGNATURE_UNSUPPORTED");
    expect(error.message).toContain("it has no outputs, so there is nothing to run");
  });

  it("has an own property for hostile names", () => {
    using model = Model.load(modelFolder("names"));
    for (const { key, inputs, outputs } of model.signatures) {
      const values = Object.fromEntries(inputs.map((input) => [input.key, input.shape?.length === 0 ? 1 : [1]]));
      const results = model.run(key, values);
      expect(Object.keys(results).sort()).toEqual(outputs.map((output) => output.key).sort());
    }
  });
});

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

describe("models of Keras 3, whose variables are written twice", () => {
  it("load although a plain session would not find their variables", () => {
    using model = Keras3Saved.load();
    const before = model.pred([[1, 1]]).item();
    model.train([[1, 1]], [[before + 1]]);
    expect(model.pred([[1, 1]]).item()).toBeGreaterThan(before);
  });

  it.each([
    ["keras3_saved", "pred", { inputs: [[1, 1]] }, { training_input: [[1, 1]], training_target: [[2]] }],
    ["keras3_tracked", "predict", { x: [[1, 1, 1]] }, { x: [[1, 1, 1]], target: [[2]] }],
  ])("keep what %s was trained to when they are saved", (name, predict, inputs, batch) => {
    using model = Model.load(modelFolder(name));
    for (let step = 0; step < 3; step++) model.run("train", batch);
    const folder = join(tempFolder(), "saved");
    model.save(folder);
    using saved = Model.load(folder);
    expect(saved.run(predict, inputs)).toEqual(model.run(predict, inputs));
    expect(saved.run("train", batch)).toEqual(model.run("train", batch));
  });
});

describe("the process", () => {
  const run = (code: string, ...flags: string[]): string => {
    const script = join(tempFolder(), "script.mjs");
    const runtime = pathToFileURL(fileURLToPath(new URL("../../dist/runtime/index.js", import.meta.url)));
    writeFileSync(script, `import { Model } from ${JSON.stringify(runtime.href)};\n${code}`);
    return execFileSync(process.execPath, [...flags, script], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  };
  const folder = JSON.stringify(modelFolder("custom_model"));

  it("ends cleanly with a model still loaded", () => {
    expect(run(`const model = Model.load(${folder}); console.log(model.signatures.length);`)).toBe("2\n");
  });

  it("gives native memory back when models are forgotten", () => {
    const code = `
      const load = (count) => { for (let i = 0; i < count; i++) Model.load(${folder}).run("pred", { inputs: [[1, 1]] }); };
      const settle = async () => { for (let i = 0; i < 5; i++) { gc(); await new Promise((done) => setTimeout(done, 20)); } };
      load(20); await settle();
      const before = process.memoryUsage().rss;
      for (let round = 0; round < 6; round++) { load(20); await settle(); }
      console.log(process.memoryUsage().rss - before < 40e6 ? "level" : process.memoryUsage().rss - before);`;
    expect(run(code, "--expose-gc")).toBe("level\n");
  });
});

it("every error is a SavedModelError with a code and a message that starts with it", () => {
  const error = new SavedModelError("INVALID_SHAPE", "it does not fit", { fix: "Make it fit." });
  expect({ ...error, message: error.message }).toMatchObject({
    code: "INVALID_SHAPE",
    message: "INVALID_SHAPE: it does not fit. Make it fit.",
    rawMessage: "it does not fit",
    fix: "Make it fit.",
  });
});
