import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkFiles, type ProjectFile, writeProject } from "../../../generator/index.js";
import { generateFiles } from "../../../generator/project/project.js";
import { isSameCode } from "../../../generator/project/same-code.js";
import { isWindows } from "../../support/needs.js";
import { modelFolder, tempFolder } from "../../support/temp.js";
import { toolProgram } from "../../support/tools.js";

const biome = fileURLToPath(new URL("../../../node_modules/@biomejs/biome/bin/biome", import.meta.url));

/** Formatters with settings far from the layout of generated files; each formats a folder. */
const FORMATTERS: Readonly<Record<string, (folder: string) => void>> = {
  Prettier: (folder) => prettier(folder, {}),
  "Prettier with other settings": (folder) =>
    prettier(folder, {
      arrowParens: "avoid",
      objectWrap: "collapse",
      printWidth: 50,
      quoteProps: "consistent",
      semi: false,
      singleQuote: true,
      trailingComma: "all",
      useTabs: true,
    }),
  "Biome, which sorts imports too": (folder) => {
    const formatter = {
      quoteStyle: "single",
      semicolons: "asNeeded",
      trailingCommas: "none",
      arrowParentheses: "asNeeded",
    };
    const config = { root: true, formatter: { lineWidth: 60 }, linter: { enabled: false }, javascript: { formatter } };
    writeFileSync(join(folder, "biome.json"), JSON.stringify(config));
    const parameters = ["check", "--write", `--config-path=${folder}`, folder];
    execFileSync(process.execPath, [biome, ...parameters], { cwd: folder, stdio: "pipe" });
  },
};

function prettier(folder: string, options: object): void {
  writeFileSync(join(folder, ".prettierrc.json"), JSON.stringify(options));
  execFileSync(toolProgram("prettier") ?? "", ["--write", "."], { cwd: folder, stdio: "pipe" });
}

/** The clients of models with everything that clients may have, and their index. */
function filesFor(root: string, target: "ts" | "js"): readonly ProjectFile[] {
  const names = ["names", "example", "composite", "keras3_inputs", "contradictions", "custom_model"];
  const models = names.map((name) => ({ directory: modelFolder(name), output: join(root, "generated") }));
  return generateFiles(models, { index: true, target }, root);
}

