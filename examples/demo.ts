/**
 * The main job from end to end: a SavedModel becomes a typed class, is trained, saved and loaded again.
 *
 * Run by `npm run demo`; it installs TensorFlow's library first where none is found.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CustomModel } from "../generated/custom-model.js";
import { lossLine, Progress } from "./progress.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const trained = "build/demo/custom_model";
const EPOCHS = 200;

/** Runs the command line of this package, which `npm run build` has just built. */
function savedmodel(parameters: readonly string[], quiet = false): boolean {
  const cli = fileURLToPath(new URL("../dist/generator/cli/main.js", import.meta.url));
  const { status } = spawnSync(process.execPath, [cli, ...parameters], {
    cwd: root,
    stdio: quiet ? "ignore" : "inherit",
  });
  return status === 0;
}

function heading(text: string): void {
  console.log(`\n── ${text}`);
}

/** Points of the plane y = 0.7·a − 0.3·b + 0.1, which the model is to learn. */
const samples = Array.from({ length: 64 }, (_, index) => {
  const a = (index % 8) / 8;
  const b = Math.floor(index / 8) / 8;
  return { input: [[a, b]] as const, target: [[0.7 * a - 0.3 * b + 0.1]] as const };
});

function train(model: CustomModel): readonly number[] {
  const losses: number[] = [];
  const progress = new Progress(EPOCHS);
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    let total = 0;
    for (const { input, target } of samples) total += model.train(input, target);
    losses.push(total / samples.length);
    progress.update(epoch, lossLine(losses));
  }
  progress.end();
  return losses;
}

heading("The library");
if (!savedmodel(["doctor", "--json"], true) && !savedmodel(["install"])) process.exit(1);
savedmodel(["doctor"]);

heading("The client");
if (!savedmodel(["inspect", "test/models/custom_model"])) process.exit(1);
if (!savedmodel(["generate", "test/models/custom_model", "-o", "generated"])) process.exit(1);

heading(`Training on ${samples.length} points for ${EPOCHS} epochs`);
const point = [[0.5, 0.25]] as const;
const truth = 0.7 * 0.5 - 0.3 * 0.25 + 0.1;
using model = CustomModel.load();
const before = model.pred(point).item();
train(model);
const after = model.pred(point).item();
console.log(
  `pred([[0.5, 0.25]]): ${before.toFixed(4)} before, ${after.toFixed(4)} after; the plane says ${truth.toFixed(4)}`,
);

heading("Saved, and loaded again");
rmSync(trained, { recursive: true, force: true });
model.save(trained);
using reloaded = CustomModel.load(trained);
const again = reloaded.pred(point).item();
console.log(`pred([[0.5, 0.25]]) from ${trained}: ${again.toFixed(4)}`);
if (again !== after) throw new Error(`the reloaded model predicts ${again}, not ${after}`);
console.log("The same prediction.");
