import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readCases } from "../support/goldens.js";
import { needs } from "../support/needs.js";
import { hasNodes, nodeOf, platform } from "../support/nodes.js";
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
    const major = Number.parseInt(process.versions.node);
    console.log(JSON.stringify({ major, pred, code, keys, data: Object.keys(data).length > 0 }));
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

/** What Python says, call by call: the first prediction, five losses, the prediction after them. */
const [untrained, steps] = readCases("custom_model").map(({ calls }) =>
  calls.map(({ outputs }) => Number(Object.values(outputs)[0]?.data?.[0])),
);
const first = untrained?.[0] ?? Number.NaN;
const losses = steps?.slice(0, 5) ?? [];
const trained = steps?.[5] ?? Number.NaN;

const others = [22, 24, 26].map((major) => ({ name: `Node.js ${major}`, major, isMissing: !hasNodes }));
const mine = Number.parseInt(process.versions.node, 10);
const running = { name: "the Node.js that runs the tests", major: mine, isMissing: false };

// One compiled client for all: what the compiler wrote is the same program everywhere.
let folder = "";
beforeAll(() => {
  folder = newStrangersFolder();
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(join(folder, name), text);
    mkdirSync(join(folder, "models"));
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

describe.each([running, ...others])("$name", ({ name, major, isMissing }) => {
  needs(!isMissing, `npm has no Node.js for ${platform}`);
  const program = (): string => (name === running.name ? process.execPath : nodeOf(major));
  const printed = (file: string): unknown => JSON.parse(outputAsUser(folder, program(), [file]));
  const savedmodel = (...parameters: string[]): string => outputAsUser(folder, program(), [command(), ...parameters]);

  it("runs a generated client: calls, training, promises, saving, loading again", () => {
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

  it("imports the package", () => {
    const pred = expect.closeTo(first, 6);
    const keys = ["pred", "train"];
    expect(printed("import.js")).toEqual({ major, pred, code: "MODEL_NOT_FOUND", keys, data: true });
  });

  it("requires the package, which is the same one as the imported", () => {
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
