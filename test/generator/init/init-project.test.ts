import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../generator/index.js";
import { addAttributes, configModule } from "../../../generator/init/config-module.js";
import { findModels, modelEntries } from "../../../generator/init/find-models.js";
import { type InitPlan, planInit } from "../../../generator/init/init-project.js";
import { addScripts } from "../../../generator/init/package-scripts.js";
import { expectError, expectRejection } from "../../support/errors.js";
import { tempFolder } from "../../support/temp.js";

/** A project with these files; what ends in `/` is the folder of a model. */
function project(files: Readonly<Record<string, string>>): string {
  const root = tempFolder();
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path.endsWith("/") ? `${path}saved_model.pb` : path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return root;
}

/** Writes what is planned. */
function write({ files }: InitPlan): void {
  for (const { path, text, change } of files) if (change !== "unchanged") writeFileSync(path, text);
}

function summary({ root, files }: InitPlan): readonly string[] {
  return files.map(({ path, change, about }) => `${change} ${path.slice(root.length + 1)} ${about}`);
}

describe("model entries", () => {
  const tagsOf = (model: string): readonly string[] | undefined =>
    model === "models/b" ? ["gpu", "serve"] : undefined;

  it("init writes the tags of a model that needs them, next to a pattern for the others", () => {
    expect(modelEntries(["models/a", "models/b"], tagsOf)).toEqual([
      "models/*",
      { path: "models/b", tags: ["gpu", "serve"] },
    ]);
    expect(modelEntries(["models/b"], tagsOf)).toEqual([{ path: "models/b", tags: ["gpu", "serve"] }]);
    expect(modelEntries(["models/a", "models/c"], tagsOf)).toEqual(["models/*"]);
  });

  it("init writes tags in a module", () => {
    const models = modelEntries(["models/b"], tagsOf);
    expect(configModule({ models })).toContain('models: [{ path: "models/b", tags: ["gpu", "serve"] }],');
  });
});

