import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Config, defineConfig, loadConfig } from "../../generator/index.js";
import { expectRejection } from "../support/errors.js";
import { tempFolder } from "../support/temp.js";

/** A package with these files. */
function packageOf(files: Readonly<Record<string, string>>): string {
  const root = tempFolder();
  for (const [path, text] of Object.entries({ "package.json": '{ "type": "module" }', ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const MODELS = '{ models: ["models/*"] }';

describe("a configuration is read from", () => {
  it.each([
    ["savedmodel.config.ts", `const config: object = ${MODELS};\nexport default config;\n`],
    ["savedmodel.config.mts", `export default ${MODELS} as { models: string[] };\n`],
    ["savedmodel.config.js", `export default ${MODELS};\n`],
    ["savedmodel.config.mjs", `export default ${MODELS};\n`],
    ["savedmodel.config.json", '{ "models": ["models/*"] }'],
  ])("%s", async (name, text) => {
    const root = packageOf({ [name]: text });
    expect(await loadConfig(root)).toEqual({ config: { models: ["models/*"] }, root, file: join(root, name) });
  });

  it("a CommonJS module", async () => {
    const root = packageOf({ "package.json": "{}", "savedmodel.config.js": `module.exports = ${MODELS};\n` });
    expect((await loadConfig(root))?.config).toEqual({ models: ["models/*"] });
  });

  it("a module that imports defineConfig, where the package is not installed, and modules of the project", async () => {
    const root = packageOf({
      "savedmodel.config.ts": `
        import { defineConfig } from "savedmodel/generator";
        import { models } from "./models.js";
        export default defineConfig({ models, index: true });
      `,
      "models.ts": 'export const models: string[] = ["a"];\n',
    });
    expect((await loadConfig(root))?.config).toEqual({ models: ["a"], index: true });
  });

  it("the folder around, up to the package", async () => {
    const root = packageOf({ "savedmodel.config.json": '{ "models": ["a"] }', "b/package.json": "{}", "b/c/x": "" });
    mkdirSync(join(root, "a", "deep"), { recursive: true });
    expect((await loadConfig(join(root, "a", "deep")))?.root).toBe(root);
    expect(await loadConfig(join(root, "b", "c"))).toBeUndefined();
  });

  it("the file that is named, relative to the folder", async () => {
    const root = packageOf({ "configs/mine.json": '{ "models": [] }', "savedmodel.config.ts": "broken(" });
    const file = join(root, "configs", "mine.json");
    expect(await loadConfig(root, "configs/mine.json")).toEqual({
      config: { models: [] },
      root: join(root, "configs"),
      file,
    });
  });

  it("the disk, each time", async () => {
    const root = packageOf({ "savedmodel.config.ts": 'export default { models: ["a"] };' });
    await loadConfig(root);
    writeFileSync(join(root, "savedmodel.config.ts"), 'export default { models: ["b"] };');
    expect((await loadConfig(root))?.config.models).toEqual(["b"]);
  });
});

describe("a configuration is refused", () => {
  const json = (config: unknown): string => JSON.stringify(config);
  it.each([
    ["no object", "[]", "the configuration must be an object"],
    ["no models", "{}", 'models must be a list. Write models: ["models/*"].'],
    ["a key that is nearly right", json({ models: [], ouput: "a" }), 'no key "ouput". Did you mean "output"?'],
    [
      "a key that is nothing",
      json({ models: [], banana: 1 }),
      'no key "banana". Keys: models, output, index, importExtension.',
    ],
    [
      "a key of a model",
      json({ models: ["a", { path: "b", tag: [] }] }),
      'models[1] has no key "tag". Did you mean "tags"?',
    ],
    ["a model without a path", json({ models: [{ className: "A" }] }), "models[0] has no path"],
    ["a model that is a number", json({ models: [1] }), "models[0] must be a path, or an object with one"],
    ["an empty path", json({ models: [""] }), "models[0] must be a path"],
    [
      "a class name for a pattern",
      json({ models: [{ path: "a/*", className: "A" }] }),
      "models[0].className names one class",
    ],
    [
      "tags that are a text",
      json({ models: [{ path: "a", tags: "serve" }] }),
      "models[0].tags must be a list of texts",
    ],
    [
      "signatures of numbers",
      json({ models: [{ path: "a", signatures: [1] }] }),
      "models[0].signatures must be a list",
    ],
    [
      "a class name that is no text",
      json({ models: [{ path: "a", className: 1 }] }),
      "models[0].className must be a text",
    ],
    ["an output that is no path", json({ models: [], output: 1 }), "output must be a path"],
    ["an index that is no flag", json({ models: [], index: "yes" }), "index must be true or false"],
    ["an extension", json({ models: [], importExtension: "mjs" }), 'importExtension must be "js", "ts" or "none"'],
    ["a text that is no JSON", "{ models: [] }", "the file cannot be read: "],
  ])("with %s", async (_, text, message) => {
    const root = packageOf({ "savedmodel.config.json": text });
    const error = await expectRejection(loadConfig(root), "CONFIG_INVALID");
    expect(error.message).toContain("CONFIG_INVALID: savedmodel.config.json: ");
    expect(error.message).toContain(message);
  });

  it("where a module does not compile, throws or exports nothing", async () => {
    const root = packageOf({
      "a.ts": "export default {",
      "b.ts": 'throw new Error("no luck");',
      "c.ts": "export const models = [];",
    });
    const message = async (file: string): Promise<string> =>
      (await expectRejection(loadConfig(root, file), "CONFIG_INVALID")).message;
    expect(await message("a.ts")).toContain("a.ts: the file cannot be loaded: ");
    expect(await message("b.ts")).toContain("b.ts: the file cannot be loaded: no luck");
    expect(await message("c.ts")).toContain("c.ts: it exports nothing by default. Write `export default");
  });

  it("where there are two, or the one that is named is not there or of another kind", async () => {
    const root = packageOf({ "savedmodel.config.ts": "", "savedmodel.config.json": "", "config.yaml": "" });
    const two = await expectRejection(loadConfig(root), "CONFIG_INVALID");
    expect(two.message).toContain("savedmodel.config.ts: there is savedmodel.config.json too. Keep one of them.");
    const none = await expectRejection(loadConfig(root, "none.ts"), "CONFIG_INVALID");
    expect(none.message).toContain("none.ts: there is no such file. Create one: `npx savedmodel init`.");
    const yaml = await expectRejection(loadConfig(root, "config.yaml"), "CONFIG_INVALID");
    expect(yaml.message).toContain("config.yaml: the file must end in .ts, .mts, .js, .mjs, .json");
  });
});

it("defineConfig returns what it is given, and its type refuses a wrong key", () => {
  const config: Config = { models: ["a"] };
  expect(defineConfig(config)).toBe(config);
  // @ts-expect-error the key is called models
  defineConfig({ modles: [] });
});
