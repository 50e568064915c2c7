import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type ErrorCode, Model, type Tensor } from "../../../../runtime/index.js";
import { expectError } from "../../../support/errors.js";
import { copyOfModel, modelFolder, tempFolder } from "../../../support/temp.js";
import { trainStep, weightsOf } from "../../training/training-step.js";

/** A model or checkpoint that Python wrote: see loads.py. */
function written(name: string): string {
  return fileURLToPath(new URL(`loads/${name}`, import.meta.url));
}

const KEY = "/.ATTRIBUTES/VARIABLE_VALUE";

function valuesOf(model: Model): Record<string, unknown> {
  return Object.fromEntries(model.variables().map(({ name, value }) => [name, value?.toArray()]));
}

describe("a partial restore", () => {
  it("a partial restore takes existing values, keeps the rest, and reports both", () => {
    using model = Model.load(modelFolder("regression"));
    trainStep(model);
    const { b } = valuesOf(model);
    const report = model.restore(written("part"), { partial: true });
    expect(report).toEqual({ restored: [`w${KEY}`], missing: [`b${KEY}`], mismatched: [], unused: [`other${KEY}`] });
    expect(valuesOf(model)).toEqual({ w: [[3], [4]], b });
    trainStep(model);
    model.restore(written("part"), { partial: true });
    expect(valuesOf(model)).toMatchObject({ w: [[3], [4]] });
  });

  it("a partial restore keeps variables of another shape, and reports them", () => {
    using model = Model.load(modelFolder("regression"));
    const { w } = valuesOf(model);
    const report = model.restore(written("shape"), { partial: true });
    expect(report).toEqual({
      restored: [`b${KEY}`],
      missing: [],
      mismatched: [{ key: `w${KEY}`, expected: "float32 [2, 1]", actual: "float32 [3, 1]" }],
      unused: [`w${KEY}`],
    });
    expect(valuesOf(model)).toEqual({ w, b: 6 });
  });

  it("a partial restore reads the weights of a network into a module that has it as an attribute, as in Python", () => {
    const values = JSON.parse(readFileSync(written("values.json"), "utf8")) as { "keras2-weights": number[][] };
    using model = Model.load(written("keras2"));
    const { restored, missing, mismatched } = model.restore(written("keras2-weights"), { partial: true });
    expect([restored.length, missing, mismatched]).toEqual([4, [`steps${KEY}`], []]);
    const { y, steps } = model.run("predict", { x: [[1, -2, 0.5]] });
    expect((y as Tensor).item()).toBeCloseTo(values["keras2-weights"][0]?.[0] ?? Number.NaN, 5);
    expect((steps as Tensor).item()).toBe(7);
  });

  it("a partial restore keeps the trained values of duplicated variables", () => {
    using model = Model.load(modelFolder("keras3_saved"));
    for (let step = 0; step < 3; step++) model.run("train", { training_input: [[1, 1]], training_target: [[50]] });
    const read = (path: string): unknown =>
      model
        .variables()
        .find((variable) => variable.path === path)
        ?.value?.toArray();
    const trained = read("hidden/_kernel");
    const { restored, unused } = model.restore(written("layer"), { partial: true });
    expect([restored, unused]).toEqual([[`last/_kernel${KEY}`, `last/bias${KEY}`], []]);
    expect([read("last/_kernel"), read("last/bias")]).toEqual([[[3], [4]], [5]]);
    expect(read("hidden/_kernel")).toEqual(trained);
    expect(read("descent/_iterations")).toBe(3n);
    // Signatures work on them too: the network is linear.
    const [[a, b], [c, d]] = trained as [[number, number], [number, number]];
    const [e, f] = read("hidden/bias") as [number, number];
    const output = (model.run("pred", { inputs: [[1, 1]] }).output as Tensor).item();
    expect(output).toBeCloseTo(3 * (a + c + e) + 4 * (b + d + f) + 5, 4);
    using fresh = Model.load(modelFolder("keras3_saved"));
    const untrained = fresh
      .variables()
      .find(({ path }) => path === "hidden/_kernel")
      ?.value?.toArray();
    expect(Math.abs(a - (untrained as [[number]])[0][0])).toBeGreaterThan(0.01);
  });

  it("a partial restore takes tables as a whole", () => {
    const checkpoint = (name: string): string => fileURLToPath(new URL(`checkpoints/${name}`, import.meta.url));
    using model = Model.load(checkpoint("votes"));
    const { restored, missing } = model.restore(checkpoint("votes-attribute"), { partial: true });
    expect([restored, missing]).toEqual([
      ["table/.ATTRIBUTES/table-keys", "table/.ATTRIBUTES/table-values", `total${KEY}`],
      [],
    ]);
    const { votes, total } = model.run("count", { names: ["ann", "bob"] });
    expect([...(votes as Tensor<"int64">).data, (total as Tensor<"int64">).item()].map(Number)).toEqual([2, 1, 3]);
  });

  it("a partial restore changes nothing for a checkpoint with no or two matches, or a damaged one", () => {
    using model = Model.load(modelFolder("regression"));
    trainStep(model);
    const before = weightsOf(model);
    const rejection = (path: string): string =>
      expectError(() => model.restore(path, { partial: true }), "RESTORE_FAILED").rawMessage;
    expect(rejection(modelFolder("counter"))).toContain(
      "it has none of the model's variables; no variable was changed",
    );
    expect(rejection(written("two-parts"))).toContain("more than one of its objects could be the model");
    const folder = copyOfModel("regression");
    const data = join(folder, "variables", "variables.data-00000-of-00001");
    const bytes = readFileSync(data);
    writeFileSync(data, bytes.subarray(0, 3));
    expect(rejection(folder)).toContain("no variable was changed");
    expect(weightsOf(model)).toBe(before);
  });

  it("a partial restore requires the value true", () => {
    using model = Model.load(modelFolder("regression"));
    expectError(() => model.restore(written("part")), "RESTORE_FAILED");
    expectError(() => model.restore(written("part"), { partial: false }), "RESTORE_FAILED");
    expectError(() => model.restore(written("part"), { partial: 1 } as never), "INVALID_OPTION");
    expectError(() => model.restore(written("part"), { strict: true } as never), "INVALID_OPTION");
  });
});

