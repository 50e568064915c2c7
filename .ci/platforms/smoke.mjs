// Run by `npm run smoke`, in plain JavaScript so that Node.js alone can run it, on any platform: loads the built package and
// every test model, and compares with Python's goldens; trains, saves, calls off the event loop and in a worker, and ends
// processes in every way. Prints one line per failure, and `N of N` at the end.
//
//   node .ci/platforms/smoke.mjs                        with the library that is found
//   node .ci/platforms/smoke.mjs --package <folder>     with the npm package (a folder, or the folder of its .tgz)
//   node .ci/platforms/smoke.mjs --api <file>           with the runtime/index.js of a project
//   node .ci/platforms/smoke.mjs --qemu-arm64           for Linux arm64, in an emulator on Linux x64
//   node .ci/platforms/smoke.mjs --wine                 for Windows x64, in an emulator on Linux x64
//   node .ci/platforms/smoke.mjs --debian               in a minimal Debian without Python
//
// SMOKE_RUNNER is put before the program's name in child processes: `qemu-aarch64-static -L /usr/aarch64-linux-gnu`.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { tryInDebian } from "./debian-root.mjs";
import { EMULATIONS, emulate } from "./emulate.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const models = join(root, "test/models");
const given = process.argv.indexOf("--package");
const api = process.argv.indexOf("--api");
const [way] = process.argv.slice(2);
const emulation = process.argv.find((parameter) => EMULATIONS.includes(parameter));

if (!isMainThread) {
  const { Model } = await import(workerData);
  using_(Model, "custom_model", (model) => parentPort?.postMessage(predict(model)));
} else if (process.env.SMOKE_API !== undefined && way !== undefined) {
  await end(way);
} else if (emulation !== undefined) {
  process.exitCode = emulate(emulation, given < 0 ? undefined : process.argv[given + 1]);
} else if (process.argv.includes("--debian")) {
  process.exitCode = tryInDebian(given < 0 ? undefined : process.argv[given + 1]);
} else {
  await smoke();
}

function using_(Model, name, use) {
  const model = Model.load(join(models, name));
  try {
    return use(model);
  } finally {
    model.dispose();
  }
}

function predict(model) {
  return model.run("pred", { inputs: [[1, 1]] }).output.toArray()[0][0];
}

/** Loads and runs a model, and ends the process in this way. */
async function end(way) {
  const { Model } = await import(process.env.SMOKE_API);
  const model = Model.load(join(models, "custom_model"));
  predict(model);
  if (way === "exit") process.exit(3);
  if (way === "throw") throw new Error("on purpose");
  if (way === "reject") Promise.reject(new Error("on purpose"));
  if (way === "code") process.exitCode = 4;
  const calls = [1, 2, 3].map(() => model.runAsync("pred", { inputs: [[1, 1]] }));
  if (way === "exit-while-running") process.exit(5);
  await Promise.all(calls);
  if (way === "dispose") model.dispose();
}

async function smoke() {
  const project = mkdtempSync(join(tmpdir(), "savedmodel-smoke-"));
  try {
    const api = pathToFileURL(install(project)).href;
    const { Model, Tensor } = await import(api);
    const results = [];
    const check = async (name, run) => {
      try {
        const wrong = await run();
        results.push(wrong === undefined);
        if (wrong !== undefined) console.error(`${name}: ${wrong}`);
      } catch (error) {
        results.push(false);
        console.error(`${name}: ${error instanceof Error ? error.message : error}`);
      }
    };
    for (const file of readdirSync(models).filter((name) => name.endsWith(".golden.json"))) {
      const name = file.replace(".golden.json", "");
      const { cases } = JSON.parse(readFileSync(join(models, file), "utf8"));
      for (const golden of cases) {
        await check(`${name}: ${golden.name}`, () =>
          using_(Model, name, (model) => compareCase(Tensor, model, golden)),
        );
      }
    }
    await check("save", () => checkSave(Model, project));
    await check("async", () => checkAsync(Model));
    await check("worker", () => checkWorker(api));
    const codes = { natural: 0, dispose: 0, code: 4, exit: 3, throw: 1, reject: 1, "exit-while-running": 5 };
    for (const [way, code] of Object.entries(codes)) await check(`end: ${way}`, () => checkEnd(api, way, code));
    const right = results.filter(Boolean).length;
    const line = `${right} of ${results.length} on ${process.platform}-${process.arch}, Node.js ${process.versions.node}\n`;
    process.stdout.write(line);
    process.exitCode = right === results.length ? 0 : 1;
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

/** Returns the entry point of the built package: this repository's, or that of a project with the library's npm package. */
function install(project) {
  if (api > 0) return resolve(process.argv[api + 1] ?? "");
  if (given < 0) return join(root, "dist/runtime/index.js");
  const from = resolve(process.argv[given + 1] ?? ".");
  const tarball = readdirSync(from).find((name) => name.endsWith(".tgz"));
  const name = `savedmodel-tensorflow-${process.platform}-${process.arch}`;
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, "savedmodel"), { recursive: true });
  if (tarball === undefined) symlinkSync(from, join(modules, name), "junction");
  else {
    mkdirSync(join(modules, name));
    execFileSync("tar", ["-xzf", join(from, tarball), "--strip-components=1", "-C", join(modules, name)]);
  }
  for (const file of ["dist", "package.json"])
    cpSync(join(root, file), join(modules, "savedmodel", file), { recursive: true });
  for (const file of ["koffi", "@koromix"]) {
    if (existsSync(join(root, "node_modules", file)))
      symlinkSync(join(root, "node_modules", file), join(modules, file), "junction");
  }
  // Nothing else may serve.
  process.env.SAVEDMODEL_TENSORFLOW = "";
  process.env.SAVEDMODEL_CACHE = join(project, "cache");
  return join(modules, "savedmodel/dist/runtime/index.js");
}

