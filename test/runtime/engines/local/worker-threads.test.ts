import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs/light.js";
import { describe, expect, it } from "vitest";
import { distUrl } from "../../../support/dist.js";
import { modelFolder, tempFolder } from "../../../support/temp.js";

const runtime = distUrl("runtime/index.js");

/** Runs a program in a process of its own; `worker` is the code of the threads that it starts. */
function run(code: string, worker = ""): { readonly status: number | null; readonly out: string } {
  const folder = tempFolder();
  const imports = `import { Model } from ${JSON.stringify(runtime)};
    import { createRequire } from "node:module";
    import { parentPort, Worker } from "node:worker_threads";
    const folder = ${JSON.stringify(modelFolder("spin"))};\n`;
  writeFileSync(join(folder, "worker.mjs"), imports + worker);
  const start = `
    const start = () => new Worker(new URL("worker.mjs", import.meta.url));
    const exitOf = (worker) => new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));
    const wordOf = (worker) => new Promise((resolve) => worker.once("message", resolve));\n`;
  writeFileSync(join(folder, "main.mjs"), imports + start + code);
  const options = { encoding: "utf8", timeout: 600_000, killSignal: "SIGKILL" } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "main.mjs")], options);
  return { status, out: stdout + stderr };
}

const BUSY_WORKER = `
  const model = Model.load(folder);
  const calls = Array.from({ length: 4 }, () => model.runAsync("spin", { x: [[1, 0]], steps: 60_000n }));
  parentPort.postMessage("busy");`;

describe("worker threads (worker_threads)", () => {
  it("each worker thread has its own models, and calls them asynchronously", () => {
    const worker = `
      const model = Model.load(folder);
      await Promise.all(Array.from({ length: 10 }, () => model.runAsync("count", { x: [[1, 0]], steps: 10n })));
      parentPort.postMessage(model.run("turned").turns.data[0]);`;
    const code = `
      const workers = Array.from({ length: 3 }, start);
      const [words, exits] = [wordOf, exitOf].map((event) => Promise.all(workers.map(event)));
      console.log(...(await words), ...(await exits));`;
    expect(run(code, worker)).toEqual({ status: 0, out: "100n 100n 100n 0 0 0\n" });
  });

  it("worker threads can be terminated while calls run and wait", () => {
    const code = `
      const workers = Array.from({ length: 3 }, start);
      await Promise.all(workers.map(wordOf));
      await Promise.all(workers.map((worker) => worker.terminate()));
      const y = await Model.load(folder).runAsync("half", { x: [[2, 4]] });
      console.log([...y.y.data]);`;
    expect(run(code, BUSY_WORKER)).toEqual({ status: 0, out: "[ 1, 2 ]\n" });
  });

  it("worker threads can be terminated in a synchronous call", () => {
    const worker = `
      const model = Model.load(folder);
      parentPort.postMessage("busy");
      model.run("spin", { x: [[1, 0]], steps: 60_000n });`;
    const code = "const worker = start(); await wordOf(worker); console.log(await worker.terminate());";
    expect(run(code, worker)).toEqual({ status: 0, out: "1\n" });
  });

  it("worker threads can end by themselves while calls run", () => {
    const code = "const worker = start(); console.log(await exitOf(worker));";
    expect(run(code, `${BUSY_WORKER} process.exit(5);`)).toEqual({ status: 0, out: "5\n" });
  });

  it("worker threads let the process exit while they call", () => {
    const code = "const workers = [start(), start()]; await Promise.all(workers.map(wordOf)); process.exit(9);";
    expect(run(code, BUSY_WORKER)).toEqual({ status: 9, out: "" });
  });

  it.each(["", "process.exit(0);"])(
    "worker threads free the memory of their models when they end: %o",
    (ending) => {
      const worker = `
      const models = Array.from({ length: 20 }, () => Model.load(folder));
      for (const model of models) model.run("half", { x: [[2, 4]] });
      await models[0].runAsync("half", { x: [[2, 4]] });
      ${ending}`;
      const code = `
      const threads = async (count) => { for (let i = 0; i < count; i++) await exitOf(start()); };
      await threads(3);
      const before = process.memoryUsage().rss;
      await threads(5);
      const grown = process.memoryUsage().rss - before;
      console.log(grown < 60e6 ? "level" : grown);`;
      expect(run(code, worker)).toEqual({ status: 0, out: "level\n" });
    },
    120_000,
  );
});

describe("the threads of asynchronous calls", () => {
  const CHOLESKY = `
    const rows = 600;
    const x = Float64Array.from({ length: rows * rows }, (_, index) => (index % (rows + 1) === 0 ? 4 : 0));
    const { y } = await Model.load(process.env.CHOLESKY).runAsync("cholesky", { x });
    console.log(y.data.reduce((sum, value) => sum + value, 0));`;

  it.each([
    ["the threads of asynchronous calls have stacks that are large enough for TensorFlow", ""],
    [
      "operations run on TensorFlow's threads if the program has used koffi before",
      `createRequire(${JSON.stringify(runtime)})("koffi").load(null).func("int abs(int)")(1);`,
    ],
  ])("%s", (_, before) => {
    process.env.CHOLESKY = writeCholesky();
    expect(run(before + CHOLESKY)).toEqual({ status: 0, out: "1200\n" });
  });
});

/** A SavedModel with one operation, which puts its work on the stack: a block of the matrix. */
function writeCholesky(): string {
  const DOUBLE = 2;
  const message = (...fields: readonly (readonly [number, string | number | Uint8Array])[]): Uint8Array => {
    const writer = protobuf.Writer.create();
    for (const [field, value] of fields) {
      if (typeof value === "number") writer.uint32(field << 3).int64(value);
      else if (typeof value === "string") writer.uint32((field << 3) | 2).string(value);
      else writer.uint32((field << 3) | 2).bytes(value);
    }
    return writer.finish();
  };
  const entry = (key: string, value: Uint8Array): Uint8Array => message([1, key], [2, value]);
  const type = message([6, DOUBLE]);
  const square = message([2, message([1, 600])], [2, message([1, 600])]);
  const info = (name: string): Uint8Array => message([1, name], [2, DOUBLE], [3, square]);
  const graph = message(
    [1, message([1, "x"], [2, "Placeholder"], [5, entry("dtype", type)])],
    [1, message([1, "y"], [2, "Cholesky"], [3, "x"], [5, entry("T", type)])],
    [4, message([1, 1882])],
  );
  const signature = message([1, entry("x", info("x:0"))], [2, entry("y", info("y:0"))], [3, "predict"]);
  const metaGraph = message([1, message([4, "serve"])], [2, graph], [5, entry("cholesky", signature)]);
  const folder = tempFolder();
  mkdirSync(join(folder, "variables"));
  writeFileSync(join(folder, "saved_model.pb"), message([1, 1], [2, metaGraph]));
  return folder;
}
