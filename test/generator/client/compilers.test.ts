import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { generate } from "../../../generator/index.js";
import { COMPILERS, compilerOutput, runCompiler } from "../../support/compilers.js";
import { hasShared, shared } from "../../support/needs.js";
import { modelFolder } from "../../support/temp.js";
import { generateWide } from "../../support/wide-model.js";

const typings = fileURLToPath(new URL("../../typings", import.meta.url));

/** The clients of this repository's models under their own names, which test/typings imports; those of others numbered. */
const files: Record<string, string> = {};
for (const name of readdirSync(typings)) files[name] = readFileSync(join(typings, name), "utf8");
for (const folder of modelsIn(modelFolder(""))) {
  const { fileName, text } = generate(folder);
  files[fileName] = text;
}
const wide = mkdtempSync(join(tmpdir(), "savedmodel-test-"));
files["wide.ts"] = generateWide(join(wide, "wide")).text;
rmSync(wide, { recursive: true });
for (const [index, folder] of (hasShared ? modelsIn(shared) : []).entries()) {
  files[`shared-${index}.ts`] = generate(folder).text;
}

function modelsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((model) => existsSync(join(model, "saved_model.pb")));
}

describe.each(["typescript-5.7", "typescript-7"] as const)("%s", (compiler) => {
  it("is the expected version", () => {
    expect(runCompiler(compiler, ["--version"]).trim()).toBe(COMPILERS[compiler]);
  });

  it("accepts every client, and accepts and rejects the calls in test/typings", () => {
    expect(compilerOutput(compiler, files)).toBe("");
  });

  it("does report type errors", () => {
    const wrong = 'import { CustomModel } from "./custom-model.js";\nexport const text: string = CustomModel.load();\n';
    const output = compilerOutput(compiler, { "custom-model.ts": files["custom-model.ts"] ?? "", "wrong.ts": wrong });
    expect(output).toMatch(/^.*wrong\.ts\(2,14\): error TS2322: .*\n$/);
  });
});
