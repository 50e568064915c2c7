import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Config, defineConfig, loadConfig } from "../../../generator/index.js";
import { expectRejection } from "../../support/errors.js";
import { tempFolder } from "../../support/temp.js";

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

describe("reading configurations", () => {
  it.each([
    ["savedmodel.config.ts", `const config: object = ${MODELS};\nexport default config;\n`],
    ["savedmodel.config.mts", `export default ${MODELS} as { models: string[] };\n`],
    ["savedmodel.config.js", `export default ${MODELS};\n`],
    ["savedmodel.config.mjs", `export default ${MODELS};\n`],
    ["savedmodel.config.json", '{ "models": ["models/*"] }'],
  ])("reads a configuration from %s", async (name, text) => {
    const root = packageOf({ [name]: text });
    expect(await loadConfig(root)).toEqual({ config: { models: ["models/*"] }, root, file: join(root, name) });
  });

  it("reads a configuration from JSON with a byte order mark, comments and trailing commas", async () => {
    const text = '\uFEFF{\n  // all of them\n  "models": ["models/*", /* and */ "a"],\n}\n';
    const root = packageOf({ "savedmodel.config.json": text });
    expect((await loadConfig(root))?.config).toEqual({ models: ["models/*", "a"] });
  });

  it("reads a configuration from a module that exports a promise", async () => {
    const root = packageOf({ "savedmodel.config.mjs": `export default Promise.resolve(${MODELS});\n` });
    expect((await loadConfig(root))?.config).toEqual({ models: ["models/*"] });
  });

  it("reads a configuration from a CommonJS module", async () => {
    const root = packageOf({ "package.json": "{}", "savedmodel.config.js": `module.exports = ${MODELS};\n` });
    expect((await loadConfig(root))?.config).toEqual({ models: ["models/*"] });
  });

  it("reads a module that imports defineConfig without an installed package, and modules of the project", async () => {
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

  it("finds a configuration in parent folders, up to the package", async () => {
    const root = packageOf({ "savedmodel.config.json": '{ "models": ["a"] }', "b/package.json": "{}", "b/c/x": "" });
    mkdirSync(join(root, "a", "deep"), { recursive: true });
    expect((await loadConfig(join(root, "a", "deep")))?.root).toBe(root);
    expect(await loadConfig(join(root, "b", "c"))).toBeUndefined();
  });

  it("reads the folder itself where no package is around it, and not from the one above", async () => {
    const root = tempFolder();
    mkdirSync(join(root, "inner"));
    writeFileSync(join(root, "savedmodel.config.json"), '{ "models": ["models/*"] }');
    expect((await loadConfig(root))?.root).toBe(root);
    expect(await loadConfig(join(root, "inner"))).toBeUndefined();
  });

  it("reads the named file, relative to the folder", async () => {
    const root = packageOf({ "configs/mine.json": '{ "models": [] }', "savedmodel.config.ts": "broken(" });
    const file = join(root, "configs", "mine.json");
    expect(await loadConfig(root, "configs/mine.json")).toEqual({
      config: { models: [] },
      root: join(root, "configs"),
      file,
    });
  });

  it("reads the configuration from disk each time", async () => {
    const root = packageOf({ "savedmodel.config.ts": 'export default { models: ["a"] };' });
    await loadConfig(root);
    writeFileSync(join(root, "savedmodel.config.ts"), 'export default { models: ["b"] };');
    expect((await loadConfig(root))?.config.models).toEqual(["b"]);
  });
});

describe("invalid configurations", () => {
  const json = (config: unknown): string => JSON.stringify(config);
  it.each([
    ["not an object", "[]", "the configuration must be an object"],
    ["no models", "{}", 'models must be an array. Write models: ["models/*"].'],
    ["a key that is nearly right", json({ models: [], ouput: "a" }), 'unknown key "ouput". Did you mean "output"?'],
    [
      "a key that is nothing",
      json({ models: [], banana: 1 }),
      'unknown key "banana". Keys: models, output, index, importExtension, target.',
    ],
    [
      "a key of a model",
      json({ models: ["a", { path: "b", tag: [] }] }),
      'models[1] has the unknown key "tag". Did you mean "tags"?',
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
      "tags that are a string",
      json({ models: [{ path: "a", tags: "serve" }] }),
      "models[0].tags must be an array of strings",
    ],
    [
      "signatures of numbers",
      json({ models: [{ path: "a", signatures: [1] }] }),
      "models[0].signatures must be an array",
    ],
    [
      "a class name that is not a string",
      json({ models: [{ path: "a", className: 1 }] }),
      "models[0].className must be a string",
    ],
    [
      "deprecated signatures in an array",
      json({ models: [{ path: "a", deprecated: ["b"] }] }),
      "models[0].deprecated must be an object of strings",
    ],
    [
      "a deprecated signature without a string",
      json({ models: [{ path: "a", deprecated: { old: true } }] }),
      'models[0].deprecated["old"] must be a string',
    ],
    ["an output that is no path", json({ models: [], output: 1 }), "output must be a path"],
    ["an index that is no flag", json({ models: [], index: "yes" }), "index must be true or false"],
    ["an extension", json({ models: [], importExtension: "mjs" }), 'importExtension must be "js", "ts" or "none"'],
    ["a target", json({ models: [], target: "mjs" }), 'target must be "ts" or "js"'],
    [
      "an extension that JavaScript does not have",
      json({ models: [], target: "js", importExtension: "ts" }),
      'importExtension must be "js" or "none" where target is "js"',
    ],
    ["a text that is not JSON", '{\n  "models": [],\n  index: true\n}', "the file cannot be read: line 3: "],
    ["a text that ends too early", '{\n  "models": [\n', "the file cannot be read: line 3: "],
  ])("rejects a configuration: %s", async (_, text, message) => {
    const root = packageOf({ "savedmodel.config.json": text });
    const error = await expectRejection(loadConfig(root), "CONFIG_INVALID");
    expect(error.message).toContain("CONFIG_INVALID: savedmodel.config.json: ");
    expect(error.message).toContain(message);
  });

  it.each([
    ["does not compile", "\nexport default {", "the file cannot be loaded: ParseError: Unexpected token (c.ts:2)"],
    ["throws", '\n\nthrow new Error("no luck.\\nNever.");', "the file cannot be loaded: no luck (c.ts:3)"],
    ["throws a string", 'throw "no luck";', "the file cannot be loaded: no luck"],
    ["calls what throws", "\nconst make = () => {\n  return a.b;\n};\nexport default make();", "(c.ts:3)"],
    ["imports what throws", 'import { a } from "./lib/other.js";\nexport default a;', "no a (lib/other.ts:2)"],
    ["imports what is not there", '\nimport a from "./none.js";\nexport default a;', "Cannot find module './none.js'"],
    // The place that the engine names here is in no line of the source.
    ["uses what is not defined", "\nexport default defneConfig({});", "defneConfig is not defined (c.ts)"],
    ["exports a promise that rejects", 'export default Promise.reject("late");', "cannot be loaded: late"],
    ["exports a function", "export default () => ({ models: [] });", "it exports a function. Export the configuration"],
    ["exports nothing", "export const models = [];", "it has no default export. Write `export default"],
    ["exports undefined", "export default undefined;", "it has no default export. Write `export default"],
  ])("rejects a configuration if a module %s", async (_, text, message) => {
    const root = packageOf({ "c.ts": text, "lib/other.ts": 'export const a = 1;\nthrow new Error("no a");\n' });
    const error = await expectRejection(loadConfig(root, "c.ts"), "CONFIG_INVALID");
    expect(error.message.replaceAll("\\", "/")).toContain(message);
    expect(error.message).toMatch(/^CONFIG_INVALID: c\.ts: /);
  });

  it("accepts a module with its compiled output next to it", async () => {
    const text = 'export default { models: ["a"] };';
    const root = packageOf({ "savedmodel.config.ts": text, "savedmodel.config.js": "throw new Error();" });
    expect((await loadConfig(root))?.config).toEqual({ models: ["a"] });
  });

  it("rejects several configurations, a missing file and an unknown file type", async () => {
    const root = packageOf({ "savedmodel.config.ts": "", "savedmodel.config.json": "", "config.yaml": "" });
    const two = await expectRejection(loadConfig(root), "CONFIG_INVALID");
    expect(two.message).toContain("savedmodel.config.ts: savedmodel.config.json exists too. Keep one of them.");
    const none = await expectRejection(loadConfig(root, "none.ts"), "CONFIG_INVALID");
    expect(none.message).toContain("none.ts: the file does not exist. Create one: `npx savedmodel init`.");
    const yaml = await expectRejection(loadConfig(root, "config.yaml"), "CONFIG_INVALID");
    expect(yaml.message).toContain("config.yaml: the file must end in .ts, .mts, .js, .mjs, .json");
  });
});

it("defineConfig returns its argument, and its type rejects an unknown key", () => {
  const config: Config = { models: ["a"] };
  expect(defineConfig(config)).toBe(config);
  // @ts-expect-error the key is called models
  defineConfig({ modles: [] });
});
