import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { readCases } from "../support/goldens.js";
import { IS_WINDOWS, isWindows, needs } from "../support/needs.js";
import { hasNodes, nodeOf, nodeVersions, platform } from "../support/nodes.js";
import { newStrangersFolder, outputAsUser, runAsUser } from "../support/stranger.js";
import { modelFolder } from "../support/temp.js";

/** Programs of a user, by their file. Each prints JSON. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "package.json": `{ "type": "module" }`,
  "tsconfig.json": `{
    "compilerOptions": { "target": "es2022", "module": "nodenext", "types": ["node"], "strict": true },
    "files": ["client.ts"]
  }`,
  "client.ts": `
    import { CustomModel } from "./generated/custom-model.js";

    using model = CustomModel.load();
    const first = model.pred([[1, 1]]).item();
    const losses = Array.from({ length: 4 }, () => model.train([[1, 1]], [[2]]));
    losses.push(await model.async.train([[1, 1]], [[2]]));
    const trained = (await model.async.pred([[1, 1]])).item();
    model.save("saved");
    using again = CustomModel.load("saved");
    console.log(JSON.stringify({ first, losses, trained, again: again.pred([[1, 1]]).item() }));
  `,
  "import.js": `
    import { Model, SavedModelError, Tensor } from "savedmodel";
    import { inspect } from "savedmodel/generator";
    import * as data from "savedmodel/data";

    const model = Model.load("models/custom_model");
    const pred = model.run("pred", { inputs: Tensor.from("float32", [[1, 1]]) }).output.item();
    model.dispose();
    const { code } = (() => { try { return Model.load("nowhere"); } catch (error) { return error; } })();
    const keys = inspect("models/custom_model").signatures.map(({ key }) => key);
    const arrays = Object.keys(await data.readNpz("all-models/npz/unnamed.npz"));
    console.log(JSON.stringify({ arrays, version: process.versions.node, pred, code, keys, data: Object.keys(data).length > 0 }));
  `,
  "require.cjs": `
    const { Model } = require("savedmodel");
    const { inspect } = require("savedmodel/generator");

    const model = Model.load("models/custom_model");
    const pred = model.run("pred", { inputs: [[1, 1]] }).output.item();
    model.dispose();
    const keys = inspect("models/custom_model").signatures.map(({ key }) => key);
    import("savedmodel").then((imported) => {
      console.log(JSON.stringify({ pred, keys, isOne: imported.Model === Model }));
    });
  `,
  "goldens.js": `
    import { readdirSync, readFileSync } from "node:fs";
    import { Model, Tensor } from "savedmodel";

    const ARRAYS = {
      bool: Uint8Array, float32: Float32Array, complex64: Float32Array, float64: Float64Array, complex128: Float64Array,
      int8: Int8Array, qint8: Int8Array, int16: Int16Array, qint16: Int16Array, int32: Int32Array, qint32: Int32Array,
      int64: BigInt64Array, uint64: BigUint64Array, uint8: Uint8Array, quint8: Uint8Array, uint16: Uint16Array,
      quint16: Uint16Array, float16: Uint16Array, bfloat16: Uint16Array, uint32: Uint32Array,
    };
    // A NaN that is not the usual one is there as its bits; here any NaN is as good.
    const number = (value) => typeof value === "string" && value.startsWith("0x") ? NaN : Number(value);
    const toTensor = ({ dtype, shape, data }) => {
      const convert = ARRAYS[dtype] === BigInt64Array || ARRAYS[dtype] === BigUint64Array ? BigInt : number;
      if (dtype !== "string") return Tensor.from(dtype, ARRAYS[dtype].from(data, convert), shape);
      return Tensor.from(dtype, data.map((text) => new Uint8Array(Buffer.from(text, "base64"))), shape);
    };
    const isClose = (a, b) => {
      if (typeof a !== "number") return a === b;
      return Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-6 + 1e-4 * Math.abs(b);
    };
    const wrong = [];
    let checks = 0;
    for (const file of readdirSync("all-models").filter((name) => name.endsWith(".golden.json"))) {
      const name = file.replace(".golden.json", "");
      for (const { name: title, calls } of JSON.parse(readFileSync("all-models/" + file, "utf8")).cases) {
        const model = Model.load("all-models/" + name);
        for (const [index, { signature, inputs, outputs }] of calls.entries()) {
          const given = Object.fromEntries(Object.entries(inputs).map(([key, golden]) => [key, toTensor(golden)]));
          // Every other call runs on a worker thread.
          const results = index % 2 === 0 ? model.run(signature, given) : await model.runAsync(signature, given);
          for (const [key, golden] of Object.entries(outputs)) {
            // Ragged and sparse results are there as their parts.
            if (!(results[key] instanceof Tensor) || golden.data === null) continue;
            const elements = (tensor) => golden.dtype === "string" ? tensor.bytes.map(String) : tensor.data;
            const [actual, expected] = [elements(results[key]), elements(toTensor(golden))];
            const isSame = actual.length === expected.length && expected.every((value, i) => isClose(actual[i], value));
            if (!isSame) wrong.push([name, title, signature, key].join(" "));
            checks++;
          }
        }
        model.dispose();
      }
    }
    console.log(JSON.stringify({ checks, wrong }));
  `,
  "ends.js": `
    import { Worker } from "node:worker_threads";
    import { Model } from "savedmodel";

    const model = Model.load("all-models/spin");
    const spin = () => model.runAsync("spin", { x: [[1, 0]], steps: 60_000n });
    const calls = [spin(), spin(), spin(), spin()];
    const ways = {
      "by itself": () => {},
      "by process.exit()": () => setTimeout(() => process.exit(7), 5),
      "after dispose()": () => model.dispose(),
      "by an error": () => setTimeout(() => { throw new Error("thrown"); }, 5),
      "by a rejection": () => Promise.reject(new Error("rejected")),
      "by a signal": () => { process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000); },
      "with a worker that is terminated": async () => {
        const worker = new Worker(new URL("terminated.js", import.meta.url));
        // Not before: Node.js ends the process if a worker is terminated while it loads koffi.
        await new Promise((resolve) => worker.once("message", resolve));
        await worker.terminate();
      },
    };
    for (const call of calls) call.catch(() => {});
    ways[process.argv[2]]();
  `,
  "terminated.js": `
    import { parentPort } from "node:worker_threads";
    import { CustomModel } from "./generated/custom-model.js";

    const model = CustomModel.load();
    parentPort.postMessage("loaded");
    for (;;) await Promise.all([model.async.pred([[1, 1]]), model.async.train([[1, 1]], [[2]])]);
  `,
  "worker.js": `
    import { isMainThread, parentPort, Worker } from "node:worker_threads";
    import { CustomModel } from "./generated/custom-model.js";

    const model = CustomModel.load();
    const pred = model.pred([[1, 1]]).item();
    const later = (await model.async.pred([[1, 1]])).item();
    await model.close();
    if (isMainThread) {
      const worker = new Worker(new URL(import.meta.url));
      const answer = await new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
      const exit = await new Promise((resolve) => worker.on("exit", resolve));
      console.log(JSON.stringify({ here: { pred, later }, there: answer, exit }));
    } else parentPort.postMessage({ pred, later });
  `,
};

/** Ways to end a process while calls are under way. */
const ENDINGS: readonly { readonly way: string; readonly status: number | null; readonly needsSignals?: true }[] = [
  { way: "by itself", status: 0 },
  { way: "by process.exit()", status: 7 },
  { way: "after dispose()", status: 0 },
  { way: "by an error", status: 1 },
  { way: "by a rejection", status: 1 },
  { way: "by a signal", status: null, needsSignals: true },
  { way: "with a worker that is terminated", status: 0 },
];

