import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { distUrl } from "../../../support/dist.js";
import { modelFolder, tempFolder } from "../../../support/temp.js";

describe("the process", () => {
  const run = (code: string, ...flags: string[]): string => {
    const script = join(tempFolder(), "script.mjs");
    writeFileSync(script, `import { Model } from ${JSON.stringify(distUrl("runtime/index.js"))};\n${code}`);
    return execFileSync(process.execPath, [...flags, script], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  };
  const folder = JSON.stringify(modelFolder("custom_model"));

  it("a process exits cleanly with a model still loaded", () => {
    expect(run(`const model = Model.load(${folder}); console.log(model.signatures.length);`)).toBe("2\n");
  });

  it("unreferenced models free native memory", () => {
    const code = `
      const load = (count) => { for (let i = 0; i < count; i++) Model.load(${folder}).run("pred", { inputs: [[1, 1]] }); };
      const settle = async () => { for (let i = 0; i < 5; i++) { gc(); await new Promise((done) => setTimeout(done, 20)); } };
      load(20); await settle();
      const before = process.memoryUsage().rss;
      for (let round = 0; round < 6; round++) { load(20); await settle(); }
      console.log(process.memoryUsage().rss - before < 40e6 ? "level" : process.memoryUsage().rss - before);`;
    expect(run(code, "--expose-gc")).toBe("level\n");
  });
});
