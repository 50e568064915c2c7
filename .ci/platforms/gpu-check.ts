// Run by `npm run gpu-check [-- <library>]`, on a machine with an NVIDIA GPU: compares the results of the test models on the GPU
// with those on the CPU, tries the options for its memory, and measures. Needs no network; takes less than three minutes.
//
// Exit code 0: everything is right. 1: something is wrong. 2: there is no GPU, so that nothing was tried.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeMessage } from "../../test/support/saved-model.js";
import type { Answer, Task } from "./gpu-task.js";

const program = fileURLToPath(new URL("gpu-task.ts", import.meta.url));
/** A child that does not end is a result too. */
const MAX_TASK_MS = 60_000;
/** Rows and columns of the matrix that is multiplied, and how often. */
const ROWS = 2048;
const PRODUCTS = 8;

type Env = Readonly<Record<string, string>>;
/** Without it, products of matrices have three digits. */
const EXACT: Env = { NVIDIA_TF32_OVERRIDE: "0" };
const GROWING = { allowGrowth: true };

interface Check {
  readonly name: string;
  /** The reason why it fails, or undefined. */
  readonly wrong: string | undefined;
  readonly detail: string;
}

const [library] = process.argv.slice(2);
if (library !== undefined) process.env.SAVEDMODEL_TENSORFLOW = resolve(library);
const folder = mkdtempSync(join(tmpdir(), "savedmodel-gpu-"));
try {
  process.exitCode = main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function main(): number {
  const { error, devices = [] } = run({ kind: "devices", gpu: GROWING });
  if (error?.code === "GPU_NOT_FOUND") {
    console.log(`There is no GPU, so nothing was checked.\n${error.message}`);
    return 2;
  }
  if (error !== undefined) {
    console.log(`Nothing was checked: ${error.message}`);
    return 1;
  }
  for (const { name, memoryBytes } of devices) console.log(`${name}, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB`);
  const checks = [compareResults(), ...tryOptions(), measure()];
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, wrong, detail } of checks) {
    console.log(`${wrong === undefined ? "✓" : "✗"} ${name.padEnd(width)}  ${wrong ?? detail}`);
  }
  const right = checks.filter(({ wrong }) => wrong === undefined).length;
  console.log(`${right} of ${checks.length}`);
  return right === checks.length ? 0 : 1;
}

function run(task: Task, env: Env = {}): Answer {
  const { status, signal, stdout, stderr, error } = spawnSync(
    process.execPath,
    [...process.execArgv, program, JSON.stringify(task)],
    { encoding: "utf8", env: { ...process.env, ...env }, maxBuffer: 2 ** 28, timeout: MAX_TASK_MS },
  );
  // Names in it may have characters that end a line for a regular expression.
  const line = stdout.split("\n").find((text) => text.startsWith("{"));
  if (status === 0 && line !== undefined) return JSON.parse(line) as Answer;
  const end = error?.message ?? `it ended with ${status ?? signal}`;
  return { error: { code: undefined, message: `${end}: ${stderr.trim().split("\n").slice(-3).join("\n")}` } };
}

/** Compares every call that has a golden, trainings too, on both. */
function compareResults(): Check {
  const onGpu = run({ kind: "results", gpu: GROWING }, EXACT);
  const onCpu = run({ kind: "results", gpu: false });
  const [want, got] = [onCpu.results ?? {}, onGpu.results ?? {}];
  const keys = Object.keys(want);
  const differing = keys.filter((key) => !isSame(got[key], want[key] ?? []));
  const message = onGpu.error?.message ?? onCpu.error?.message;
  const wrong =
    differing.length === 0
      ? undefined
      : `${differing.length} of ${keys.length} differ: ${differing.slice(0, 5).join("; ")}`;
  return { name: "results are those of the CPU", wrong: message ?? wrong, detail: `${keys.length} tensors` };
}

function isSame(got: readonly (number | string)[] | undefined, want: readonly (number | string)[]): boolean {
  return (
    got?.length === want.length &&
    want.every((value, index) => {
      const other = got[index];
      if (typeof value !== "number" || typeof other !== "number") return other === value;
      return Math.abs(other - value) <= 1e-4 * Math.max(1, Math.abs(value));
    })
  );
}

