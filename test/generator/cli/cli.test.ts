import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { inspect } from "../../../generator/index.js";
import { type Finished, savedmodel } from "../../support/cli.js";
import { distUrl } from "../../support/dist.js";
import { copyOfModel, modelFolder, tempFolder } from "../../support/temp.js";

describe("savedmodel", () => {
  it("prints its version and its help", () => {
    const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
    expect(savedmodel(["--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
    const { status, stdout } = savedmodel(["--help"]);
    expect(status).toBe(0);
    for (const command of ["install", "inspect", "generate", "doctor"]) expect(stdout).toContain(`  ${command} `);
  });

  it.each([
    ["an unknown command", ["inspekt"]],
    ["an unknown option", ["inspect", "--jsn", "x"]],
    ["a missing argument", ["generate"]],
    ["a wrong class name", ["generate", modelFolder("custom_model"), "--class-name", "a b", "-o", "unused"]],
    ["one class name for two models", ["generate", "a", "b", "--class-name", "C"]],
    ["a wrong extension", ["generate", modelFolder("counter"), "--index", "--import-extension", "mjs"]],
    ["a wrong extension without an index", ["generate", modelFolder("counter"), "--import-extension", "mjs"]],
  ])("exits with 2 for %s", (_, parameters) => {
    const { status, stdout, stderr } = savedmodel(parameters, tempFolder());
    expect(stderr).toMatch(/error/);
    expect([status, stdout]).toEqual([2, ""]);
  });

  it("exits with 1 and an error code for a folder that is not a model", () => {
    const { status, stderr } = savedmodel(["inspect", "nowhere"], tempFolder());
    expect([status, stderr]).toEqual([1, "error MODEL_NOT_FOUND: folder not found: nowhere\n"]);
  });
});

describe("savedmodel inspect", () => {
  it("inspect shows signatures with inputs in the author's order", () => {
    expect(savedmodel(["inspect", "custom_model"], modelFolder("")).stdout).toBe(
      `custom_model  tags: serve, TensorFlow 2.21.0

pred(inputs)
  in  inputs  float32 [1, 2]
  out output  float32 [1, 1]

train(training_input, training_target)
  in  training_input   float32 [1, 2]
  in  training_target  float32 [1, 1]
  out loss             float32 scalar

variables  6, with 11 parameters, 9 trainable
      custom_model/bias    float32 [2]  at model_variables/1
      custom_model/bias    float32 [1]  at model_variables/3
      custom_model/kernel  float32 [2, 2]  at model_variables/0
      custom_model/kernel  float32 [2, 1]  at model_variables/2
      sgd/iteration        int64 scalar  not trainable
      sgd/learning_rate    float32 scalar  not trainable

operations  33 types
`,
    );
  });

  it("inspect lists the assets", () => {
    expect(savedmodel(["inspect", modelFolder("text")]).stdout).toContain("\nassets  vocabulary.txt\n");
  });

  it("inspect marks optional inputs and omitted signatures", () => {
    const { stdout } = savedmodel(["inspect", modelFolder("dtypes")]);
    expect(stdout).toContain("with_default(x, scale?, offset?)");
    expect(stdout).toContain("omitted from generated clients: it has no outputs, so there is nothing to run");
  });

  it("inspect shows the features of a serialized example", () => {
    expect(savedmodel(["inspect", modelFolder("example")]).stdout).toContain(
      [
        "parse_one(example)",
        "  in  example  string scalar  tf.Example of",
        "        id       int64 scalar",
        "        weights  float32 [3]  optional",
        "  out id       int64 scalar",
      ].join("\n"),
    );
  });

  it("inspect suggests a version for a folder of versions", () => {
    const folder = tempFolder();
    for (const version of ["1", "2"]) cpSync(modelFolder("counter"), join(folder, "m", version), { recursive: true });
    const { status, stderr } = savedmodel(["inspect", "m"], folder);
    const newest = join("m", "2");
    expect([status, stderr]).toEqual([
      1,
      `error NOT_A_SAVED_MODEL: m holds no saved_model.pb. Pass ${newest}, the newest of the versions in it.\n`,
    ]);
  });

  it("inspect --json prints the description", () => {
    const { stdout } = savedmodel(["inspect", "--json", modelFolder("regression")]);
    expect(JSON.parse(stdout)).toEqual(inspect(modelFolder("regression")));
  });

  it("inspect escapes control characters of a model", () => {
    const { stdout } = savedmodel(["inspect", modelFolder("names")]);
    expect(stdout.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
});

describe("savedmodel generate", () => {
  it("generate creates a file, leaves it unchanged, and updates it", () => {
    const folder = tempFolder();
    const generate = (): string => savedmodel(["generate", modelFolder("custom_model"), "-o", "out"], folder).stdout;
    const file = join(folder, "out", "custom-model.ts");
    expect(generate()).toBe(`created ${join("out", "custom-model.ts")}  CustomModel: pred, train\n`);
    const { mtimeNs } = statSync(file, { bigint: true });
    expect(generate()).toMatch(/^unchanged /);
    expect(statSync(file, { bigint: true }).mtimeNs).toBe(mtimeNs);
    const text = readFileSync(file, "utf8");
    appendFileSync(file, "// touched\n");
    expect(generate()).toMatch(/^updated /);
    expect(readFileSync(file, "utf8")).toBe(text);
    expect(readdirSync(join(folder, "out"))).toEqual(["custom-model.ts"]);
  });

  it("generate ignores Windows line endings when it compares files", () => {
    const folder = tempFolder();
    const generate = (): string => savedmodel(["generate", modelFolder("custom_model"), "-o", folder]).stdout;
    generate();
    const file = join(folder, "custom-model.ts");
    writeFileSync(file, `\uFEFF${readFileSync(file, "utf8").replaceAll("\n", "\r\n")}`);
    expect(generate()).toMatch(/^unchanged /);
  });

  it("generate writes paths relative to the package, from any working directory", () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "package.json"), "{}");
    mkdirSync(join(folder, "models"));
    const model = copyOfModel("custom_model");
    spawnSync("cp", ["-r", model, join(folder, "models")]);
    savedmodel(["generate", "models/custom_model", "-o", "a"], folder);
    savedmodel(["generate", "custom_model", "-o", "../b"], join(folder, "models"));
    const text = readFileSync(join(folder, "a", "custom-model.ts"), "utf8");
    expect(readFileSync(join(folder, "b", "custom-model.ts"), "utf8")).toBe(text);
    expect(text).toContain('directory: "models/custom_model"');
  });

  it("generate never overwrites a file that it did not write", () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "custom-model.ts"), "export const mine = 1;\n");
    const { status, stderr } = savedmodel(["generate", modelFolder("custom_model"), "-o", folder]);
    expect(status).toBe(1);
    expect(stderr).toContain("OUTPUT_CONFLICT");
    expect(readFileSync(join(folder, "custom-model.ts"), "utf8")).toBe("export const mine = 1;\n");
  });

  it("generate --signature writes methods only for the chosen signatures", () => {
    const only = ["--signature", "pred", "--signature", "weights", "--stdout"];
    const { stdout } = savedmodel(["generate", modelFolder("regression"), ...only]);
    expect(stdout.match(/^ {2}\w+(?=\(\.\.\.inputs)/gm)).toEqual(["  pred", "  weights"]);
    const { status, stderr } = savedmodel(["generate", modelFolder("regression"), "--signature", "perd", "--stdout"]);
    expect(status).toBe(1);
    expect(stderr).toContain('SIGNATURE_NOT_FOUND: the model has no signature "perd". Did you mean "pred"?');
  });

  it("generate --stdout and --dry-run write no files", () => {
    const folder = tempFolder();
    const model = modelFolder("custom_model");
    expect(savedmodel(["generate", model, "--stdout"], folder).stdout).toMatch(/^\/\/ Generated by savedmodel from /);
    expect(savedmodel(["generate", model, "--dry-run"], folder).stdout).toMatch(/^would create /);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("generate writes nothing when one of several files cannot be written", () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "regression.ts"), "");
    const { status } = savedmodel(["generate", modelFolder("custom_model"), modelFolder("regression"), "-o", folder]);
    expect([status, readdirSync(folder)]).toEqual([1, ["regression.ts"]]);
  });

  it("generate writes nothing when one of several models is broken", () => {
    const folder = tempFolder();
    const { status } = savedmodel(["generate", modelFolder("custom_model"), "nowhere", "-o", "out"], folder);
    expect([status, readdirSync(folder)]).toEqual([1, []]);
  });

  it("generate reports a folder that cannot be written", () => {
    const file = join(tempFolder(), "file");
    writeFileSync(file, "");
    const { status, stderr } = savedmodel(["generate", modelFolder("custom_model"), "-o", file]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error WRITE_FAILED: .*custom-model\.ts cannot be written: /);
  });

  it("generate reports a folder in place of the file", () => {
    const folder = tempFolder();
    mkdirSync(join(folder, "custom-model.ts"));
    const { status, stderr } = savedmodel(["generate", modelFolder("custom_model"), "-o", folder]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error OUTPUT_CONFLICT: .*custom-model\.ts is a folder\. /);
  });

  it("generate rejects two models that would be written to the same file", () => {
    const other = copyOfModel("custom_model");
    const { status, stderr } = savedmodel(["generate", modelFolder("custom_model"), other, "-o", tempFolder()]);
    expect(status).toBe(1);
    expect(stderr).toContain("would both be written to custom-model.ts");
  });

  it("generate --index exports every class of the run, under the rules for clients", () => {
    const folder = tempFolder();
    const models = [modelFolder("regression"), modelFolder("counter")];
    const generate = (...flags: readonly string[]): Finished =>
      savedmodel(["generate", ...models, "-o", "out", "--index", ...flags], folder);
    const file = join("out", "index.ts");
    expect(generate("--dry-run").stdout).toContain(`would create ${file}  index: Regression, Counter\n`);
    expect(readdirSync(folder)).toEqual([]);
    expect(generate().stdout).toContain(`created ${file}  index: Regression, Counter\n`);
    expect(readFileSync(join(folder, file), "utf8")).toContain('export { Counter } from "./counter.js";\n');
    expect(generate().stdout).toContain(`unchanged ${file} `);
    expect(generate("--import-extension", "none").stdout).toContain(`updated ${file} `);
    expect(generate("--stdout").stdout).toContain(readFileSync(join(folder, "out", "counter.ts"), "utf8"));
    const alone = savedmodel(["generate", ...models, "--import-extension", "ts", "--stdout"], folder);
    expect([alone.status, alone.stderr]).toEqual([0, ""]);
    expect(generate("--stdout").stdout).toContain('\nexport { Regression } from "./regression.js";\n');
  });

  it("generate --index does not replace an index that it did not write, and then writes nothing", () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "index.ts"), "export {};\n");
    const { status, stderr } = savedmodel(["generate", modelFolder("counter"), "-o", folder, "--index"]);
    expect([status, readdirSync(folder)]).toEqual([1, ["index.ts"]]);
    expect(stderr).toContain("OUTPUT_CONFLICT");
  });

  it("generate --index rejects a client that would be the index", () => {
    const folder = tempFolder();
    const flags = ["--class-name", "Index", "-o", folder, "--index"];
    const { status, stderr } = savedmodel(["generate", modelFolder("counter"), ...flags]);
    expect([status, readdirSync(folder)]).toEqual([1, []]);
    expect(stderr).toContain("OUTPUT_CONFLICT: Index and the index would both be written to index.ts");
  });

  it("generate prints notes on renamed and omitted items", () => {
    const { stderr } = savedmodel(["generate", modelFolder("names"), modelFolder("dtypes"), "-o", tempFolder()]);
    expect(stderr).toContain('note method "save" is called save_, because save is reserved');
    expect(stderr).toContain('note signature "no_outputs" is omitted');
  });
});

it("importing the runtime loads no native code, no code printer, no parser and no command line", () => {
  const script = `
    import { register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(\`
      export async function resolve(specifier, context, next) {
        const found = await next(specifier, context);
        process._rawDebug(found.url);
        return found;
      }\`));
    const { createRequire } = await import("node:module");
    await import(${JSON.stringify(distUrl("runtime/index.js"))});
    for (const file of Object.keys(createRequire("/x")("module")._cache)) process._rawDebug(file);`;
  const { stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    cwd: fileURLToPath(new URL("../../..", import.meta.url)),
  });
  expect(status).toBe(0);
  expect(stderr).toContain("runtime/index.js");
  expect(stderr).not.toMatch(/node_modules|dist\/(generator|vendor)\//);
});
