import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";

/** Environment of the measurements. */
export interface Setting {
  /** Name of the processor, as the system gives it. */
  readonly processor: string;
  readonly processors: number;
  /** Widest vectors that the processor computes with, such as AVX-512; null if it is not known. */
  readonly vectors: string | null;
  /** True if TensorFlow uses oneDNN's kernels on this processor by default; null if it is not known. */
  readonly oneDnn: boolean | null;
  readonly platform: string;
  /** Versions. */
  readonly savedmodel: string;
  readonly tensorflow: string;
  readonly node: string;
  /** Day of the run, like 2026-01-31. */
  readonly date: string;
}

export function settingOf(savedmodel: string, tensorflow: string): Setting {
  const file = "/proc/cpuinfo";
  return {
    processor: cpus()[0]?.model.trim() || "unknown processor",
    processors: availableParallelism(),
    ...readFlags(existsSync(file) ? readFileSync(file, "utf8") : ""),
    platform: `${process.platform}-${process.arch}`,
    savedmodel,
    tensorflow,
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** Flags with which TensorFlow turns oneDNN on by itself (tensorflow/core/util/util.cc). */
const ONE_DNN = ["avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16"];
const VECTORS = [
  ["avx512f", "AVX-512"],
  ["avx2", "AVX2"],
  ["avx", "AVX"],
] as const;

/** Reads what the flags of `/proc/cpuinfo` on x86 tell; and of `TF_ENABLE_ONEDNN_OPTS`, which wins. */
export function readFlags(
  text: string,
  wanted: string | undefined = process.env.TF_ENABLE_ONEDNN_OPTS,
): Pick<Setting, "vectors" | "oneDnn"> {
  const flags = /^flags\s*:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/);
  const set = wanted === undefined || wanted === "" ? undefined : wanted !== "0";
  if (flags === undefined) return { vectors: null, oneDnn: set ?? null };
  return {
    vectors: VECTORS.find(([flag]) => flags.includes(flag))?.[1] ?? null,
    oneDnn: set ?? ONE_DNN.some((flag) => flags.includes(flag)),
  };
}

/** Names the processor in a few words: `AMD EPYC, AVX-512`. */
export function labelOf({ processor, vectors }: Setting): string {
  return [processor, ...(vectors === null ? [] : [vectors])].join(", ");
}

/** Describes the setting in one line. */
export function describeSetting(setting: Setting): string {
  const { processors, oneDnn, savedmodel, tensorflow, node, platform } = setting;
  const kernels = oneDnn === null ? [] : [oneDnn ? "oneDNN" : "no oneDNN"];
  const machine = [labelOf(setting), ...kernels, `${processors} processors`].join(", ");
  return `${machine}; savedmodel ${savedmodel}, TensorFlow ${tensorflow}, Node.js ${node}, ${platform}`;
}

/** Returns the name of the processor's file: `amd-epyc-avx-512-2`. */
export function slugOf(setting: Setting): string {
  return `${labelOf(setting)}-${setting.processors}`
    .toLowerCase()
    .replaceAll(/\((r|tm)\)/g, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}
