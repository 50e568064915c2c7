import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readCases } from "../support/goldens.js";
import { copyExample, generateClient, run } from "./project.js";

/** Results of TensorFlow in Python: a prediction, the losses of five steps, and a prediction. */
function pythonsNumbers(): readonly number[] {
  const cases = readCases("custom_model");
  const [first] = cases.find(({ name }) => name === "an untrained model predicts")?.calls ?? [];
  const steps = cases.find(({ name }) => name === "five steps on one example, then a prediction")?.calls ?? [];
  const calls = first === undefined ? [] : [first, ...steps];
  return calls.map(({ outputs }) => Number((outputs.loss ?? outputs.output)?.data?.[0]));
}

function expectNumbers(output: string): void {
  const expected = pythonsNumbers();
  expect(expected).toHaveLength(7);
  const lines = output.trimEnd().split("\n");
  // The last line is the prediction of what was saved.
  expect(lines.map((line) => line.split(" ")[0])).toEqual([
    "prediction",
    ...Array(5).fill("loss"),
    "prediction",
    "prediction",
  ]);
  for (const [index, line] of lines.entries()) {
    expect(Number(line.split(" ")[1])).toBeCloseTo(expected[Math.min(index, 6)] ?? Number.NaN, 5);
  }
}

it("examples/node trains with Python's numbers, compiled by tsc and run by tsx", () => {
  const folder = copyExample("node", "test/models/custom_model");
  generateClient(folder, "custom-model.ts");
  run(folder, "npm", "run", "check");
  run(folder, "npm", "run", "build");
  expectNumbers(run(folder, process.execPath, "dist/main.js"));
  expect(existsSync(join(folder, "build/trained/saved_model.pb"))).toBe(true);
  expectNumbers(run(folder, "npx", "--no-install", "tsx", "src/main.ts", "build/tsx"));
});
