import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Model } from "../../runtime/index.js";
import type { Python } from "./environment.js";
import type { Inputs } from "./record.js";

/** A model of `test/models`, and how it is trained. */
export interface VariableTraining {
  readonly model: string;
  readonly steps: number;
  readonly train: string;
  readonly inputs: Inputs;
  /** The paths of second copies of variables, as Keras 3 exports them, which training does not change in Python. */
  readonly stale?: readonly string[];
}

/** The elements of each variable, by its path; wide integers fit into numbers here. */
type Values = Readonly<Record<string, readonly number[]>>;

function valuesOf(model: Model): Values {
  return Object.fromEntries(
    model
      .variables()
      .map(({ path, name, value }) => [path ?? name, Array.from((value?.data ?? []) as ArrayLike<number>, Number)]),
  );
}

/**
 * Trains a model, and has Python compare its variables, what was saved of them, and what training in Python makes of them.
 * Then restores the checkpoints that Python wrote.
 *
 * @param output a folder to write to
 * @returns whether all agree
 */
export function compareVariables(
  python: Python,
  { model: name, steps, train, inputs, stale = [] }: VariableTraining,
  output: string,
): boolean {
  const original = fileURLToPath(new URL(`../models/${name}`, import.meta.url));
  const places = ["saved", "weights", "trained.json", "python"].map((place) =>
    join(output, `${name}.variables`, place),
  );
  const [saved = "", weights = "", trained = "", out = ""] = places;
  mkdirSync(out, { recursive: true });
  using model = Model.load(original);
  for (let step = 0; step < steps; step++) model.run(train, inputs);
  model.save(saved);
  model.saveWeights(weights);
  writeFileSync(trained, JSON.stringify({ steps, train, inputs, stale, variables: valuesOf(model) }));

  const script = fileURLToPath(new URL("variables.py", import.meta.url));
  const { env, command } = python;
  const { status } = spawnSync(command, [script, original, saved, weights, trained, out], { stdio: "inherit", env });
  if (status !== 0) return false;

  const expected = JSON.parse(readFileSync(join(out, "variables.json"), "utf8")) as Values;
  return ["itself", "attribute-1"].every((checkpoint) => {
    using other = Model.load(original);
    other.restore(join(out, checkpoint));
    const actual = valuesOf(other);
    const wrong = Object.keys(expected).filter((path) => actual[path]?.join() !== expected[path]?.join());
    for (const path of wrong) console.log(`${checkpoint}: ${path} is ${actual[path]}, not ${expected[path]}`);
    return wrong.length === 0;
  });
}