describe("init", () => {
  it("init of a TypeScript project writes a module, scripts and attributes, and nothing the second time", async () => {
    const root = project({ "package.json": "{}\n", "tsconfig.json": "{}", "src/main.ts": "", "models/net/": "" });
    const first = await planInit(join(root, "src"));
    expect(first.root).toBe(root);
    expect(summary(first)).toEqual([
      "created savedmodel.config.ts 1 model: models/net",
      "updated package.json scripts: generate, check",
      "created .gitattributes src/generated/**",
    ]);
    expect(first.notes).toEqual([]);
    write(first);
    expect(readFileSync(join(root, "savedmodel.config.ts"), "utf8")).toBe(
      'import { defineConfig } from "savedmodel/generator";\n\n' +
        'export default defineConfig({\n  models: ["models/net"],\n  output: "src/generated",\n});\n',
    );
    expect((await loadConfig(root))?.config).toEqual({ models: ["models/net"], output: "src/generated" });
    const second = await planInit(root);
    expect(second.files.map(({ change }) => change)).toEqual(["unchanged", "unchanged", "unchanged"]);
    expect(second.notes).toEqual([]);
  });

  it.each([
    ["nodenext", "{}", true],
    ["commonjs", '{ "type": "commonjs" }', true],
    ["nodenext", '{ "type": "module" }', false],
    ["esnext", "{}", false],
    ["preserve", "{}", false],
  ])(
    "with verbatimModuleSyntax, module %s and package.json %s has a note on CommonJS: %s",
    async (module, manifest, has) => {
      const root = project({
        "package.json": manifest,
        "tsconfig.json": '{ "extends": "./base.json" } // settings of all packages',
        "base.json": JSON.stringify({ compilerOptions: { module, verbatimModuleSyntax: true } }),
        "models/net/": "",
      });
      const { notes } = await planInit(root);
      expect(notes).toEqual(has ? [expect.stringMatching(/^tsconfig\.json sets verbatimModuleSyntax, /)] : []);
      writeFileSync(join(root, "base.json"), JSON.stringify({ compilerOptions: { module } }));
      expect((await planInit(root)).notes).toEqual([]);
    },
  );

  it.each([
    ["npm and Yarn", "package.json", '{ "workspaces": ["apps/*", "packages/*"] }'],
    ["Yarn 1", "package.json", '{ "workspaces": { "packages": ["apps/*", "packages/*"] } }'],
    [
      "pnpm",
      "pnpm-workspace.yaml",
      "# all\npackages:\n  # of us\n  - apps/* # programs\n  - 'packages/*'\nx:\n  - y\n",
    ],
    ["pnpm, in one line", "pnpm-workspace.yaml", 'packages: ["apps/*", packages/*]\n'],
  ])("in the root of a workspace of %s names the packages that have models", async (_, file, text) => {
    const root = project({
      "package.json": "{}",
      [file]: text,
      "apps/api/package.json": "{}",
      "packages/ranker/package.json": "{}",
      "packages/notes/readme.md": "",
    });
    const none = await expectRejection(planInit(root), "MODEL_NOT_FOUND");
    expect(none.fix).toBe("Put one into the package that uses it (apps/api, packages/ranker), and run this there.");
    mkdirSync(join(root, "packages/ranker/models/net"), { recursive: true });
    writeFileSync(join(root, "packages/ranker/models/net/saved_model.pb"), "");
    const one = await expectRejection(planInit(root), "MODEL_NOT_FOUND");
    expect(one.rawMessage).toMatch(/^the SavedModels of the workspace .+ are in its packages$/);
    expect(one.fix).toBe("Run this in packages/ranker.");
    const { root: chosen, notes } = await planInit(join(root, "packages/ranker"));
    expect([chosen, notes.length]).toEqual([join(root, "packages/ranker"), 1]);
  });

  it("in the root of a workspace takes the models outside its packages, and says where clients go", async () => {
    const root = project({
      "package.json": '{ "type": "module", "workspaces": ["packages/**", "!packages/old"] }',
      "tsconfig.json": "{}",
      "models/net/": "",
      "packages/a/package.json": "{}",
      "packages/a/models/of_a/": "",
      "packages/old/package.json": "{}",
      "packages/old/models/of_old/": "",
    });
    const plan = await planInit(root);
    expect(summary(plan)[0]).toBe("created savedmodel.config.ts 2 models: models/net, packages/old/models/of_old");
    expect(plan.notes).toEqual([
      "this is the root of a workspace: clients are written here, to generated; for a client in a package " +
        "(packages/a), put the model below the package and run `init` there",
    ]);
  });

  it("init of a project without TypeScript writes JSON, for JavaScript clients", async () => {
    const root = project({ "package.json": "{}", "a/": "", "b/": "" });
    const plan = await planInit(root);
    write(plan);
    expect(existsSync(join(root, "savedmodel.config.ts"))).toBe(false);
    expect((await loadConfig(root))?.config).toEqual({ models: ["a", "b"], target: "js" });
    expect(plan.notes).toEqual([expect.stringContaining("clients are JavaScript with declarations")]);
  });

  it.each(["dependencies", "devDependencies"])("init detects TypeScript and this package in %s", async (key) => {
    const manifest = { type: "module", [key]: { typescript: "6", savedmodel: "1" } };
    const root = project({ "package.json": JSON.stringify(manifest), "a/": "" });
    const plan = await planInit(root);
    expect(summary(plan)[0]).toBe("created savedmodel.config.ts 1 model: a");
    expect(plan.isInstalled).toBe(true);
    expect(plan.notes).toEqual([]);
  });

  it("init of a folder without a package adds no scripts", async () => {
    const root = project({ "a/": "" });
    const plan = await planInit(root);
    expect(summary(plan)).toEqual(["created savedmodel.config.json 1 model: a", "created .gitattributes generated/**"]);
    expect(plan.notes[0]).toBe("no scripts were added, because package.json is missing");
  });

  it("init keeps an existing configuration, and uses its folders", async () => {
    const config =
      '{ "models": ["a", { "path": "b", "output": "../b" }, { "path": "c", "output": "c c" }], "output": "o" }';
    const root = project({ "package.json": "{}", "tsconfig.json": "", "savedmodel.config.json": config, "a/": "" });
    const plan = await planInit(root);
    expect(summary(plan)).toEqual([
      "unchanged savedmodel.config.json the configuration",
      "updated package.json scripts: generate, check",
      'created .gitattributes "c c/**", o/**',
    ]);
  });

  it("init rejects a project without a model", async () => {
    const root = project({ "package.json": "{}", "models/readme.md": "" });
    const error = await expectRejection(planInit(root), "MODEL_NOT_FOUND");
    expect(error.fix).toContain("Put one there");
  });

  it("init rejects the folder of a model", async () => {
    const { message } = await expectRejection(planInit(project({ "saved_model.pb": "" })), "MODEL_NOT_FOUND");
    expect(message).toMatch(/is a SavedModel itself, and holds no others\. Run this in the folder of your project\.$/);
  });

  it.each(["package.json", ".gitattributes"])("init throws if %s cannot be read", async (name) => {
    const root = project({ [`${name}/file`]: "", "a/": "" });
    const { message } = await expectRejection(planInit(root), "CONFIG_INVALID");
    expect(message).toContain(`${name}: the file cannot be read: it is a directory`);
  });
});

