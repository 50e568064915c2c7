import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expandPattern } from "../../../generator/config/model-glob.js";
import {
  type Config,
  findOrphans,
  generate,
  generateProject,
  removeOrphans,
  writeProject,
} from "../../../generator/index.js";
import { expectError } from "../../support/errors.js";
import { writeModel } from "../../support/saved-model.js";
import { tempFolder } from "../../support/temp.js";

/** A package with models in these folders. */
function packageWith(...folders: readonly string[]): string {
  const root = tempFolder();
  writeFileSync(join(root, "package.json"), "{}");
  const x = { key: "x", dtype: 1, shape: [], tensor: "x:0" };
  const signatures = [{ key: "run_it", methodName: "", inputs: [x], outputs: [x] }];
  for (const folder of folders) {
    writeModel(join(root, folder), { tags: ["serve"], tensorflowVersion: "2.21.0", signatures });
  }
  return root;
}

function paths(config: Config, root: string): readonly string[] {
  return generateProject(config, root).map(({ path }) => path);
}

describe("the files of a project", () => {
  it("a project's files are the clients of its models, those of a pattern sorted", () => {
    const root = packageWith("models/b", "models/c", "models/a", "first");
    const files = generateProject({ models: ["models/*", "first"], output: "src/clients" }, root);
    const names = ["a", "b", "c", "first"];
    expect(files.map(({ path }) => path)).toEqual(names.map((name) => `src/clients/${name}.ts`));
    const [a] = files;
    const alone = generate(join(root, "models", "a"), { outputFolder: join(root, "src", "clients") });
    expect(a).toEqual({
      path: "src/clients/a.ts",
      text: alone.text,
      client: alone,
      names: ["runIt"],
      notes: alone.notes,
    });
  });

  it("a project's files use the options of each model", () => {
    const root = packageWith("models/one", "models/two");
    const models = [
      { path: "models/one", className: "First", output: "src/first", tags: ["serve"] },
      { path: "models/two", signatures: [] },
    ];
    const [first, second] = generateProject({ models }, root);
    expect(first).toMatchObject({ path: "src/first/first.ts", names: ["runIt"] });
    expect(second).toMatchObject({ path: "generated/two.ts", names: [] });
    expect(second?.notes).toEqual(["the model has no signature that can be called"]);
  });

  it("a project's files mark deprecated signatures in all declarations", () => {
    const root = packageWith("models/one");
    const deprecated = { run_it: "Use\n`run` instead. */ @x" };
    const [file] = generateProject({ models: [{ path: "models/one", deprecated }] }, root);
    const said = file?.text.split("\n").filter((line) => line.includes("@deprecated"));
    const sentence = "@deprecated Use `run` instead. *\\/ \\@x";
    // The overload, its implementation, the promise, and the function in place of it.
    expect(said?.map((line) => line.trim())).toEqual([
      `* ${sentence}`,
      `/** ${sentence} */`,
      `* ${sentence}`,
      `* ${sentence}`,
    ]);
    const [silent] = generateProject({ models: [{ path: "models/one", deprecated: { run_it: "" } }] }, root);
    expect(silent?.text).toContain("   * @deprecated\n   */");
  });

  it.each([
    ["signatures", { signatures: ["run_it", "train"] }],
    ["deprecated", { deprecated: { train: "Use `run_it`." } }],
  ])("rejects `%s` with a signature that the model does not have", (_, options) => {
    const root = packageWith("models/one");
    const { message } = expectError(
      () => generateProject({ models: [{ path: "models/one", ...options }] }, root),
      "CONFIG_INVALID",
    );
    expect(message).toMatch(
      /^CONFIG_INVALID: the configuration: .*models.one: the model has no signature "train"\. Its signatures: "run_it"\.$/,
    );
  });

  it("patterns skip a model with its own entry", () => {
    const root = packageWith("models/one", "models/two");
    const models = ["models/*", { path: "./models/one", className: "Mine" }];
    expect(paths({ models }, root)).toEqual(["generated/two.ts", "generated/mine.ts"]);
  });

  it("a model that is named twice in the same way results in one file", () => {
    const root = packageWith("models/one", "models/two");
    expect(paths({ models: ["models/*", "**/one", "models/two", "./models/two/"] }, root)).toEqual([
      "generated/one.ts",
      "generated/two.ts",
    ]);
  });

  it("a folder whose name looks like a pattern is used literally", () => {
    const root = packageWith("models/{a,b}", "models/a");
    expect(paths({ models: ["models/{a,b}"] }, root)).toEqual(["generated/ab.ts"]);
  });

  it("writes an index to each output folder on request", () => {
    const root = packageWith("one", "two", "three");
    const models = ["one", { path: "two", output: "other" }, "three"];
    const indexes = generateProject({ models, index: true, importExtension: "ts" }, root).slice(3);
    expect(indexes.map(({ path, client, names }) => [path, client, names])).toEqual([
      ["generated/index.ts", "index", ["One", "Three"]],
      ["other/index.ts", "index", ["Two"]],
    ]);
    expect(indexes[1]?.text).toMatch(/\nexport \{ Two \} from ".\/two.ts";\n/);
  });

  it("a project's files do not depend on the working directory", () => {
    const root = packageWith("models/one");
    const [here] = generateProject({ models: ["models/one"] }, root);
    const before = process.cwd();
    try {
      process.chdir(join(root, "models"));
      expect(generateProject({ models: ["models/one"] }, root)[0]?.text).toBe(here?.text);
    } finally {
      process.chdir(before);
    }
    expect(here?.text).toMatch(/^\/\/ Generated by savedmodel from models\/one /);
  });
});

