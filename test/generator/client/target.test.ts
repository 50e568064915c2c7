import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { checkFiles } from "../../../generator/check/check-project.js";
import { readDescriptor } from "../../../generator/check/parse-descriptor.js";
import { inTarget } from "../../../generator/client/target.js";
import { generate } from "../../../generator/generate/generate-client.js";
import { findOrphans } from "../../../generator/project/orphans.js";
import { generateProject } from "../../../generator/project/project.js";
import { writeProject } from "../../../generator/project/write-project.js";
import { savedmodel } from "../../support/cli.js";
import { distUrl } from "../../support/dist.js";
import { copyOfModel, modelFolder, tempFolder } from "../../support/temp.js";
import { typeErrors } from "../../support/typescript.js";

/** Every kind of method, argument and result. */
const MODELS = ["composite", "counter", "custom_model", "dtypes", "example", "text"] as const;

/** A folder of a project whose package.json has this type. */
function folderOf(type: string | undefined): string {
  const root = tempFolder();
  writeFileSync(join(root, "package.json"), JSON.stringify({ type }));
  mkdirSync(join(root, "src"));
  return join(root, "src");
}

describe("a client in JavaScript", () => {
  it.each(MODELS)("JavaScript of %s parses, with the class and descriptor of the TypeScript", (name) => {
    const client = generate(modelFolder(name));
    const [script, declarations, ...more] = inTarget(client, "js", folderOf("module"));
    expect([script?.fileName, declarations?.fileName, more]).toEqual([
      client.fileName.replace(/\.ts$/, ".js"),
      client.fileName.replace(/\.ts$/, ".d.ts"),
      [],
    ]);
    const banner = client.text.split("\n").slice(0, 2);
    for (const file of [script, declarations]) expect(file?.text.split("\n").slice(0, 2)).toEqual(banner);
    const program = ts.transpileModule(script?.text ?? "", { reportDiagnostics: true, fileName: "client.js" });
    expect(program.diagnostics).toEqual([]);
    const descriptor = readDescriptor(client.text);
    expect(descriptor).toBeDefined();
    expect(readDescriptor(script?.text ?? "")).toEqual(descriptor);
  });

  it("declarations equal those of the TypeScript", () => {
    const files = MODELS.map((name): readonly (readonly [string, string])[] => {
      const { className, text, ...client } = generate(modelFolder(name));
      const [, declarations] = inTarget({ ...client, text }, "js", folderOf("module"));
      const use = `
        import type { ${className} as Declared, ${className}Async as DeclaredAsync } from "./${name}_declared.js";
        import type { ${className} as Written, ${className}Async as WrittenAsync } from "./${name}_written.js";
        export const one = (model: Written, calls: WrittenAsync): readonly [Declared, DeclaredAsync] => [model, calls];
        export const other = (model: Declared, calls: DeclaredAsync): readonly [Written, WrittenAsync] => [model, calls];
        export const fakes = (fakes: Parameters<typeof Declared.fake>[0]): Parameters<typeof Written.fake>[0] => fakes;
      `;
      const declared = declarations?.text ?? "";
      return [
        [`${name}_declared.d.ts`, declared],
        [`${name}_written.ts`, text],
        [`${name}_use.ts`, use],
      ];
    });
    expect(typeErrors(Object.fromEntries(files.flat()))).toEqual([]);
  });

  it.each([
    ["module", "import { CustomModel } from './client.js'; import { strict as assert } from 'node:assert';"],
    ["commonjs", "const { CustomModel } = require('./client.js'); const { strict: assert } = require('node:assert');"],
    [undefined, "const { CustomModel } = require('./client.js'); const { strict: assert } = require('node:assert');"],
  ])("JavaScript runs in a package of type %s", (type, head) => {
    const folder = folderOf(type);
    const client = generate(modelFolder("custom_model"), { outputFolder: folder });
    const [script] = inTarget(client, "js", folder);
    const runtime = new URL(distUrl("runtime/index.js"));
    const package_ = type === "module" ? runtime.href : runtime.pathname.replace(/\.js$/, ".cjs");
    writeFileSync(join(folder, "client.js"), script?.text.replace('"savedmodel"', JSON.stringify(package_)) ?? "");
    const program = `${head}
      const model = CustomModel.fake({ pred: () => [[0.5]] });
      assert.equal(model.pred([[1, 1]]).item(), 0.5);
      console.log(CustomModel.name);`;
    writeFileSync(join(folder, "main.js"), program);
    expect(execFileSync(process.execPath, [join(folder, "main.js")], { encoding: "utf8" })).toBe("CustomModel\n");
  });
});

describe("a project of JavaScript", () => {
  const config = { models: ["model"], output: "src", index: true, target: "js" } as const;

  it("a JavaScript project has two files for each client and the index, and check compares them", () => {
    const root = join(copyOfModel("custom_model"), "..");
    writeFileSync(join(root, "package.json"), '{ "type": "module" }');
    const files = generateProject({ ...config, models: ["custom_model"] }, root);
    expect(files.map(({ path, names }) => [path, names])).toEqual([
      ["src/custom-model.js", ["pred", "train"]],
      ["src/custom-model.d.ts", []],
      ["src/index.js", ["CustomModel"]],
      ["src/index.d.ts", []],
    ]);
    writeProject(files, root);
    expect(checkFiles(files, [], root).every(({ status }) => status === "fresh")).toBe(true);
    const path = join(root, "src/custom-model.js");
    writeFileSync(path, readFileSync(path, "utf8").replace("shape: [1, 2]", "shape: [1, 3]"));
    const [changed] = checkFiles(files, [], root);
    expect(changed).toMatchObject({
      status: "changed",
      changes: [expect.stringContaining("is float32 [1, 2], not float32 [1, 3]")],
    });
    // The TypeScript that was generated before is now an orphan.
    writeProject(generateProject({ models: ["custom_model"], output: "src" }, root), root);
    expect(findOrphans({ ...config, models: ["custom_model"] }, root, files)).toEqual(["src/custom-model.ts"]);
    rmSync(path);
    expect(checkFiles(files, [], root)[0]?.status).toBe("missing");
  });
});

describe("the command line", () => {
  it("the command line writes JavaScript, and rejects an unknown target", () => {
    const folder = tempFolder();
    const { status, stdout } = savedmodel(["generate", modelFolder("counter"), "-o", folder, "--target", "js"]);
    expect([status, stdout.match(/\S+\.(?:js|d\.ts)/g)?.map((path) => path.slice(path.lastIndexOf("/") + 1))]).toEqual([
      0,
      ["counter.js", "counter.d.ts"],
    ]);
    expect(savedmodel(["check", modelFolder("counter"), "-o", folder, "--target", "js"]).status).toBe(0);
    const refused = savedmodel(["generate", modelFolder("counter"), "-o", folder, "--target", "java"]);
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringContaining('unknown target "java". Choose one of ts, js.'),
    ]);
  });
});
