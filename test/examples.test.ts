import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { split } from "savedmodel/data";
import { describe, expect, it } from "vitest";
import { Digits } from "../generated/digits.js";
import { generate } from "../generator/index.js";
import { Tensor } from "../runtime/index.js";
import { tempFolder } from "./support/temp.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** Runs an example as its comment says, on the sources, and gives the lines that it prints. */
function run(name: string, ...parameters: readonly string[]): readonly string[] {
  const file = join("examples", `${name}.ts`);
  const { FORCE_COLOR: _, ...env } = process.env;
  const all = ["--import", tsx, file, ...parameters];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { cwd: root, env, encoding: "utf8" });
  expect(status, stderr).toBe(0);
  return stdout.trimEnd().split("\n");
}

/** The numbers in a line. */
function numbersIn(line: string | undefined): readonly number[] {
  return (line?.match(/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g) ?? []).map(Number);
}

describe.each(["digits", "sentences"])("the client of examples/models/%s", (name) => {
  it("is identical to the file in generated/ (`npm run generate` updates it)", () => {
    const client = generate(join(root, "examples/models", name), { outputFolder: join(root, "generated") });
    expect(client.text).toBe(readFileSync(join(root, "generated", client.fileName), "utf8"));
  });
});

describe("examples/article.ts", () => {
  it("examples/article.ts learns the plane", () => {
    const lines = run("article");
    const [epochs = 0, first = 0, last = 1] = numbersIn(lines.at(-2));
    expect(epochs).toBeGreaterThan(50);
    expect([first > 0.1, last < 1e-6]).toEqual([true, true]);
    const [, , before = 0, after = 0, truth = 0] = numbersIn(lines.at(-1));
    expect(truth).toBe(0.375);
    expect(Math.abs(before - truth)).toBeGreaterThan(0.1);
    expect(Math.abs(after - truth)).toBeLessThan(0.001);
  });
});

describe("examples/digits.ts", () => {
  it("examples/digits.ts recognizes at least 95 % of unseen digits, and so does the saved model", () => {
    const folder = tempFolder();
    const lines = run("digits", "5", folder);
    expect(lines[0]).toBe("8000 pictures to learn from, 2000 to be tested with");
    const [percent = 0] = numbersIn(lines[1]);
    expect(percent).toBeGreaterThanOrEqual(95);
    expect(readFileSync(join(folder, "history.svg"), "utf8")).toMatch(/^<svg[\s>].*<\/svg>\n?$/s);

    using saved = Digits.load(join(folder, "model"));
    const { validation } = split(readPictures(), { validation: 0.2, seed: 1 });
    const { accuracy } = saved.evaluate(validation.images, validation.labels);
    expect(100 * accuracy).toBeCloseTo(percent, 2);
    using untrained = Digits.load();
    expect(untrained.evaluate(validation.images, validation.labels).accuracy).toBeLessThan(0.3);
  });
});

/** All pictures of the package, in the order of the example. */
function readPictures(): { readonly images: Tensor<"float32", [number, 28, 28]>; readonly labels: Int32Array } {
  const home = createRequire(import.meta.url).resolve("mnist/package.json");
  const digits = Array.from({ length: 10 }, (_, digit): readonly number[] => {
    return JSON.parse(readFileSync(join(home, `../src/digits/${digit}.json`), "utf8")).data;
  });
  const labels = Int32Array.from(digits.flatMap((data, digit) => Array<number>(data.length / 784).fill(digit)));
  return { images: Tensor.from("float32", Float32Array.from(digits.flat()), [labels.length, 28, 28]), labels };
}

describe("examples/text-transfer.ts", () => {
  it("examples/text-transfer.ts classifies messages with words it was not trained with", () => {
    const [summary, result, ...messages] = run("text-transfer");
    const [sentences, epochs, first = 0, last = 1] = numbersIn(summary);
    expect([sentences, epochs, first > 1, last < 0.2]).toEqual([24, 30, true, true]);
    expect(result).toMatch(/^new messages that are placed right: 2 before, 6 of 6 after$/);
    const departments = messages.map((line) => line.trim().split(" ", 1)[0]);
    expect(departments).toEqual(["delivery", "delivery", "payments", "payments", "support", "support"]);
    for (const line of messages) expect(line).toMatch(/not seen before: \w+, \w+/);
  });
});

describe("examples/resume.ts", () => {
  it("examples/resume.ts ends with the same bits after it was killed", () => {
    const lines = run("resume");
    const [alone, ...others] = lines;
    const loss = alone?.match(/^left alone: loss (0\.\d+)$/)?.[1];
    expect(Number(loss)).toBeLessThan(0.05);
    expect(others).toEqual([
      "first process: begins with step 1",
      "first process: ended by SIGKILL",
      "second process: begins with step 351",
      `second process: loss ${loss}`,
      "The same weights and the same state of the optimizer, bit for bit.",
    ]);
    expect(existsSync(join(root, "build/resume/saved_model.pb"))).toBe(true);
  });
});
