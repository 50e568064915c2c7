import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished } from "vitest";
import { modelFolder, tempFolder } from "../../support/temp.js";

/** Settings of the bundlers apart from the plugin. */
export interface App {
  readonly root: string;
  /** The module to start from; it imports the client, which is not there before the plugin has generated it. */
  readonly entry: string;
}

/** Output of the app: the golden of `regression`, from TensorFlow. */
const PREDICTION = "[[-0.375]]\n";

/** A project that has this package installed, a model, and a module that uses its client; the working directory is there. */
export function makeApp(): App {
  const root = tempFolder();
  mkdirSync(join(root, "node_modules"));
  mkdirSync(join(root, "src"));
  symlinkSync(fileURLToPath(new URL("../../..", import.meta.url)), join(root, "node_modules/savedmodel"), "junction");
  cpSync(modelFolder("regression"), join(root, "models/regression"), { recursive: true });
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "app", type: "module" }));
  writeFileSync(
    join(root, "src/main.ts"),
    `import { Regression } from "../generated/regression";
export const methods: readonly string[] = Object.getOwnPropertyNames(Regression.prototype);
const model = Regression.load();
console.log(JSON.stringify(model.pred([[-0.625, 0.25]]).toArray()));
model.dispose();
`,
  );
  // Rollup knows no other folder of a project.
  const before = process.cwd();
  process.chdir(root);
  onTestFinished(() => process.chdir(before));
  return { root, entry: join(root, "src/main.ts") };
}

/** Expects of a bundle that plain Node runs it, and that it predicts as TensorFlow does. */
export function expectPrediction(root: string, bundle: string): void {
  const { FORCE_COLOR: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundle], { cwd: root, env, encoding: "utf8" });
  expect(stderr.replaceAll(/^.*(ExperimentalWarning|--trace-warnings).*\n/gm, "")).toBe("");
  expect([status, stdout]).toEqual([0, PREDICTION]);
}