describe("a full restore", () => {
  it("a full restore reports unused keys of the checkpoint", () => {
    using model = Model.load(modelFolder("regression"));
    const report = model.restore(written("managed"));
    expect(report).toEqual({
      restored: [`b${KEY}`, `w${KEY}`],
      missing: [],
      mismatched: [],
      unused: [`save_counter${KEY}`],
    });
  });

  it("restore takes the latest checkpoint of a folder, also when it was moved", () => {
    using model = Model.load(modelFolder("regression"));
    model.restore(written("managed"));
    expect(valuesOf(model)).toEqual({ w: [[2], [2]], b: 2 });
    model.restore(written("managed/ckpt-1"));
    expect(valuesOf(model)).toEqual({ w: [[1], [1]], b: 1 });
    const folder = join(tempFolder(), 'moved "é"');
    cpSync(written("managed"), folder, { recursive: true });
    const state = (path: string): void =>
      writeFileSync(join(folder, "checkpoint"), `model_checkpoint_path: "${path}"\nall_model_checkpoint_paths: "x"\n`);
    for (const path of ["ckpt-2", "/nowhere/ckpt-2", String.raw`/nowhere/\"\303\251\"/ckpt-2`]) {
      state(path);
      model.restore(written("managed/ckpt-1"));
      model.restore(folder);
      expect(valuesOf(model)).toEqual({ w: [[2], [2]], b: 2 });
    }
    state("ckpt-9");
    expect(expectError(() => model.restore(folder), "VARIABLES_NOT_FOUND").fix).toContain(
      "Pass a checkpoint inside it",
    );
    rmSync(join(folder, "checkpoint"));
    expect(expectError(() => model.restore(folder), "VARIABLES_NOT_FOUND").fix).toContain("ckpt-1.");
  });
});