function tryOptions(): readonly Check[] {
  const gpus = ({ devices = [] }: Answer): number => devices.filter(({ type }) => type === "GPU").length;
  const limit = ({ devices = [] }: Answer): number => devices.find(({ type }) => type === "GPU")?.memoryBytes ?? 0;
  const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const check = (name: string, answer: Answer, isRight: boolean, detail: string): Check => ({
    name,
    wrong: answer.error?.message ?? (isRight ? undefined : `expected otherwise: ${detail}`),
    detail,
  });
  const none = run({ kind: "devices", gpu: false });
  const hidden = run({ kind: "devices", gpu: true }, { CUDA_VISIBLE_DEVICES: "-1" });
  const one = run({ kind: "devices", gpu: { visibleDevices: [0], ...GROWING } });
  const growing = run({ kind: "devices", gpu: GROWING });
  const quarter = run({ kind: "devices", gpu: { memoryFraction: 0.25 } });
  const used = ({ memory }: Answer): string =>
    memory === undefined ? "" : `, ${memory.used} of ${memory.total} MiB in use`;
  return [
    check("gpu: false uses none", none, gpus(none) === 0, `${gpus(none)} GPUs`),
    {
      name: "CUDA_VISIBLE_DEVICES=-1 is GPU_NOT_FOUND",
      wrong: hidden.error?.code === "GPU_NOT_FOUND" ? undefined : (hidden.error?.message ?? "it was loaded"),
      detail: hidden.error?.message ?? "",
    },
    check("visibleDevices: [0] uses one", one, gpus(one) === 1, `${gpus(one)} GPUs`),
    check(
      "allowGrowth has all memory, and takes little",
      growing,
      limit(growing) > limit(quarter),
      gigabytes(limit(growing)) + used(growing),
    ),
    check(
      "memoryFraction: 0.25 has a quarter",
      quarter,
      Math.abs(limit(quarter) / limit(growing) - 0.25) < 0.1,
      gigabytes(limit(quarter)) + used(quarter),
    ),
  ];
}

function measure(): Check {
  writeMatrixModel();
  const [gpu, cpu] = [GROWING, false as const].map((option) =>
    run({ kind: "times", gpu: option, model: folder, rows: ROWS }),
  );
  const times = (key: "multiply" | "pred" | "train"): string =>
    `${cpu?.times?.[key].toFixed(3)} → ${gpu?.times?.[key].toFixed(3)} ms`;
  const detail = `CPU → GPU: ${PRODUCTS} products of ${ROWS} rows ${times("multiply")}, pred ${times("pred")}, train ${times("train")}`;
  return { name: "times of a call", wrong: gpu?.error?.message ?? cpu?.error?.message, detail };
}

/** Writes a model whose signature `multiply(x)` multiplies a matrix with itself several times. */
function writeMatrixModel(): void {
  const FLOAT = 1;
  const attr = (key: string, value: object): object => ({ key, value: encodeMessage("AttrValue", value) });
  const product = (index: number): object => ({
    name: `product_${index}`,
    op: "MatMul",
    input: [index === 1 ? "x" : `product_${index - 1}`, "x"],
    attr: [attr("T", { type: FLOAT })],
  });
  const x = { name: "x", op: "Placeholder", attr: [attr("dtype", { type: FLOAT })] };
  const nodes = [x, ...Array.from({ length: PRODUCTS }, (_, index) => product(index + 1))];
  const tensor = (name: string): object => ({
    name,
    dtype: FLOAT,
    tensorShape: { dim: [{ size: ROWS }, { size: ROWS }] },
  });
  const signature = {
    inputs: [{ key: "x", value: tensor("x:0") }],
    outputs: [{ key: "y", value: tensor(`product_${PRODUCTS}:0`) }],
    methodName: "tensorflow/serving/predict",
  };
  const graphDef = encodeMessage("GraphDef", { node: nodes.map((node) => encodeMessage("NodeDef", node)) });
  const metaGraph = {
    metaInfoDef: { tags: ["serve"] },
    graphDef,
    signatureDef: [{ key: "multiply", value: signature }],
  };
  writeFileSync(
    join(folder, "saved_model.pb"),
    encodeMessage("SavedModel", { savedModelSchemaVersion: 1, metaGraphs: [metaGraph] }),
  );
}