/** Returns what is wrong, or undefined. */
function compareCase(Tensor, model, { calls }) {
  for (const { signature, inputs, outputs } of calls) {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([key, golden]) => [key, Tensor.from(golden.dtype, flat(golden), golden.shape)]),
    );
    const results = partsOf(model.run(signature, tensors));
    for (const [key, golden] of Object.entries(outputs)) {
      const got = results[key];
      if (got === undefined) return `${signature} has no ${key}`;
      if (String(got.shape) !== String(golden.shape)) return `${signature} ${key} has the shape [${got.shape}]`;
      const want = flat(golden);
      const items = golden.dtype === "string" ? got.bytes : got.data;
      for (let at = 0; at < want.length; at++) {
        if (!isNear(items[at], want[at])) return `${signature} ${key}[${at}] is ${items[at]}, expected ${want[at]}`;
      }
    }
  }
  return undefined;
}

/** Ragged and sparse outputs as their parts. */
function partsOf(outputs) {
  const parts = {};
  for (const [key, output] of Object.entries(outputs)) {
    if ("rowSplits" in output) {
      parts[`${key}/flat_values`] = output.values;
      output.rowSplits.forEach((splits, axis) => {
        parts[`${key}/row_splits_${axis}`] = { shape: [splits.length], data: splits };
      });
    } else if ("indices" in output) {
      parts[`${key}/indices`] = output.indices;
      parts[`${key}/values`] = output.values;
      parts[`${key}/dense_shape`] = { shape: [output.shape.length], data: output.shape };
    } else parts[key] = output;
  }
  return parts;
}

/** The elements of a golden; test/models/README.md explains the encodings. */
function flat({ dtype, data }) {
  if (dtype === "string") return data.map((text) => new Uint8Array(Buffer.from(text, "base64")));
  if (dtype === "int64" || dtype === "uint64") return data.map(BigInt);
  if (dtype === "bool") return data;
  if (dtype === "float16" || dtype === "bfloat16") return Uint16Array.from(data);
  // A NaN other than the usual one is there as its bits.
  const numbers = data.map((item) => (String(item).startsWith("0x") ? Number.NaN : Number(item)));
  if (dtype === "complex64") return Float32Array.from(numbers);
  return dtype === "complex128" ? Float64Array.from(numbers) : numbers;
}

function isNear(got, want) {
  if (want instanceof Uint8Array) return Buffer.from(got).equals(want);
  if (typeof want === "boolean") return Boolean(got) === want;
  if (typeof want === "bigint") return BigInt(got) === want;
  const value = Number(got);
  if (Number.isNaN(want)) return Number.isNaN(value);
  return Object.is(value, want) || Math.abs(value - want) <= 1e-5 * Math.max(1, Math.abs(want));
}

function checkSave(Model, project) {
  const saved = join(project, "größe saved");
  const before = using_(Model, "custom_model", (model) => {
    model.run("train", { training_input: [[1, 1]], training_target: [[2]] });
    model.save(saved);
    return predict(model);
  });
  const model = Model.load(saved);
  const after = predict(model);
  model.dispose();
  return after === before ? undefined : `${after} after loading, ${before} before saving`;
}

async function checkAsync(Model) {
  const model = Model.load(join(models, "custom_model"));
  const want = predict(model);
  const results = await Promise.all(Array.from({ length: 50 }, () => model.runAsync("pred", { inputs: [[1, 1]] })));
  model.dispose();
  const wrong = results.filter(({ output }) => output.toArray()[0][0] !== want);
  return wrong.length === 0 ? undefined : `${wrong.length} of ${results.length} calls differ`;
}

async function checkWorker(api) {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: api });
  let message;
  worker.on("message", (value) => {
    message = value;
  });
  const code = await new Promise((done, fail) => worker.on("exit", done).on("error", fail));
  return code === 0 && Math.abs(message + 0.014376141) < 1e-5 ? undefined : `code ${code}, result ${message}`;
}

function checkEnd(api, way, want) {
  const runner = (process.env.SMOKE_RUNNER ?? "").split(" ").filter((word) => word !== "");
  const [program = "", ...parameters] = [...runner, process.execPath, fileURLToPath(import.meta.url), way];
  const env = { ...process.env, SMOKE_API: api };
  const { status, signal } = spawnSync(program, parameters, { env, stdio: "ignore" });
  return status === want ? undefined : `ended with ${status ?? signal}, expected ${want}`;
}