/** Python's results, call by call: the first prediction, five losses, the prediction after them. */
const [untrained, steps] = readCases("custom_model").map(({ calls }) =>
  calls.map(({ outputs }) => Number(Object.values(outputs)[0]?.data?.[0])),
);
const first = untrained?.[0] ?? Number.NaN;
const losses = steps?.slice(0, 5) ?? [];
const trained = steps?.[5] ?? Number.NaN;

const others = nodeVersions.map((version) => ({ name: `Node.js ${version}`, version, isMissing: !hasNodes }));
const running = { name: "the Node.js that runs the tests", version: process.versions.node, isMissing: false };

// One compiled client for all: what the compiler wrote is the same program everywhere.
let folder = "";
beforeAll(() => {
  folder = newStrangersFolder();
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(join(folder, name), text);
    mkdirSync(join(folder, "models"));
    cpSync(fileURLToPath(new URL("../models", import.meta.url)), join(folder, "all-models"), { recursive: true });
    cpSync(modelFolder("custom_model"), join(folder, "models/custom_model"), { recursive: true });
    outputAsUser(folder, process.execPath, [command(), "generate", "models/custom_model", "-o", "generated"]);
    outputAsUser(folder, process.execPath, [join(dirname(folder), "node_modules/typescript/bin/tsc"), "-p", "."]);
  } catch (error) {
    remove();
    throw error;
  }
  return remove;
});