describe("a file of another format", () => {
  const HDF5 = Buffer.from("\x89HDF\r\n\x1a\n0000", "latin1");
  const files: readonly (readonly [name: string, bytes: Uint8Array, what: string, fix: string])[] = [
    ["model.keras", Buffer.from("PK"), "a Keras model in a single file", ".export("],
    ["model.h5", HDF5, "a Keras model in a single file", ".export("],
    ["model", HDF5, "a Keras model in a single file", ".export("],
    ["a.weights.h5", HDF5, "a file of Keras weights", "load_weights"],
    ["model.ckpt.meta", Buffer.from(""), "the graph of a TensorFlow 1 checkpoint", "import_meta_graph"],
    ["model.ckpt.index", Buffer.from(""), "a checkpoint", "restore()"],
    ["model.ckpt.data-00000-of-00001", Buffer.from(""), "a checkpoint", "restore()"],
    ["frozen.pb", Buffer.from(""), "a graph in a single file", "simple_save"],
    ["model.tflite", Buffer.from(""), "a TensorFlow Lite model", "SavedModel"],
    ["model.bin", Buffer.from("\x1c\0\0\0TFL3", "latin1"), "a TensorFlow Lite model", "SavedModel"],
    ["model.onnx", Buffer.from(""), "a model of ONNX", "convert it"],
    ["model.pth", Buffer.from(""), "a model of PyTorch", "convert it"],
    ["weights.npz", Buffer.from(""), "a file of NumPy arrays", "SavedModel"],
  ];

  it.each(files)("load names the format of %s, with what to do", (name, bytes, what, fix) => {
    const file = join(tempFolder(), name);
    writeFileSync(file, bytes);
    const error = expectError(() => Model.load(file), "NOT_A_SAVED_MODEL");
    expect(error.rawMessage).toContain(`${file} is not a SavedModel but ${what}`);
    expect(error.fix).toContain(fix);
  });

  it.each([
    ["weights.h5", "a Keras model in a single file"],
    ["a.weights.h5", "a file of Keras weights"],
    ["weights.npz", "a file of NumPy arrays"],
    ["model.ckpt", "a checkpoint of the first version"],
  ])("restore names the format of %s, with what to do", (name, what) => {
    const file = join(tempFolder(), name);
    writeFileSync(file, name.endsWith("h5") ? HDF5 : "");
    using model = Model.load(modelFolder("regression"));
    const error = expectError(() => model.restore(file), "VARIABLES_NOT_FOUND");
    expect(error.rawMessage).toContain(what);
    expect(error.fix).toContain("In Python");
  });

  it.each([
    [["model.json"], "NOT_A_SAVED_MODEL", "a TensorFlow.js model"],
    [["config.json", "model.weights.h5"], "NOT_A_SAVED_MODEL", "a Keras model"],
    [["checkpoint"], "NOT_A_SAVED_MODEL", "a folder of checkpoints"],
    [["a.index", "a.data-00000-of-00001"], "NOT_A_SAVED_MODEL", "a folder of checkpoints"],
    [["notes.txt", "net.tflite"], "NOT_A_SAVED_MODEL", "a folder with a TensorFlow Lite model (net.tflite)"],
    [["notes.txt"], "NOT_A_SAVED_MODEL", "holds no saved_model.pb"],
  ] as const)("load names the format of a folder with %s", (names, code, what) => {
    const folder = tempFolder();
    for (const name of names) writeFileSync(join(folder, name), "");
    expect(expectError(() => Model.load(folder), code as ErrorCode).rawMessage).toContain(what);
  });

  it("a folder with versions of a model is not searched for other formats", () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "checkpoint"), "");
    mkdirSync(join(folder, "1"));
    cpSync(modelFolder("counter"), join(folder, "1"), { recursive: true });
    expect(expectError(() => Model.load(folder), "NOT_A_SAVED_MODEL").fix).toContain("the newest of the versions");
  });

  it("the path of a checkpoint or of saved_model.pb itself is not taken for another format", () => {
    const prefix = join(tempFolder(), "step-1");
    using model = Model.load(modelFolder("regression"));
    model.saveWeights(prefix);
    expect(expectError(() => Model.load(prefix), "NOT_A_SAVED_MODEL").rawMessage).toContain("but a checkpoint");
    const file = join(modelFolder("regression"), "saved_model.pb");
    expect(expectError(() => Model.load(file), "NOT_A_SAVED_MODEL").fix).toBe(
      "A SavedModel is the folder that holds saved_model.pb.",
    );
  });
});
