import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { savedmodel } from "../../support/cli.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

function project(manifest: object): string {
  const root = tempFolder();
  writeFileSync(join(root, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(root, "tsconfig.json"), "{}");
  cpSync(modelFolder("custom_model"), join(root, "models", "custom_model"), { recursive: true });
  return root;
}

describe("savedmodel init", () => {
  it("init sets up a project in which generate and check run without arguments", () => {
    const root = project({ type: "module" });
    const { status, stdout, stderr } = savedmodel(["init", "--yes"], root);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(
      "created savedmodel.config.ts  1 model: models/custom_model\n" +
        "updated package.json  scripts: generate, check\n" +
        "created .gitattributes  generated/**\n" +
        "Next: `npm install savedmodel`, then `npx savedmodel generate`.\n",
    );
    expect(savedmodel(["generate"], root).stdout).toBe(
      `created ${join("generated", "custom-model.ts")}  CustomModel: pred, train\n`,
    );
    expect(savedmodel(["check"], root).status).toBe(0);
  });

  it("init changes nothing the second time, and says so", () => {
    const root = project({ devDependencies: { savedmodel: "1" } });
    const files = ["savedmodel.config.ts", "package.json", ".gitattributes"];
    const read = (): readonly string[] => files.map((file) => readFileSync(join(root, file), "utf8"));
    expect(savedmodel(["init"], root).stdout).toContain("Next: `npx savedmodel generate`.\n");
    const before = read();
    const { status, stdout } = savedmodel(["init"], root);
    expect(status).toBe(0);
    expect(stdout.split("\n").filter((line) => line.startsWith("unchanged "))).toHaveLength(3);
    expect(stdout).toContain("The project is already set up; nothing was changed.\n");
    expect(read()).toEqual(before);
  });

  it("init never overwrites a script, and says which one is kept", () => {
    const root = project({ type: "module", scripts: { check: "biome check" } });
    const { stderr } = savedmodel(["init"], root);
    expect(stderr).toBe(
      '  note package.json has a script "check" already, which stays; ours would be: savedmodel check\n',
    );
    expect(JSON.parse(readFileSync(join(root, "package.json"), "utf8"))).toEqual({
      type: "module",
      scripts: { check: "biome check", generate: "savedmodel generate" },
    });
  });

  it("init writes nothing when a file is invalid", () => {
    const root = project({});
    writeFileSync(join(root, "package.json"), "{");
    const { status, stderr } = savedmodel(["init"], root);
    expect([status, stderr]).toEqual([2, "error CONFIG_INVALID: package.json: the file is not JSON\n"]);
    expect(existsSync(join(root, "savedmodel.config.ts"))).toBe(false);
    const empty = savedmodel(["init"], tempFolder());
    expect(empty.status).toBe(1);
    expect(empty.stderr).toContain("error MODEL_NOT_FOUND: no SavedModel was found in . or below it. Put one there");
  });
});
