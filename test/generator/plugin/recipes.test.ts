import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { blocksOf } from "../../support/documents.js";
import { isWindows } from "../../support/needs.js";
import { hasNodes, nodeOf } from "../../support/nodes.js";
import { modelFolder, tempFolder } from "../../support/temp.js";
import { toolProgram } from "../../support/tools.js";

/** Runs a configuration, as the programs of webpack and Rspack do, which are packages of their own. */
const compile = (bundler: string): string => `
import config from "./${bundler}.config.mjs";
const { default: webpack, rspack } = await import("${bundler === "rspack" ? "@rspack/core" : bundler}");
${bundler}(config, (error, stats) => {
  if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
});
`;

/** The command of each recipe, by the file that it is; and the bundle that comes of it. */
const RECIPES: Readonly<Record<string, { readonly command: readonly string[]; readonly bundle: string }>> = {
  "vite.config.ts": { command: ["node_modules/vite/bin/vite.js", "build"], bundle: "dist/server.js" },
  "rollup.config.js": { command: ["node_modules/rollup/dist/bin/rollup", "-c"], bundle: "dist/main.js" },
  "webpack.config.mjs": { command: ["compile-webpack.mjs"], bundle: "dist/main.mjs" },
  "rspack.config.mjs": { command: ["compile-rspack.mjs"], bundle: "dist/main.mjs" },
  "build.mjs": { command: ["build.mjs"], bundle: "dist/main.js" },
};

const recipes = blocksOf("docs/plugins.md").flatMap(({ code }) => {
  const file = /^\/\/ (\S+)\n/.exec(code)?.[1];
  return file === undefined ? [] : [{ file, code }];
});

/** A project as docs/getting-started.md makes it, with the bundlers of this repository. */
function makeProject(): string {
  const root = tempFolder();
  const files: Readonly<Record<string, string>> = {
    "package.json": '{ "type": "module" }',
    "tsconfig.json": JSON.stringify({
      compilerOptions: { target: "es2022", module: "nodenext", strict: true, types: ["node"] },
      include: ["src"],
    }),
    "savedmodel.config.ts": 'export default { models: ["models/*"], output: "src/generated" };\n',
    "src/main.ts": `import { Regression } from "./generated/regression.js";
using model = Regression.load();
console.log(JSON.stringify(model.pred([[-0.625, 0.25]]).toArray()));
`,
    "src/server.ts": 'import "./main.js";\n',
    "compile-webpack.mjs": compile("webpack"),
    "compile-rspack.mjs": compile("rspack"),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  cpSync(modelFolder("regression"), join(root, "models/regression"), { recursive: true });
  const own = fileURLToPath(new URL("../../..", import.meta.url));
  const link = (name: string, target: string): void => {
    mkdirSync(dirname(join(root, "node_modules", name)), { recursive: true });
    symlinkSync(target, join(root, "node_modules", name), "junction");
  };
  link("savedmodel", own);
  for (const name of ["@rspack/core", "@types/node", "esbuild", "rollup", "tslib", "typescript", "vite", "webpack"]) {
    link(name, join(own, "node_modules", name));
  }
  for (const name of ["ts-loader", "@rollup/plugin-typescript"] as const) link(name, toolProgram(name) ?? "");
  return root;
}

function run(root: string, node: string, parameters: readonly string[]): string {
  const { VITEST: _, NODE_ENV: __, FORCE_COLOR: ___, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(node, parameters, { cwd: root, env, encoding: "utf8" });
  expect(status, `${parameters.join(" ")}:\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

describe("the recipes of docs/plugins.md", () => {
  it("are one for each bundler", () => {
    expect(recipes.map(({ file }) => file).sort()).toEqual(Object.keys(RECIPES).sort());
  });

  it.for(recipes)("$file builds a bundle that predicts on the oldest Node.js", ({ file, code }, { skip }) => {
    skip(isWindows, "npm makes other links for Windows");
    const root = makeProject();
    writeFileSync(join(root, file), code);
    const { command = [], bundle = "" } = RECIPES[file] ?? {};
    run(root, process.execPath, command);
    // TensorFlow's own result.
    expect(run(root, hasNodes ? nodeOf("20.19.0") : process.execPath, [bundle])).toBe("[[-0.375]]\n");
  });
});
