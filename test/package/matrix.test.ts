import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readCases } from "../support/goldens.js";
import { needs } from "../support/needs.js";
import { hasNodes, nodeOf, platform } from "../support/nodes.js";
import { packPackage } from "../support/stranger.js";
import { toolProgram } from "../support/tools.js";
import { MANAGERS, MatrixProject } from "./matrix.js";

/** `npm run matrix` runs every combination; the suite runs those that differ most. */
const isFull = process.env.MODE === "matrix";

/** The ways in which a project runs its code. Each returns the outcome of the exercise, as JSON. */
const MODES: Readonly<Record<string, (project: MatrixProject) => string>> = {
  "ES modules": (project) => project.run(["node", "esm/main.js"]),
  CommonJS: (project) => project.run(["node", "cjs/main.js"]),
  "ts-jest": (project) => project.test(["jest", "--config", "jest/jest.config.js", "--runInBand"]),
  "ts-jest on Node.js 22": (project) =>
    project.test(["jest", "--config", "jest/jest.config.js", "--runInBand"], nodeOf("22.12.0")),
  "a client in a package of its own": (project) => project.run(["node", "packages/api/main.js"]),
  Vitest: (project) => project.test(["vitest", "run", "--root", "ts"]),
  tsx: (project) => project.run(["tsx", "ts/main.ts"]),
  "type stripping": (project) => project.run(["node", "ts/main.ts"], nodeOf("24")),
  Bun: (project) => project.runWith(toolProgram("bun") ?? "", ["ts/main.ts"]),
  Deno: (project) => project.runWith(toolProgram("deno") ?? "", ["run", "--allow-all", "--no-lock", "ts/main.ts"]),
};
const OF_MANAGERS = [
  ...["ES modules", "CommonJS", "ts-jest", "ts-jest on Node.js 22", "Vitest", "tsx", "type stripping"],
  "a client in a package of its own",
];

const REDUCED: Readonly<Record<string, readonly string[]>> = {
  npm: ["CommonJS", "ts-jest", "Vitest", "Bun", "Deno"],
  "Yarn Plug'n'Play": ["ES modules", "CommonJS", "type stripping", "a client in a package of its own"],
};
const FULL: Readonly<Record<string, readonly string[]>> = {
  npm: [...OF_MANAGERS, "Bun", "Deno"],
  "pnpm, isolated": OF_MANAGERS,
  "pnpm, hoisted": OF_MANAGERS,
  "Yarn Plug'n'Play": OF_MANAGERS,
};

/** Python's results, call by call: the first prediction, five losses, the prediction after them. */
const [untrained, steps] = readCases("custom_model").map(({ calls }) =>
  calls.map(({ outputs }) => Number(Object.values(outputs)[0]?.data?.[0])),
);

const combinations = Object.entries(MANAGERS).flatMap(([name, manager]) => {
  const modes = (isFull ? FULL : REDUCED)[name];
  return modes === undefined ? [] : [{ name, manager, modes }];
});

describe.each(combinations)("a project of $name", ({ name, manager, modes }) => {
  needs(manager.program !== undefined, `npm has no ${name.replace(/,.*/, "")} for ${platform}`);
  let project: MatrixProject;

  beforeAll(() => {
    if (manager.program === undefined) return;
    const folder = mkdtempSync(join(tmpdir(), "savedmodel-matrix-"));
    const remove = (): void => rmSync(folder, { recursive: true, force: true });
    try {
      mkdirSync(join(folder, "project"));
      project = new MatrixProject(join(folder, "project"), packPackage(folder), manager);
    } catch (error) {
      remove();
      throw error;
    }
    return remove;
  });

  describe.each(modes)("with %s", (mode) => {
    needs(hasNodes || !/stripping|Node/.test(mode), `npm has no Node.js for ${platform}`);
    needs(mode !== "Bun" || toolProgram("bun") !== undefined, `npm has no Bun for ${platform}`);
    needs(mode !== "Deno" || toolProgram("deno") !== undefined, `npm has no Deno for ${platform}`);

    it("imports the package, and fakes, loads, trains and saves a model", () =>
      expectNumbers(MODES[mode]?.(project) ?? ""));
  });

  it("doctor finds the library", () => {
    expect(project.run(["savedmodel", "doctor"])).toMatch(/^TensorFlow [\d.]+ is used, from /m);
  });
});

function expectNumbers(text: string): void {
  const printed: unknown = JSON.parse(text);
  expect(printed).toEqual({
    faked: 0.5,
    code: "INVALID_SHAPE",
    first: expect.closeTo(untrained?.[0] ?? Number.NaN, 6),
    losses: (steps ?? []).slice(0, 5).map((loss) => expect.closeTo(loss, 5)),
    trained: expect.closeTo(steps?.[5] ?? Number.NaN, 5),
    reloaded: (printed as { readonly trained: number }).trained,
  });
}
