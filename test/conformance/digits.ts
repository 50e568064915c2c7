/**
 * The example examples/digits.ts against Python: trains for an epoch, and writes down what the saved model answers.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../../runtime/data/random.js";
import { Model } from "../../runtime/index.js";
import { record } from "./record.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const PICTURES = 20;

/** What `verify.py` takes: the saved model, the answers, and the model that was trained. */
export function prepareDigits(output: string): { saved: string; expected: string; original: string } {
  const folder = join(output, "digits");
  mkdirSync(folder, { recursive: true });
  const example = [...process.execArgv, join(root, "examples/digits.ts"), "1", folder];
  const { status } = spawnSync(process.execPath, example, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error("examples/digits.ts failed");
  const saved = join(folder, "model");
  const expected = join(folder, "expected.json");
  const random = seededRandom(1);
  const side = Array.from({ length: 28 });
  const images = Array.from({ length: PICTURES }, () => side.map(() => side.map(() => Math.fround(random()))));
  const labels = images.map((_, index) => index % 10);
  using model = Model.load(saved);
  const calls = [record(model, "predict", { images }), record(model, "evaluate", { images, labels })];
  writeFileSync(expected, JSON.stringify({ model: "digits", cases: [{ name: "after an epoch", calls }] }));
  return { saved, expected, original: join(root, "examples/models/digits") };
}