describe("invalid projects", () => {
  it("rejects a pattern that matches no model", () => {
    const root = packageWith("models/one");
    const { message } = expectError(
      () => generateProject({ models: ["models/one", "modles/*"] }, root),
      "CONFIG_INVALID",
    );
    expect(message).toBe('CONFIG_INVALID: the configuration: models[1]: no SavedModel matches "modles/*"');
  });

  it.each(["models/one/*", "models/*/*"])("rejects %s, and suggests the parent folder", (path) => {
    const { message } = expectError(
      () => generateProject({ models: [path] }, packageWith("models/one")),
      "CONFIG_INVALID",
    );
    expect(message).toContain(`no SavedModel matches "${path}". Did you mean "${path.slice(0, -2)}"?`);
  });

  it.each(["model*", "models", "models/"])("rejects the pattern %s, and suggests the folders below", (path) => {
    const pattern = path.includes("*") ? path : `{${path},nothing}`;
    const { message } = expectError(
      () => generateProject({ models: [pattern] }, packageWith("models/one")),
      "CONFIG_INVALID",
    );
    expect(message).toContain(`no SavedModel matches "${pattern}". Did you mean "${pattern}/*"?`);
  });

  it("rejects two models for the same file, but not in two folders", () => {
    const root = packageWith("a/net", "b/net");
    const { message } = expectError(() => generateProject({ models: ["*/net"] }, root), "OUTPUT_CONFLICT");
    expect(message).toContain("a/net and b/net would both be written to generated/net.ts");
    const models = ["a/net", { path: "b/net", output: "other" }];
    expect(paths({ models }, root)).toEqual(["generated/net.ts", "other/net.ts"]);
  });

  it("rejects a folder that is not a model", () => {
    const root = packageWith("models/one");
    expectError(() => generateProject({ models: ["models/two"] }, root), "MODEL_NOT_FOUND");
  });
});

describe("a pattern", () => {
  const folders = ["a/one", "a/two", "a/.hidden", "b/c/three", "b/c/t(h)ree", "b/node_modules/four", "dist/five"];

  it.each([
    ["*", []],
    ["a/*", ["a/one", "a/two"]],
    ["./a/*/", ["a/one", "a/two"]],
    ["a/t*", ["a/two"]],
    ["a/?ne", ["a/one"]],
    ["a/.*", ["a/.hidden"]],
    ["{a,b/c}/t*", ["a/two", "b/c/t(h)ree", "b/c/three"]],
    ["b/c/t(h)*", ["b/c/t(h)ree"]],
    ["**", ["a/one", "a/two", "b/c/t(h)ree", "b/c/three"]],
    ["**/three", ["b/c/three"]],
    ["**/node_modules/*", ["b/node_modules/four"]],
    ["b/**/*", ["b/c/t(h)ree", "b/c/three"]],
    ["../*/a/one", ["../ROOT/a/one"]],
    ["none/*", []],
  ])("matches the pattern %s", (pattern, expected) => {
    const root = packageWith(...folders);
    const name = root.split("/").at(-1) ?? "";
    const found = expandPattern(root, pattern).filter((path) => !path.startsWith("../") || path.includes(name));
    expect(found).toEqual(expected.map((path) => path.replace("ROOT", name)));
  });

  it("a pattern may be absolute", () => {
    const root = packageWith("a/one");
    expect(expandPattern(tempFolder(), `${root}/a/*`)).toEqual([`${root}/a/one`]);
  });

  it("a pattern follows the links it names, and stops at cycles", () => {
    const root = packageWith("far/one");
    mkdirSync(join(root, "near"));
    symlinkSync(join(root, "far"), join(root, "near", "link"), "junction");
    expect(expandPattern(root, "near/*/*")).toEqual(["near/link/one"]);
    symlinkSync(root, join(root, "far", "back"), "junction");
    expect(expandPattern(root, "**/one")).toContain("far/one");
  });
});

describe("writing functions", () => {
  it("writeProject creates, updates and keeps files, and removeOrphans removes those without a model", () => {
    const root = packageWith("models/one", "models/two");
    const config = { models: ["models/*"] };
    const write = (): readonly string[] =>
      writeProject(generateProject(config, root), root).map(({ change }) => change);
    expect(write()).toEqual(["created", "created"]);
    const one = join(root, "generated/one.ts");
    writeFileSync(one, `${readFileSync(one, "utf8")}// more\n`);
    expect(write()).toEqual(["updated", "unchanged"]);
    rmSync(join(root, "models/two"), { recursive: true });
    const orphans = findOrphans(config, root, generateProject(config, root));
    removeOrphans(orphans, root);
    expect(readdirSync(join(root, "generated"))).toEqual(["one.ts"]);
  });

  it("writeProject writes nothing if one file is in the way", () => {
    const root = packageWith("models/one", "models/two");
    mkdirSync(join(root, "generated"));
    writeFileSync(join(root, "generated/two.ts"), "// mine\n");
    const files = generateProject({ models: ["models/*"] }, root);
    expectError(() => writeProject(files, root), "OUTPUT_CONFLICT");
    expect(readdirSync(join(root, "generated"))).toEqual(["two.ts"]);
  });
});
