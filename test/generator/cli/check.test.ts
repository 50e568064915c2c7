import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { savedmodel } from "../../support/cli.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

/** A package with copies of these models and the clients of its configuration. */
function project(config: object, ...models: readonly string[]): string {
  const root = tempFolder();
  writeFileSync(join(root, "package.json"), "{}");
  writeFileSync(join(root, "savedmodel.config.json"), JSON.stringify(config));
  for (const model of models) cpSync(modelFolder(model), join(root, "models", model), { recursive: true });
  expect(savedmodel(["generate"], root).status).toBe(0);
  return root;
}

/** Puts a model of other signatures in the place of one. */
function replaceModel(root: string, model: string, other: string): void {
  rmSync(join(root, "models", model), { recursive: true });
  cpSync(modelFolder(other), join(root, "models", model), { recursive: true });
}

describe("savedmodel generate with a configuration", () => {
  it("writes the clients of all models, wherever in the package generate runs", () => {
    const config = { models: ["models/*"], output: "src/clients", index: true };
    const root = project(config, "custom_model", "regression");
    const again = savedmodel(["generate"], join(root, "models", "regression"));
    const up = join("..", "..", "src", "clients");
    expect(again.stdout).toBe(
      `unchanged ${join(up, "custom-model.ts")}  CustomModel: pred, train\n` +
        `unchanged ${join(up, "regression.ts")}  Regression: evaluate, pred, train, weights\n` +
        `unchanged ${join(up, "index.ts")}  index: CustomModel, Regression\n`,
    );
  });

  it("uses the configuration that --config names", () => {
    const root = project({ models: [] }, "custom_model");
    writeFileSync(
      join(root, "other.config.ts"),
      'import { defineConfig } from "savedmodel/generator";\n' +
        'export default defineConfig({ models: [{ path: "models/custom_model", className: "Other" }] });\n',
    );
    const { stdout } = savedmodel(["generate", "-c", "other.config.ts", "--dry-run"], root);
    expect(stdout).toBe(`would create ${join("generated", "other.ts")}  Other: pred, train\n`);
  });

  it("reports files whose models are gone, and removes them only with --clean", () => {
    const root = project({ models: ["models/*"] }, "custom_model", "regression");
    rmSync(join(root, "models", "regression"), { recursive: true });
    const orphan = join("generated", "regression.ts");
    writeFileSync(join(root, "generated", "mine.ts"), "export {};\n");
    const note = `  note ${orphan} has no model in the configuration (--clean removes it)\n`;
    expect(savedmodel(["generate"], root).stderr).toBe(note);
    expect(savedmodel(["generate", "--clean", "--dry-run"], root).stdout).toContain(`would remove ${orphan}\n`);
    expect(existsSync(join(root, orphan))).toBe(true);
    expect(savedmodel(["generate", "--clean"], root).stdout).toContain(`removed ${orphan}\n`);
    expect(existsSync(join(root, orphan))).toBe(false);
    expect(existsSync(join(root, "generated", "mine.ts"))).toBe(true);
    expect(savedmodel(["check"], root).status).toBe(0);
  });

  it.each([
    ["no configuration", ["generate"], "no configuration was found, and no folder was given"],
    ["an option for folders", ["generate", "-o", "out"], "--output needs a model folder, and none was given"],
    ["--clean with folders", ["generate", "a", "--clean"], "--clean applies to a configuration"],
    ["--config with folders", ["generate", "a", "-c", "b"], "--config applies to a configuration"],
    ["a configuration that is not there", ["generate", "-c", "b.ts"], "CONFIG_INVALID: b.ts: the file does not exist"],
    ["no configuration to check", ["check"], "npx savedmodel init"],
    ["--config with folders to check", ["check", "a", "-c", "b"], "--config applies to a configuration"],
    [
      "one class name for two models to check",
      ["check", "a", "b", "--class-name", "C"],
      "--class-name names one class",
    ],
  ])("generate exits with 2 for %s", (_, parameters, message) => {
    const { status, stderr } = savedmodel(parameters, tempFolder());
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  it.each(["generate", "check", "watch"])("names the configurations of a workspace in its root: %s", (command) => {
    const root = tempFolder();
    const write = (file: string, text: string): void => {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    };
    write("package.json", '{ "workspaces": ["packages/*"] }');
    write("src/main.ts", "");
    write("packages/a/package.json", "{}");
    write("packages/b/package.json", "{}");
    expect(savedmodel([command], root).stderr).toContain("or run `npx savedmodel init`");
    write("packages/b/savedmodel.config.json", '{ "models": [] }');
    const said =
      "This is the root of a workspace: pass packages/b/savedmodel.config.json with --config, or run this in its package.";
    const flat = (text: string): string => text.replaceAll(/\s+/g, " ");
    const { status, stderr } = savedmodel([command], root);
    expect([status, flat(stderr)]).toEqual([2, expect.stringContaining(said)]);
    write("packages/b/savedmodel.config.json", '{ "models": ["model"] }');
    cpSync(modelFolder("counter"), join(root, "packages/b/model"), { recursive: true });
    const checked = savedmodel(["check", "--config", "packages/b/savedmodel.config.json"], root);
    expect(flat(checked.stdout)).toContain(
      "out of date 1 of 1 file. Run `npx savedmodel generate --config packages/b/savedmodel.config.json`.",
    );
    // From a folder of the root's own, too; a package does not look at its siblings.
    expect(flat(savedmodel([command], join(root, "src")).stderr)).toContain(
      "pass ../packages/b/savedmodel.config.json",
    );
    expect(savedmodel([command], join(root, "packages/a")).stderr).toContain("or run `npx savedmodel init`");
  });
});

describe("savedmodel check", () => {
  it("check exits with 0 when all files are up to date", () => {
    const root = project({ models: ["models/*"], index: true }, "custom_model", "regression");
    const { status, stdout, stderr } = savedmodel(["check"], root);
    expect([status, stdout, stderr]).toEqual([0, "up to date 3 files\n", ""]);
  });

  it("check exits with 1 and lists the changes for callers, with a diff", () => {
    const root = project({ models: ["models/*"] }, "custom_model");
    replaceModel(root, "custom_model", "regression");
    const before = readFileSync(join(root, "generated", "custom-model.ts"), "utf8");
    const { status, stdout } = savedmodel(["check"], root);
    expect(status).toBe(1);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe(`changed ${join("generated", "custom-model.ts")}`);
    expect(lines).toContain('  there is a new signature "evaluate"');
    expect(lines).toContain('  "train" has a new required input "learning_rate"');
    expect(lines).toContain("--- a/generated/custom-model.ts");
    expect(lines).toContain("+++ b/generated/custom-model.ts");
    expect(lines.at(-2)).toBe("out of date 1 of 1 file. Run `npx savedmodel generate`.");
    expect(readFileSync(join(root, "generated", "custom-model.ts"), "utf8")).toBe(before);
  });

  it.each(["generate", "check"])(
    "check exits with 2 when the model lacks a signature of the configuration: %s",
    (command) => {
      const root = project(
        { models: [{ path: "models/custom_model", signatures: ["pred", "train"] }] },
        "custom_model",
      );
      const before = readFileSync(join(root, "generated", "custom-model.ts"), "utf8");
      replaceModel(root, "custom_model", "keras3");
      const { status, stdout, stderr } = savedmodel([command], root);
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(
        `CONFIG_INVALID: the configuration: ${join("models", "custom_model")}: the model has no signature "pred".`,
      );
      expect(readFileSync(join(root, "generated", "custom-model.ts"), "utf8")).toBe(before);
    },
  );

  it("check counts missing files and files whose models are gone", () => {
    const root = project({ models: ["models/*"] }, "custom_model", "regression");
    rmSync(join(root, "models", "regression"), { recursive: true });
    rmSync(join(root, "generated", "custom-model.ts"));
    const { status, stdout } = savedmodel(["check"], root);
    expect(status).toBe(1);
    expect(stdout).toBe(
      `missing ${join("generated", "custom-model.ts")}\norphaned ${join("generated", "regression.ts")}\n` +
        "out of date 2 of 2 files. Run `npx savedmodel generate --clean`.\n",
    );
  });

  it("check exits with 2 for an invalid configuration", () => {
    const root = project({ models: [] });
    writeFileSync(join(root, "savedmodel.config.json"), '{ "modles": [] }');
    const { status, stdout, stderr } = savedmodel(["check"], root);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toBe('error CONFIG_INVALID: savedmodel.config.json: unknown key "modles". Did you mean "models"?\n');
  });

  it.each([
    ["is damaged", "models/custom_model", (file: string) => writeFileSync(file, "junk")],
    ["is gone", "models/custom_model", (file: string) => rmSync(join(file, ".."), { recursive: true })],
    ["has no graph", "models/custom_model", (file: string) => rmSync(file)],
  ])("check exits with 3 when a model %s", (_, path, damage) => {
    const root = project({ models: [path] }, "custom_model");
    damage(join(root, path, "saved_model.pb"));
    const { status, stdout, stderr } = savedmodel(["check"], root);
    expect([status, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(/^error (MODEL_CORRUPT|MODEL_NOT_FOUND|NOT_A_SAVED_MODEL): /);
  });

  it("check --json prints machine-readable results", () => {
    const root = project({ models: ["models/*"] }, "custom_model", "counter");
    const read = (): unknown => JSON.parse(savedmodel(["check", "--json"], root).stdout);
    const fresh = { status: "fresh", changes: [], diff: "" };
    const counter = { path: "generated/counter.ts", ...fresh };
    const custom = { path: "generated/custom-model.ts", ...fresh };
    expect(read()).toEqual({ formatVersion: 1, fresh: true, files: [counter, custom] });
    rmSync(join(root, "generated", "counter.ts"));
    const missing = { ...counter, status: "missing" };
    expect(read()).toEqual({ formatVersion: 1, fresh: false, files: [missing, custom] });
    writeFileSync(join(root, "models/counter/saved_model.pb"), "junk");
    const message = expect.stringContaining("models/counter");
    expect(read()).toEqual({ formatVersion: 1, fresh: false, error: { code: "MODEL_CORRUPT", message } });
    writeFileSync(join(root, "savedmodel.config.json"), "{");
    expect(read()).toMatchObject({ fresh: false, error: { code: "CONFIG_INVALID" } });
  });

  it("check takes the folders and options of generate, and ignores other files", () => {
    const root = project({ models: ["models/*"] }, "custom_model", "regression");
    const folders = ["models/custom_model", "--class-name", "Net", "--signature", "pred", "--index", "-o", "out"];
    expect(savedmodel(["generate", ...folders], root).status).toBe(0);
    expect(savedmodel(["generate", "models/regression", "-o", "out"], root).status).toBe(0);
    expect(savedmodel(["check", ...folders], root).stdout).toBe("up to date 2 files\n");
    const { status, stdout } = savedmodel(
      ["check", ...folders.filter((flag) => flag !== "--class-name" && flag !== "Net")],
      root,
    );
    expect(status).toBe(1);
    expect(stdout).toContain(`missing ${join("out", "custom-model.ts")}\n`);
    expect(stdout).toContain("out of date 2 of 2 files. Generate the clients again.\n");
  });
});