/** The command that the package installs, as its package.json names it. */
function command(): string {
  const home = join(dirname(folder), "node_modules/savedmodel");
  const { bin } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as {
    readonly bin: { readonly savedmodel: string };
  };
  return join(home, bin.savedmodel);
}

describe.each([running, ...others])("$name", ({ name, version, isMissing }) => {
  needs(!isMissing, `npm has no Node.js for ${platform}`);
  const program = (): string => (name === running.name ? process.execPath : nodeOf(version));
  const printed = (file: string): unknown => JSON.parse(outputAsUser(folder, program(), [file]));
  const savedmodel = (...parameters: string[]): string => outputAsUser(folder, program(), [command(), ...parameters]);

  it("runs a generated client: calls, training, promises, saving, reloading", () => {
    const result = printed("client.js") as {
      readonly first: number;
      readonly losses: readonly number[];
      readonly trained: number;
      readonly again: number;
    };
    expect(result.first).toBeCloseTo(first, 6);
    expect(result.losses).toEqual(losses.map((loss) => expect.closeTo(loss, 5)));
    expect(result.trained).toBeCloseTo(trained, 5);
    expect(result.again).toBe(result.trained);
  });

  it("returns Python's results for the models of this repository", () => {
    const { checks, wrong } = printed("goldens.js") as { readonly checks: number; readonly wrong: readonly string[] };
    expect(wrong).toEqual([]);
    expect(checks).toBeGreaterThan(82);
  });

  it.for(ENDINGS)("exits while calls are running $way", ({ way, status, needsSignals }, { skip }) => {
    skip(isWindows && needsSignals === true, IS_WINDOWS);
    const ended = runAsUser(folder, program(), ["ends.js", way]);
    expect(ended.status, ended.stderr).toBe(status);
  });

  it("imports the package", () => {
    const pred = expect.closeTo(first, 6);
    const keys = ["pred", "train"];
    expect(printed("import.js")).toEqual({
      arrays: ["arr_0", "arr_1"],
      version: expect.stringMatching(`^${version.replaceAll(".", "\\.")}\\b`),
      pred,
      code: "MODEL_NOT_FOUND",
      keys,
      data: true,
    });
  });

  it("requires the same package that it imports", () => {
    expect(printed("require.cjs")).toEqual({ pred: expect.closeTo(first, 6), keys: ["pred", "train"], isOne: true });
  });

  it("runs a model in a worker and in the main thread", () => {
    const answer = { pred: expect.closeTo(first, 6), later: expect.closeTo(first, 6) };
    expect(printed("worker.js")).toEqual({ here: answer, there: answer, exit: 0 });
  });

  it("runs the command line", () => {
    expect(savedmodel("inspect", "models/custom_model")).toContain("train(training_input, training_target)");
    const client = ["models/custom_model", "-o", "by-command"];
    rmSync(join(folder, "by-command"), { recursive: true, force: true });
    expect(savedmodel("generate", ...client)).toBe("created by-command/custom-model.ts  CustomModel: pred, train\n");
    expect(savedmodel("check", ...client)).toBe("up to date 1 file\n");
    writeFileSync(join(folder, "by-command/custom-model.ts"), "// Generated by savedmodel\n");
    expect(runAsUser(folder, program(), [command(), "check", ...client]).status).toBe(1);
  });
});
