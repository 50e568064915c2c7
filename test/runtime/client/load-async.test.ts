import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CustomModel } from "../../../generated/custom-model.js";
import { Keras3Saved } from "../../../generated/keras3-saved.js";
import { Regression } from "../../../generated/regression.js";
import { Text } from "../../../generated/text.js";
import { Model, SavedModelError } from "../../../runtime/index.js";
import { distUrl } from "../../support/dist.js";
import { expectRejection } from "../../support/errors.js";
import { copyOfModel, modelFolder, tempFolder } from "../../support/temp.js";

/** The error of a call that fails, at once or later. */
async function errorOf(run: () => unknown): Promise<SavedModelError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof SavedModelError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** A copy of a model that was changed. */
function broken(name: string, change: (folder: string) => void): string {
  const folder = copyOfModel(name);
  change(folder);
  return folder;
}

describe("loadAsync", () => {
  it("loadAsync gives the results of load", async () => {
    using now = CustomModel.load();
    using later = await CustomModel.loadAsync(undefined, { tags: ["serve"] });
    expect(later).toBeInstanceOf(CustomModel);
    expect(later.directory).toBe(now.directory);
    expect(later.signatures).toEqual(now.signatures);
    expect(later.pred([[1, 2]]).data).toEqual(now.pred([[1, 2]]).data);
    expect(later.train([[1, 2]], [[3]])).toBe(now.train([[1, 2]], [[3]]));
    using any = await Model.loadAsync(modelFolder("custom_model"));
    expect(any.signatures.map(({ key }) => key)).toEqual(["pred", "train"]);
  });

  it("loadAsync assigns values to tables and to variables that TensorFlow's loader leaves out", async () => {
    using table = await Text.loadAsync();
    using split = await Keras3Saved.loadAsync();
    expect(table.variables()).toEqual(Text.load().variables());
    expect(split.variables()).toEqual(Keras3Saved.load().variables());
  });

  const FAILURES: [name: string, directory: () => string, options?: object][] = [
    ["a missing folder", () => "nowhere/at_all"],
    ["a folder without a model", () => tempFolder()],
    ["an unknown option", () => modelFolder("custom_model"), { unknown: 1 }],
    ["an invalid option", () => modelFolder("custom_model"), { intraOpThreads: -1 }],
    ["an invalid batching", () => modelFolder("custom_model"), { batching: { nothing: { maxBatch: 2 } } }],
    ["unknown tags", () => modelFolder("custom_model"), { tags: ["unknown"] }],
    ["other signatures", () => modelFolder("regression")],
    [
      "missing variables",
      () => broken("custom_model", (folder) => rmSync(join(folder, "variables"), { recursive: true })),
    ],
    [
      "a truncated model",
      () =>
        broken("custom_model", (folder) => {
          const file = join(folder, "saved_model.pb");
          writeFileSync(file, readFileSync(file).subarray(0, 1000));
        }),
    ],
    ["a missing library of operations", () => modelFolder("custom_model"), { opLibraries: ["nowhere.so"] }],
  ];
  it.each<(typeof FAILURES)[number]>(FAILURES)("loadAsync rejects %s with the error of load", async (...failure) => {
    const [, directory, options] = failure;
    const folder = directory();
    const now = await errorOf(() => CustomModel.load(folder, options));
    const later = await errorOf(() => CustomModel.loadAsync(folder, options));
    expect(later.code).toBe(now.code);
    expect(later.message).toBe(now.message.replaceAll("CustomModel.load()", "CustomModel.loadAsync()"));
    expect(later.fix).toBe(now.fix);
  });

  it("stacks of loadAsync begin at its caller", async () => {
    const failing = async (): Promise<unknown> => await CustomModel.loadAsync("nowhere/at_all");
    const options: object = { batching: { nothing: { maxBatch: 2 } } };
    const failingLate = async (): Promise<unknown> => await CustomModel.loadAsync(undefined, options);
    const untyped = async (): Promise<unknown> => await Model.loadAsync("nowhere/at_all");
    for (const run of [failing, failingLate, untyped]) {
      const { stack = "" } = await errorOf(run);
      expect(stack.split("\n").find((line) => /^\s+at /.test(line))).toContain("load-async.test.ts");
    }
  });

  it("the event loop goes on while TensorFlow loads a model", async () => {
    // The first load also loads TensorFlow.
    using _first = Regression.load();
    let turns = 0;
    let isLoading = true;
    const turn = (): void => {
      turns++;
      if (isLoading) setImmediate(turn);
    };
    const loading = Regression.loadAsync();
    setImmediate(turn);
    using model = await loading;
    isLoading = false;
    expect(model.weights().w.shape).toEqual([2, 1]);
    // A load on this thread has a turn for each of its steps, of which there are fewer than twenty.
    expect(turns).toBeGreaterThan(100);
  });

  it("another model answers while one is loaded, and takes its place", async () => {
    let model = await CustomModel.loadAsync();
    const before = model.pred([[1, 1]]).item();
    model.train([[1, 1]], [[0]]);
    const loading = CustomModel.loadAsync();
    expect(await model.async.pred([[1, 1]]).then((y) => y.item())).not.toBe(before);
    const old = model;
    model = await loading;
    await old.close();
    expect(model.pred([[1, 1]]).item()).toBe(before);
    model.dispose();
  });

  it("more loads than threads end, each with its own model", async () => {
    const models = await Promise.all(Array.from({ length: 12 }, () => CustomModel.loadAsync()));
    models[0]?.train([[1, 1]], [[0]]);
    const results = new Set(models.map((model) => model.pred([[1, 1]]).item()));
    for (const model of models) model.dispose();
    expect(results.size).toBe(2);
  });

  it("a model that is replaced while it is loaded is loaded again", async () => {
    const folder = copyOfModel("custom_model");
    using trained = CustomModel.load(folder);
    trained.train([[1, 1]], [[0]]);
    const wanted = trained.pred([[1, 1]]).item();
    const loading = CustomModel.loadAsync(folder);
    trained.save(folder);
    using model = await loading;
    expect(model.pred([[1, 1]]).item()).toBe(wanted);
  });

  it("publishes loads and their failures for diagnostics", async () => {
    const { subscribe, unsubscribe } = await import("node:diagnostics_channel");
    const seen: string[] = [];
    const note = (message: unknown, name: string | symbol): void => {
      seen.push(`${String(name)} ${(message as { readonly directory: string }).directory}`);
    };
    for (const name of ["savedmodel:load", "savedmodel:error"]) subscribe(name, note);
    (await CustomModel.loadAsync()).dispose();
    const empty = tempFolder();
    await expectRejection(CustomModel.loadAsync(empty), "NOT_A_SAVED_MODEL");
    for (const name of ["savedmodel:load", "savedmodel:error"]) unsubscribe(name, note);
    expect(seen).toEqual([`savedmodel:load ${modelFolder("custom_model")}`, `savedmodel:error ${empty}`]);
  });
});

