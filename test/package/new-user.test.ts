import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type GoldenCall, readCalls, readCases } from "../support/goldens.js";
import { shared } from "../support/shared-models.js";
import { outputAsUser, packPackage, runAsUser, versionOf } from "../support/stranger.js";
import { modelFolder } from "../support/temp.js";
import { askTsserver } from "../support/tsserver.js";

/** The model that a user brings, the client that comes of it, and what the project's files are for Node.js. */
interface User {
  readonly user: string;
  readonly model: string;
  readonly goldens: readonly GoldenCall[];
  readonly className: string;
  readonly file: string;
  readonly type: "commonjs" | "module";
}

const own: User = {
  user: "a user with a model of this repository, in a CommonJS project",
  model: modelFolder("custom_model"),
  goldens: readCases("custom_model").flatMap(({ calls }) => calls.slice(0, 1)),
  className: "CustomModel",
  file: "custom-model",
  type: "commonjs",
};

// A model that somebody else made. It is data beside the project, not part of it.
const foreign = join(shared, "rust-training-custom");
const other: User = existsSync(foreign)
  ? {
      ...own,
      user: "a user with a model that others made, in a project of ES modules",
      model: foreign,
      goldens: readCalls(join(foreign, "golden")),
      className: "RustTrainingCustom",
      file: "rust-training-custom",
      type: "module",
    }
  : {
      ...own,
      user: "a user in a project of ES modules (third-party models are not present: the same model)",
      type: "module",
    };

/** The tsconfig.json that the README recommends, with all strictness; declarations of packages are checked too. */
const compilerOptions = {
  target: "es2022",
  lib: ["es2023", "esnext.disposable"],
  types: ["node"],
  module: "nodenext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  outDir: "out",
};

describe.each([own, other])("$user", ({ model, goldens, className, file, type }) => {
  let folder = "";
  const npx = (...parameters: string[]): string => outputAsUser(folder, "npx", parameters);
  const copy = (): string => join(folder, "models", file.replaceAll("-", "_"));
  const head = `import { ${className} } from "./generated/${file}.js";\n`;
  const golden = goldens.find(({ signature }) => signature === "pred");

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "savedmodel-user-"));
    const remove = (): void => rmSync(folder, { recursive: true, force: true });
    try {
      install();
    } catch (error) {
      remove();
      throw error;
    }
    return remove;
  });

  /** The tarball alone, then what a TypeScript project has. No install script runs, as npm has it from version 12 on. */
  function install(): void {
    if (type === "module") writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
    const tarball = packPackage(folder);
    const npm = (...parameters: string[]): string =>
      outputAsUser(folder, "npm", ["install", "--ignore-scripts", "--prefer-offline", ...parameters]);
    npm(tarball);
    npm("--save-dev", versionOf("typescript"), versionOf("@types/node"));
    mkdirSync(join(folder, "models"));
    cpSync(model, copy(), { recursive: true });
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, exclude: ["out", "*.config.ts"] }));
  }

  it("inspects the model", () => {
    expect(npx("savedmodel", "inspect", copy())).toMatch(
      /^pred\(inputs\)\n {2}in {2}inputs +float32 \[1, 2\]\n[\s\S]*^train\(training_input, training_target\)$/m,
    );
  });

  it("sets up the project", () => {
    expect(npx("savedmodel", "init")).toMatch(
      /^created savedmodel\.config\.ts[\s\S]*\nNext: `npx savedmodel generate`\.\n$/,
    );
    const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly scripts: object };
    expect(scripts).toEqual({ check: "savedmodel check", generate: "savedmodel generate" });
  });

  it("generates a client", () => {
    expect(npx("savedmodel", "generate")).toBe(`created generated/${file}.ts  ${className}: pred, train\n`);
    expect(readdirSync(join(folder, "generated"))).toEqual([`${file}.ts`]);
  });

  it("sees signatures, their names, dtypes and shapes, and mistakes in the editor", () => {
    const code = `${head}const model = ${className}.load();\nmodel.`;
    writeFileSync(join(folder, "main.ts"), code);
    const [members, hover, right, wrong] = askTsserver(folder, "main.ts", [
      ["completions", `${code}|`],
      ["quickInfo", `${code}tra|in;`],
      ["diagnostics", `${code}pred([[1, 2]]);`],
      ["diagnostics", `${code}pred([[1, 2, 3]]);`],
    ]);
    expect(members?.split("\n")).toEqual(expect.arrayContaining(["pred: method", "train: method", "async: getter"]));
    expect(hover).toContain(
      'trainingInput: TensorLike<"float32", [1, 2]>, trainingTarget: TensorLike<"float32", [1, 1]>',
    );
    expect(hover).toMatch(
      /: number\n[\s\S]*`training_input`: float32 \[1, 2\]\n[\s\S]*`training_target`: float32 \[1, 1\]/,
    );
    expect(right).toBe("");
    expect(wrong).toMatch(/^TS\d+: [\s\S]*Source has 3 element\(s\) but target allows only 2/);
  });

  it("compiles a program under strict rules, with a compile-time error for a wrong shape", () => {
    writeFileSync(join(folder, "main.ts"), `${head}${className}.load().pred([[1, 2, 3]]);\n`);
    const refused = runAsUser(folder, "npx", ["tsc", "--pretty", "false"]);
    expect(refused.stdout).toMatch(/^main\.ts\(2,\d+\): error TS\d+: [\s\S]*allows only 2/);
    expect(refused.status).toBe(2);
    const inputs = JSON.stringify([golden?.inputs.inputs?.data]);
    const program = `${head}
using model = ${className}.load();
const first = model.pred(${inputs}).item();
const losses = Array.from({ length: 5 }, () => model.train([[1, 1]], [[2]]));
console.log(JSON.stringify({ first, losses }));
`;
    writeFileSync(join(folder, "main.ts"), program);
    expect(npx("tsc", "--pretty", "false")).toBe("");
  });

  it("predicts what Python predicts, and lowers the loss by training", () => {
    const { first, losses } = JSON.parse(outputAsUser(folder, "node", ["out/main.js"])) as {
      readonly first: number;
      readonly losses: readonly number[];
    };
    expect(first).toBeCloseTo(Number(Object.values(golden?.outputs ?? {})[0]?.data?.[0]), 5);
    expect([...losses].sort((a, b) => b - a)).toEqual(losses);
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  });

  it("check reports a changed model, and only then", () => {
    expect(npx("savedmodel", "check")).toBe("up to date 1 file\n");
    cpSync(join(modelFolder("regression"), "saved_model.pb"), join(copy(), "saved_model.pb"), { force: true });
    const { status, stdout } = runAsUser(folder, "npx", ["savedmodel", "check"]);
    expect(stdout).toContain(`changed generated/${file}.ts\n`);
    expect(stdout).toContain('  there is a new signature "evaluate"\n');
    expect(status).toBe(1);
  });
});