describe.each(["ts", "js"] as const)("files of the target %s that a formatter has rewritten", (target) => {
  it.for(Object.keys(FORMATTERS))("are up to date, and stay as they are: %s", (name, { skip }) => {
    skip(isWindows && name.startsWith("Prettier"), "npm makes other links for Windows");
    const root = tempFolder();
    writeFileSync(join(root, "package.json"), '{ "type": "module" }');
    const files = filesFor(root, target);
    writeProject(files, root);
    FORMATTERS[name]?.(root);
    const formatted = files.map(({ path }) => readFileSync(join(root, path), "utf8"));
    expect(formatted.filter((text, at) => text !== files[at]?.text).length).toBeGreaterThan(files.length / 2);
    expect(checkFiles(files, [], root).filter(({ status }) => status !== "fresh")).toEqual([]);
    expect(writeProject(files, root).filter(({ change }) => change !== "unchanged")).toEqual([]);
    expect(files.map(({ path }) => readFileSync(join(root, path), "utf8"))).toEqual(formatted);
    const [path = ""] = files.map((file) => file.path).filter((file) => /keras3-inputs\.[jt]s$/.test(file));
    writeFileSync(join(root, path), readFileSync(join(root, path), "utf8").replace(/(["'])float32\1/, '"float64"'));
    expect(checkFiles(files, [], root).filter(({ status }) => status !== "fresh")).toMatchObject([{ path }]);
  });
});

const client = readFileSync(new URL("../../../generated/custom-model.ts", import.meta.url), "utf8");

describe("the same code", () => {
  it("has every word of the generated file, in comments too", () => {
    const words = [...client.matchAll(/[\w$]+/g)].filter((_, at) => at % 9 === 0);
    expect(words.length).toBeGreaterThan(50);
    const edited = words.map(({ index, 0: word }) => client.slice(0, index) + word + client.slice(index - 1));
    expect(edited.filter((text) => isSameCode(text, client))).toEqual([]);
  });

  it.each([
    ["const x = [1, 2];", "const x = [12];"],
    ["const x = [1, 2];", "const x = [2, 1];"],
    ["const x = [1, 2];", "const x = [1, , 2];"],
    ["const x = [1, -2];", "const x = [1, 2];"],
    ['const x = ["1"];', "const x = [1];"],
    ['const x = "a b";', 'const x = "a  b";'],
    ["const x = 1;", "let x = 1;"],
    ["const x = (1 + 2) * 3;", "const x = 1 + 2 * 3;"],
    ["type X = (A | B)[];", "type X = A | B[];"],
    ["type X = A | B;", "type X = A & B;"],
    ["type X = readonly A[];", "type X = A[];"],
    ["interface X { readonly a?: B }", "interface X { readonly a: B }"],
    ["interface X { readonly a: B }", "interface X { a: B }"],
    ["class A { static b(): C {} }", "class A { b(): C {} }"],
    ["class A extends B {}", "class A {}"],
    ["f(a);", "f;"],
    ["f(a);", "f(a, a);"],
    ["f((x) => x);", "f((x, y) => x);"],
    ['import { A } from "a";', 'import { type A } from "a";'],
    ['import { A } from "a";', 'import { A } from "b";'],
    ['import { A } from "a";', 'import { B as A } from "a";'],
    ['import { A } from "a";', 'import A from "a";'],
    ['import { A } from "a";', 'import A, { A } from "a";'],
    ['import { A } from "a";', 'import { A } from "a" with { type: "json" };'],
    ['export { A } from "a";', 'import { A } from "a";'],
    ["// a b\nf();", "// ab\nf();"],
    ["/** a */\nf();", "/* a */\nf();"],
    ["// a\nf(); g();", "f(); // a\ng();\nh();"],
    ["f(); // a", "f();"],
    ["f(); g();", "g(); f();"],
    ["f(a);", "f(a;"],
    ["f(); }", "f(); }"],
  ])("is not %j and %j", (generated, text) => {
    expect(isSameCode(text, generated)).toBe(false);
  });

  it.each([
    ["const x = [1, 2];", "const x = [\n  1,\n  2,\n]"],
    ["const x = { a: 0.5, b: 1 };", "const x = {\n  'a': .50,\n  \"b\": (1.0)\n}"],
    ['f("it\'s");', "f('it\\'s')"],
    ["type X = A | B;", "type X =\n  | A\n  | B"],
    ["f((x) => x);", "f(x => x)"],
    ["interface X { a(b: C): D; readonly e: F }", "interface X {\n\ta(\n\t\tb: C,\n\t): D,\n\treadonly e: F,\n}"],
    ["class A { b(): C {} d(): E {} }", "class A {\n  b(): C {};\n\n  d(): E {}\n}\n"],
    [
      'import { A, type B } from "a";\nimport { C } from "c";',
      "import { C } from 'c'\nimport type { B } from 'a'\nimport { A } from 'a'",
    ],
    [
      'export { A } from "./a.js";\nexport { B } from "./b.js";',
      "export { B } from './b.js'\nexport { A } from './a.js'",
    ],
    ["/**\n * a\n *\n * b\n */\nf();", "\t/**\n\t * a\n\t *\n\t * b\n\t */\n\tf()"],
    ["/** a b */\nf();", "/**\n * a\n * b\n */\nf();"],
    ["// a\nf();", "//   a\r\nf()\r\n"],
  ])("is %j and %j", (generated, text) => {
    expect(isSameCode(text, generated)).toBe(true);
  });
});
