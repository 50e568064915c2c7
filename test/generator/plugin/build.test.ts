import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rollup } from "rollup";
import { savedmodel } from "savedmodel/rollup";
import { describe, expect, it } from "vitest";
import { expectPrediction, makeApp } from "./app.js";
import { bundlers, type Format, fileOf, typescript } from "./bundlers.js";

const formats: readonly Format[] = ["esm", "cjs"];

describe.each(Object.entries(bundlers))("a build by %s", (_, build) => {
  it.each(formats)("generates the client, and its bundle predicts in plain Node.js, as %s", async (format) => {
    const app = makeApp();
    await build(app, { models: ["models/*"] }, format);
    expect(readFileSync(join(app.root, "generated/regression.ts"), "utf8")).toContain("class Regression");
    const bundle = join(app.root, "dist", fileOf(format));
    expect(readFileSync(bundle, "utf8")).toMatch(/(from|require\()\s*["']savedmodel["']/);
    expectPrediction(app.root, bundle);
  });

  it("uses the configuration file", async () => {
    const app = makeApp();
    writeFileSync(join(app.root, "savedmodel.config.ts"), `export default { models: ["models/*"], index: true };\n`);
    await build(app, undefined, "esm");
    expect(existsSync(join(app.root, "generated/index.ts"))).toBe(true);
    expectPrediction(app.root, join(app.root, "dist/main.js"));
  });

  it("does not bundle an unused client", async () => {
    const app = makeApp();
    const models = ["Regression", "Unused"].map((className) => ({ path: "models/regression", className }));
    writeFileSync(app.entry, readFileSync(app.entry, "utf8").replace("generated/regression", "generated/index"));
    await build(app, { models, index: true, importExtension: "none" }, "esm");
    const bundle = join(app.root, "dist", fileOf("esm"));
    expectPrediction(app.root, bundle);
    expect(readFileSync(join(app.root, "generated/index.ts"), "utf8")).toContain("Unused");
    expect(readFileSync(bundle, "utf8")).not.toContain("Unused");
  });

  it("fails with the error code when a model is broken, and writes no client", async () => {
    const app = makeApp();
    truncateSync(join(app.root, "models/regression/saved_model.pb"), 100);
    const built = build(app, { models: ["models/*"] }, "esm");
    await expect(built).rejects.toThrow("MODEL_CORRUPT: ");
    expect(existsSync(join(app.root, "generated"))).toBe(false);
  });

  it("names the configurations of a workspace in its root", async () => {
    const app = makeApp();
    writeFileSync(join(app.root, "package.json"), '{ "type": "module", "workspaces": ["packages/*"] }');
    mkdirSync(join(app.root, "packages/a"), { recursive: true });
    writeFileSync(join(app.root, "packages/a/package.json"), "{}");
    writeFileSync(join(app.root, "packages/a/savedmodel.config.ts"), "");
    const said = `or pass a configuration of this workspace as configFile: ${join("packages/a/savedmodel.config.ts")}.`;
    await expect(build(app, undefined, "esm")).rejects.toThrow(said);
  });

  it.each([
    ["an unknown option", { model: ["models/*"] }, 'INVALID_OPTION: savedmodel() has no option "model"'],
    ["an option without models", { index: true }, "INVALID_OPTION: savedmodel(): index was given, but no models"],
    ["models beside a file", { models: [], configFile: "x.ts" }, "INVALID_OPTION: savedmodel(): models and configFile"],
    [
      "a key of a model",
      { models: [{ path: "a", tag: [] }] },
      'models[0] has the unknown key "tag". Did you mean "tags"?',
    ],
    ["a wrong value", { models: ["a"], index: "yes" }, "CONFIG_INVALID: savedmodel(): index must be true or false"],
    ["a file that is not there", { configFile: "nowhere/x.ts" }, "CONFIG_INVALID: "],
  ])("rejects %s", async (_, options, message) => {
    await expect(build(makeApp(), options as object, "esm")).rejects.toThrow(message);
  });
});

it("Rollup's other plugins find the clients when the build starts, as those that compile TypeScript need", async () => {
  const { root, entry } = makeApp();
  const client = join(root, "generated/regression.ts");
  const seen: boolean[] = [];
  const compiler = { name: "compiler", buildStart: () => void seen.push(existsSync(client)) };
  const models = [join(root, "models/*")];
  const bundle = await rollup({
    input: entry,
    plugins: [compiler, savedmodel({ models, output: join(root, "generated") }), typescript],
  });
  await bundle.close();
  expect(seen).toEqual([true]);
});
