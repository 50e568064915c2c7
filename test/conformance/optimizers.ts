import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Model, type Tensor } from "../../runtime/index.js";
import type { Python } from "./environment.js";

type Rows = readonly (readonly number[])[];

const EPOCHS = 40;
const LEARNING_RATES: Readonly<Record<string, number>> = { adam: 0.03, momentum: 0.05, sgd: 0.1 };

const model = fileURLToPath(new URL("../models/optimizers", import.meta.url));

/** Trains for 200 steps with each optimizer, and has Python make the same steps on the same machine. */
export function checkOptimizers(python: Python, folder: string): boolean {
  const { batch, x, target } = JSON.parse(readFileSync(`${model}.training.json`, "utf8")) as {
    readonly batch: number;
    readonly x: Rows;
    readonly target: Rows;
  };
  const trainings = Object.entries(LEARNING_RATES).map(([name, rate]) => [name, train(name, rate, x, target, batch)]);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "optimizers.json");
  writeFileSync(file, JSON.stringify({ epochs: EPOCHS, trainings: Object.fromEntries(trainings) }));
  const script = fileURLToPath(new URL("optimizers.py", import.meta.url));
  return spawnSync(python.command, [script, model, file], { stdio: "inherit", env: python.env }).status === 0;
}

function train(optimizer: string, learning_rate: number, x: Rows, target: Rows, batch: number): object {
  using trained = Model.load(model);
  const losses: number[] = [];
  const loss = (signature: string, inputs: Readonly<Record<string, unknown>>): number =>
    Number((trained.run(signature, inputs).loss as Tensor).item());
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for (let start = 0; start < x.length; start += batch) {
      const rows = { x: x.slice(start, start + batch), target: target.slice(start, start + batch) };
      losses.push(loss(`train_${optimizer}`, { ...rows, learning_rate }));
    }
  }
  return { losses, evaluated: loss(`evaluate_${optimizer}`, { x, target }) };
}
