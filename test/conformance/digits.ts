import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../../runtime/data/random.js";
import { Model } from "../../runtime/index.js";
import type { Python } from "./environment.js";
import { record } from "./record.js";
import { verify } from "./verify.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const PICTURES = 20;

/** Compares Python with the model that examples/digits.ts trains for an epoch and saves. */
export function checkDigits(python: Python, folder: string): boolean {
  mkdirSync(folder, { recursive: true });
  const example = [...process.execArgv, join(root, "examples/digits.ts"), "1", folder];
  const { status } = spawnSync(process.execPath, example, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error("examples/digits.ts failed");
  const saved = join(folder, "model");
  const random = seededRandom(1);
  const side = Array.from({ length: 28 });
  const images = Array.from({ length: PICTURES }, () => side.map(() => side.map(() => Math.fround(random()))));
  const labels = images.map((_, index) => index % 10);
  using model = Model.load(saved);
  const calls = [record(model, "predict", { images }), record(model, "evaluate", { images, labels })];
  const original = join(root, "examples", "models", "digits");
  return verify(python, { name: "digits", saved, original, title: "after an epoch", calls });
}
