import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onnxModels } from "../onnx-models.js";
import type { Workplace } from "../workplace.js";
import type { CallCase } from "./case.js";
import type { Command } from "./program.js";

const PACKAGE = "onnxruntime-node";
const VERSION = "1.30.0";

/** Returns the command that runs cases of an equal ONNX model with onnxruntime-node. */
export function onnxCommand(
  workplace: Workplace,
  model: string,
  cases: readonly CallCase[],
): Command | { readonly absent: string } {
  const installed = install(workplace);
  if ("absent" in installed) return installed;
  const bytes = onnxModels[model]?.();
  if (bytes === undefined) return { absent: `there is no ONNX model ${model}` };
  const file = join(workplace.folder, `${model}.onnx`);
  writeFileSync(file, bytes);
  const args = [join(workplace.programs, "onnx.js"), installed.folder, file, JSON.stringify(cases)];
  return { file: process.execPath, args };
}

/**
 * Installs the package on first use, below the benchmark's folder: it is not a dependency. Its processor library is in
 * the package; the scripts, which do not run, would only download more.
 */
function install({ cache }: Workplace): { readonly folder: string } | { readonly absent: string } {
  const prefix = join(cache, `node-contestants/${PACKAGE}-${VERSION}`);
  const folder = join(prefix, "node_modules", PACKAGE);
  if (existsSync(folder)) return { folder };
  mkdirSync(prefix, { recursive: true });
  const flags = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", prefix];
  const { error, status, stderr } = spawnSync("npm", ["install", ...flags, `${PACKAGE}@${VERSION}`], {
    encoding: "utf8",
    cwd: prefix,
    shell: process.platform === "win32",
  });
  if (status === 0) return { folder };
  return { absent: `npm could not install ${PACKAGE}: ${error?.message ?? stderr.trim().split("\n")[0]}` };
}