describe("finding models", () => {
  it("init finds models below the project, but not in installed or built folders, or inside other models", () => {
    const root = project({
      "models/b/": "",
      "models/a/": "",
      "models/a/assets/": "",
      "x/1/2/3/4/deep/": "",
      "x/1/2/3/4/5/too-deep/": "",
      "node_modules/p/": "",
      "dist/p/": "",
      "build/p/": "",
      ".git/p/": "",
    });
    expect(findModels(root)).toEqual(["models/a", "models/b", "x/1/2/3/4/deep"]);
  });

  it("init does not find models of another configuration", () => {
    const root = project({ "models/a/": "", "packages/p/savedmodel.config.mjs": "", "packages/p/models/b/": "" });
    expect(findModels(root)).toEqual(["models/a"]);
    expect(findModels(join(root, "packages/p"))).toEqual(["models/b"]);
  });

  it("init finds the newest version of a model", () => {
    const root = project({ "serving/net/9/": "", "serving/net/10/": "", "serving/other/1/": "", "7/": "" });
    expect(findModels(root)).toEqual(["7", "serving/net/10", "serving/other/1"]);
  });

  it.each([
    [["models/a", "models/b"], ["models/*"]],
    [["models/a"], ["models/a"]],
    [
      ["a", "b"],
      ["a", "b"],
    ],
    [
      ["models/a", "other/b"],
      ["models/a", "other/b"],
    ],
    [
      ["x/net/1", "x/other/2"],
      ["x/net/1", "x/other/2"],
    ],
    [
      ["x/net", "y/Net", "y/other"],
      [{ path: "x/net", className: "XNet" }, { path: "y/Net", className: "YNet" }, "y/other"],
    ],
  ])("init writes models %j as %j", (models, entries) => {
    expect(modelEntries(models)).toEqual(entries);
  });
});

describe("added scripts", () => {
  it("init adds scripts in the format of the file", () => {
    const tabs = '{\r\n\t"name": "p",\r\n\t"scripts": {\r\n\t\t"test": "t"\r\n\t}\r\n}\r\n';
    expect(addScripts(tabs).text).toBe(
      '{\r\n\t"name": "p",\r\n\t"scripts": {\r\n\t\t"test": "t",\r\n\t\t"generate": "savedmodel generate",\r\n' +
        '\t\t"check": "savedmodel check"\r\n\t}\r\n}\r\n',
    );
    const four = '\uFEFF{\n    "type": "module"\n}';
    expect(addScripts(four).text.split("\n").slice(0, 3)).toEqual([
      "\uFEFF{",
      '    "type": "module",',
      '    "scripts": {',
    ]);
    expect(addScripts(four).text.endsWith("}")).toBe(true);
  });

  it.each([
    // Formatting by other tools, such as one line or other digits, is kept.
    [
      '{\n  "files": ["a", "b"],\n\n  "n": 1.0,\n  "scripts": {\n    "t": "x"\n  },\n  "z": {}\n}\n\n',
      '{\n  "files": ["a", "b"],\n\n  "n": 1.0,\n  "scripts": {\n    "t": "x",\n    GENERATE,\n    CHECK\n  },\n  "z": {}\n}\n\n',
    ],
    ['{ "scripts": { "t": "x" } }', '{ "scripts": { "t": "x", GENERATE, CHECK } }'],
    ['{\n\t"scripts": {}\n}', '{\n\t"scripts": {\n\t\tGENERATE,\n\t\tCHECK\n\t}\n}'],
    ['{\n  "scripts": {\n  }\n}', '{\n  "scripts": {\n    GENERATE,\n    CHECK\n  }\n}'],
    ["{}\n", '{\n  "scripts": {\n    GENERATE,\n    CHECK\n  }\n}\n'],
    ['{"a":1}', '{"a":1, "scripts": {\n    GENERATE,\n    CHECK\n  }}'],
    [
      '{\n  "scripts": { "check": "savedmodel check" },\n  "scr\\u0069pts": {\n    "t": "}"\n  }\n}',
      '{\n  "scripts": { "check": "savedmodel check" },\n  "scr\\u0069pts": {\n    "t": "}",\n    GENERATE,\n    CHECK\n  }\n}',
    ],
  ])("init adds scripts to %j, and leaves the rest unchanged", (before, after) => {
    const entries = { GENERATE: '"generate": "savedmodel generate"', CHECK: '"check": "savedmodel check"' };
    const expected = after.replace(/GENERATE|CHECK/g, (name) => entries[name as keyof typeof entries]);
    expect(addScripts(before).text).toBe(expected);
    expect(JSON.parse(expected)).toMatchObject({ scripts: { generate: "savedmodel generate" } });
    expect(addScripts(expected).added).toEqual([]);
  });

  it("init adds scripts only if their names are free", () => {
    const text = '{ "scripts": { "check": "biome check", "generate": "savedmodel generate && biome format" } }';
    expect(addScripts(text)).toEqual({
      text,
      added: [],
      notes: ['package.json has a script "check" already, which stays; ours would be: savedmodel check'],
    });
  });

  it("init adds scripts only to an object", () => {
    for (const text of ["[]", "{", "1", '{ "scripts": [] }']) expectError(() => addScripts(text), "CONFIG_INVALID");
  });
});

describe("added attributes", () => {
  it.each([
    ["", "generated/** linguist-generated text eol=lf\n"],
    ["*.pb binary", "*.pb binary\ngenerated/** linguist-generated text eol=lf\n"],
    ["* text=auto\r\n", "* text=auto\r\ngenerated/** linguist-generated text eol=lf\r\n"],
    ["generated/** -diff\n", "generated/** -diff\n"],
  ])("init adds attributes to %j", (before, after) => {
    expect(addAttributes(before, ["generated", "generated"]).text).toBe(after);
  });
});