describe("processes that load asynchronously", () => {
  /** Runs a program in a process of its own. One that hangs ends with the signal SIGKILL. */
  function run(code: string): { readonly status: number | null; readonly out: string } {
    const folder = tempFolder();
    cpSync(modelFolder("custom_model"), join(folder, "model"), { recursive: true });
    const imports = `
      import { Model } from ${JSON.stringify(distUrl("runtime/index.js"))};
      import { parentPort, Worker } from "node:worker_threads";
      const folder = ${JSON.stringify(join(folder, "model"))};
      const loadAsync = () => Model.loadAsync(folder);
      const pred = (model) => model.run("pred", { inputs: [[1, 1]] }).output.shape.join();\n`;
    writeFileSync(
      join(folder, "worker.mjs"),
      `${imports} const loading = [loadAsync(), loadAsync()]; parentPort.postMessage("loading"); await Promise.all(loading);`,
    );
    writeFileSync(join(folder, "main.mjs"), imports + code);
    const options = { encoding: "utf8", timeout: 600_000, killSignal: "SIGKILL" } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "main.mjs")], options);
    return { status, out: stdout + (status === 0 ? stderr : "") };
  }

  it.each([
    ["ends when the model is loaded", "loadAsync().then((model) => console.log(pred(model)));", 0, "1,1\n"],
    ["can exit while a model is loaded", "loadAsync(); setImmediate(() => process.exit(7));", 7, ""],
    [
      "can exit while models wait to be loaded",
      "for (let i = 0; i < 9; i++) loadAsync(); setTimeout(() => process.exit(7), 5);",
      7,
      "",
    ],
    ["can fail while a model is loaded", 'loadAsync(); setImmediate(() => { throw new Error("x"); });', 1, ""],
    [
      "can end a worker thread while it loads a model",
      `const worker = new Worker(new URL("worker.mjs", import.meta.url));
       await new Promise((resolve) => worker.once("message", resolve));
       await worker.terminate();
       console.log(pred(await loadAsync()));`,
      0,
      "1,1\n",
    ],
  ])("a process %s", (_, code, status, out) => {
    expect(run(code)).toEqual({ status, out });
  });
});
