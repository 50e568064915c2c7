// Run by gpu-check.ts, as `gpu-task.ts <task as JSON>`: does one thing in a process of its own, since TensorFlow keeps the memory
// of a GPU until its process ends, and prints the answer as JSON.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Device, type GpuOptions, Model, SavedModelError, type Tensor } from "../../runtime/index.js";
import { goldenParts, readCases, toTensor } from "../../test/support/golden-cases.js";

/** One thing to do, with this option of `load`. */
export interface Task {
  readonly kind: "devices" | "results" | "times";
  readonly gpu: GpuOptions | boolean;
  /** The folder of the model that multiplies matrices, and the rows of its matrix, for times. */
  readonly model?: string;
  readonly rows?: number;
}

/** Its answer. */
export interface Answer {
  readonly error?: { readonly code: string | undefined; readonly message: string };
  readonly devices?: readonly Device[];
  /** MiB of the first GPU that are in use by all processes, and that it has; undefined without nvidia-smi. */
  readonly memory?: { readonly used: number; readonly total: number } | undefined;
  /** Elements of results, by model, case, call and output. */
  readonly results?: Readonly<Record<string, readonly (number | string)[]>>;
  readonly times?: Times;
}

/** Milliseconds of a call. */
export interface Times {
  readonly multiply: number;
  readonly pred: number;
  readonly train: number;
}

const models = fileURLToPath(new URL("../../test/models", import.meta.url));

try {
  console.log(JSON.stringify(answer(JSON.parse(process.argv[2] ?? "{}"))));
} catch (error) {
  const code = error instanceof SavedModelError ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  console.log(JSON.stringify({ error: { code, message } } satisfies Answer));
}

function answer({ kind, gpu, model = "", rows = 1 }: Task): Answer {
  if (kind === "results") return { results: allResults(gpu) };
  if (kind === "times") return { times: measure(model, rows, gpu) };
  using counter = Model.load(join(models, "counter"), { gpu });
  const devices = counter.devices();
  return { devices, memory: devices.some(({ type }) => type === "GPU") ? memoryInUse() : undefined };
}

/** Runs every call that has a golden. */
function allResults(gpu: Task["gpu"]): NonNullable<Answer["results"]> {
  const results: Record<string, readonly (number | string)[]> = {};
  const names = readdirSync(models).filter((file) => file.endsWith(".golden.json"));
  for (const name of names.map((file) => file.replace(".golden.json", "")).sort()) {
    for (const { name: caseName, calls } of readCases(name)) {
      using model = Model.load(join(models, name), { gpu });
      for (const [index, { signature, inputs }] of calls.entries()) {
        const tensors = Object.entries(inputs).map(([key, golden]) => [key, toTensor(golden)] as const);
        for (const [key, output] of Object.entries(model.run(signature, Object.fromEntries(tensors)))) {
          for (const [part, tensor] of Object.entries(goldenParts(key, output))) {
            results[`${name}: ${caseName} [${index}] ${part}`] = elementsOf(tensor);
          }
        }
      }
    }
  }
  return results;
}

function elementsOf(tensor: Tensor): readonly (number | string)[] {
  if (tensor.dtype === "string") return tensor.bytes.map((bytes) => Buffer.from(bytes).toString("base64"));
  // JSON has neither NaN nor bigint.
  const number = (value: unknown): number | string =>
    typeof value === "number" && Number.isFinite(value) ? value : String(value);
  return Array.from(tensor.data as ArrayLike<unknown>, number);
}

function measure(folder: string, rows: number, gpu: Task["gpu"]): Times {
  using matrices = Model.load(folder, { gpu });
  using custom = Model.load(join(models, "custom_model"), { gpu });
  const x = new Float32Array(rows ** 2).map((_, index) => ((index % 7) - 3) / rows);
  const multiply = median(5, () => matrices.run("multiply", { x }));
  const pred = median(500, () => custom.run("pred", { inputs: [[1, 1]] }));
  const train = median(500, () => custom.run("train", { training_input: [[1, 1]], training_target: [[2]] }));
  return { multiply, pred, train };
}

/** Returns the milliseconds of a call, of which the first are not counted. */
function median(count: number, run: () => unknown): number {
  for (let warm = 0; warm < 3; warm++) run();
  const times = Array.from({ length: count }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[count >> 1] ?? Number.NaN;
}

function memoryInUse(): Answer["memory"] {
  const query = ["--query-gpu=memory.used,memory.total", "--format=csv,noheader,nounits", "--id=0"];
  const { stdout } = spawnSync("nvidia-smi", query, { encoding: "utf8" });
  const [, used, total] = /^(\d+), (\d+)/.exec(stdout ?? "") ?? [];
  return used === undefined || total === undefined ? undefined : { used: Number(used), total: Number(total) };
}
