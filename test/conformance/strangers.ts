import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Model, type Tensor } from "../../runtime/index.js";
import { readCalls, toTensor } from "../support/goldens.js";
import { shared } from "../support/shared-models.js";
import type { Python } from "./environment.js";
import { golden } from "./record.js";

/** The same as in `test/goldens.test.ts`. */
const REFUSED: ReadonlySet<string> = new Set([
  "tfdeploy-keras-multi-1.13-pbtxt",
  "ydf-adult-gbdt",
  "stfs-custom-op",
  "fink-ragged",
]);

/**
 * Has Python compare the results of third-party models on the same machine: goldens that were computed on another processor
 * allow for less.
 *
 * @returns undefined if the models do not exist
 */
export function checkStrangers(python: Python, folder: string): boolean | undefined {
  if (!existsSync(shared)) return undefined;
  const names = readdirSync(shared).filter((name) => existsSync(join(shared, name, "golden")) && !REFUSED.has(name));
  const calls = names.flatMap((name) => callsOf(join(shared, name)));
  const file = join(folder, "strangers.json");
  // JSON has no NaN, no infinities and no -0.
  const write = (_: string, value: unknown): unknown =>
    typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
      ? `${Object.is(value, -0) ? "-0" : value}`
      : value;
  writeFileSync(file, JSON.stringify(calls, write));
  const script = fileURLToPath(new URL("strangers.py", import.meta.url));
  return spawnSync(python.command, [script, file], { stdio: "inherit", env: python.env }).status === 0;
}

/** The calls of the goldens with our results, each on a fresh load. */
function callsOf(directory: string): readonly object[] {
  return readCalls(join(directory, "golden")).flatMap(({ signature, tags = ["serve"], inputs }) => {
    using model = Model.load(directory, { tags });
    if (model.signatures.find(({ key }) => key === signature)?.unsupported !== undefined) return [];
    const tensors = Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, toTensor(input)]));
    // These models have dense outputs only.
    const results = Object.entries(model.run(signature, tensors) as Readonly<Record<string, Tensor>>);
    const outputs = Object.fromEntries(results.map(([key, result]) => [key, golden(result)]));
    const named = Object.fromEntries(Object.entries(tensors).map(([key, tensor]) => [key, golden(tensor)]));
    return [{ directory, tags, signature, inputs: named, outputs }];
  });
}
