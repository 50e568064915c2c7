import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModelInfo, TensorInfo } from "../../generator/index.js";
import type { Workplace } from "../workplace.js";
import type { CallCase } from "./case.js";
import type { Command } from "./program.js";

/**
 * Scheduling of the C program: TensorFlow's default, the calling thread, or the single-threaded executor in it, also without
 * fused operations.
 */
export type CScheduling = "default" | "caller" | "single" | "apart";

/** Names of the C program as a contestant, by its scheduling. */
export const C_NAMES: Readonly<Record<CScheduling, string>> = {
  caller: "C, caller scheduling",
  single: "C, single-threaded executor",
  apart: "C, single-threaded executor, not fused",
  default: "C, default options",
};

/** Name of the C program as the client of a server of TensorFlow's runtime. */
export const CLUSTER_IN_C = "C, TF_SetTarget";

/** Compiles a program of bench/c; returns the reason if it cannot, such as a missing compiler. */
export function compileC(folder: string, name: string): string | { readonly absent: string } {
  const binary = join(folder, name);
  const source = fileURLToPath(new URL(`../c/${name}.c`, import.meta.url));
  const compiler = process.env.CC || "cc";
  const { error, status, stderr } = spawnSync(compiler, ["-O2", "-std=gnu11", "-o", binary, source, "-ldl"], {
    encoding: "utf8",
  });
  if (error !== undefined) return { absent: `no C compiler: ${error.message}` };
  return status === 0 ? binary : { absent: `${compiler} failed: ${stderr.trim().split("\n")[0]}` };
}

/**
 * Returns the command that runs cases of a model in C.
 *
 * @param scheduling how operations run in its process; or the address of a server of TensorFlow's runtime that runs them
 */
export function loopCommand(
  { loop, library }: Workplace,
  scheduling: CScheduling | `grpc://${string}`,
  model: ModelInfo,
  cases: readonly CallCase[],
): Command | { readonly absent: string } {
  if (typeof loop !== "string") return loop;
  const args = [library.framework ?? "-", library.main, scheduling, model.directory];
  return { file: loop, args: [...args, ...cases.flatMap((kase) => caseArguments(model, kase))] };
}

/** Returns the command that loads a model in C and calls a signature once, with the single-threaded executor. */
export function loadCommand(
  { folder, library }: Workplace,
  model: ModelInfo,
  key: string,
): Command | { readonly absent: string } {
  const load = compileC(folder, "load");
  if (typeof load !== "string") return load;
  const args = [library.framework ?? "-", library.main, "single", model.directory];
  return { file: load, args: [...args, ...callArguments(model, { name: key, signature: key })] };
}

function caseArguments(model: ModelInfo, kase: CallCase): readonly string[] {
  const flags = [
    // A result that is copied to memory of its own is not kept.
    ...(kase.isIdentity === true && kase.allocatesResult !== true ? ["--identity"] : []),
    ...(kase.freshTensor === true ? ["--fresh"] : []),
    ...(kase.allocatesResult === true ? ["--malloc"] : []),
    ...(kase.isRandom === true ? ["--random"] : []),
  ];
  const { memcpyBytes } = kase;
  if (memcpyBytes !== undefined) return ["--case", kase.name, "--memcpy", `${memcpyBytes}`];
  return ["--case", kase.name, ...flags, ...callArguments(model, kase)];
}

function callArguments({ signatures }: ModelInfo, kase: CallCase): readonly string[] {
  const signature = signatures.find(({ key }) => key === kase.signature);
  if (signature === undefined) throw new Error(`the model has no signature ${kase.signature}`);
  return [
    ...signature.inputs.flatMap((input) => feedArguments(input, kase)),
    ...signature.outputs.flatMap((output) => ["--fetch", ...endpoint(output)]),
  ];
}

function feedArguments(input: TensorInfo, { size = 1, stringBytes = 0 }: CallCase): readonly string[] {
  if (input.dtype === "string") return ["--string", ...endpoint(input), `${size}`, `${stringBytes}`];
  const shape = (input.shape ?? []).map((dimension) => dimension ?? size);
  return ["--float32", ...endpoint(input), shape.join("x")];
}

/** Splits `operation:index`; a missing index means 0. */
function endpoint({ tensor = "" }: TensorInfo): readonly [operation: string, index: string] {
  const [, operation = "", index = "0"] = /^(.*?)(?::(\d+))?$/s.exec(tensor) ?? [];
  return [operation, index];
}
