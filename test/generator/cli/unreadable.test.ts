import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { safeJson } from "../../../generator/cli/ui/safe-json.js";
import { savedmodel } from "../../support/cli.js";
import { distFile } from "../../support/dist.js";
import { encodeMessage, writeModel } from "../../support/saved-model.js";
import { copyOfModel, modelFolder, tempFolder } from "../../support/temp.js";

/** A folder with two models that can be read and two that cannot. */
function project(): string {
  const root = tempFolder();
  const x = { key: "x", dtype: 1, shape: [2], tensor: "x:0" };
  const signatures = [{ key: "pred", methodName: "", inputs: [x], outputs: [x] }];
  for (const name of ["a", "c"]) {
    writeModel(join(root, "models", name), { tags: ["serve"], tensorflowVersion: "", signatures });
  }
  for (const name of ["b", "d"]) {
    mkdirSync(join(root, "models", name));
    writeFileSync(join(root, "models", name, "saved_model.pb"), "not a model");
  }
  writeFileSync(join(root, "savedmodel.config.json"), '{ "models": ["models/*"], "index": true }');
  writeFileSync(join(root, "package.json"), "{}");
  return root;
}

const FOLDERS = ["models/a", "models/b", "models/c", "models/d"];
const BROKEN =
  "error MODEL_CORRUPT: 2 of 4 models cannot be read\n" +
  "  MODEL_CORRUPT: models/b/saved_model.pb is truncated or not a SavedModel\n" +
  "  MODEL_CORRUPT: models/d/saved_model.pb is truncated or not a SavedModel\n";

describe("unreadable models", () => {
  it.each([
    ["given as folders", FOLDERS],
    ["of the configuration", []],
  ])("an error names all unreadable models, and nothing is written, %s", (_, folders) => {
    const root = project();
    const { status, stdout, stderr } = savedmodel(["generate", ...folders], root);
    expect([status, stdout, stderr]).toEqual([1, "", BROKEN]);
    expect(existsSync(join(root, "generated"))).toBe(false);
  });

  it.each([
    ["given as folders", ["--index", ...FOLDERS]],
    ["of the configuration", []],
  ])("--keep-going writes the clients of readable models, %s", (_, parameters) => {
    const root = project();
    const { status, stdout, stderr } = savedmodel(["generate", "--keep-going", ...parameters], root);
    expect([status, stderr]).toEqual([1, BROKEN]);
    expect(stdout).toBe(
      `created ${join("generated", "a.ts")}  A: pred\ncreated ${join("generated", "c.ts")}  C: pred\n`,
    );
    // An index without two of the classes would take them from those who import them.
    expect(existsSync(join(root, "generated", "index.ts"))).toBe(false);
  });

  it("clients of unreadable models are not treated as orphans", () => {
    const root = project();
    writeModel(join(root, "models", "b"), { tags: ["serve"], tensorflowVersion: "", signatures: [] });
    savedmodel(["generate", "--keep-going"], root);
    writeFileSync(join(root, "models", "b", "saved_model.pb"), "not a model");
    const { status } = savedmodel(["generate", "--keep-going", "--clean"], root);
    expect([status, existsSync(join(root, "generated", "b.ts"))]).toEqual([1, true]);
  });

  it("check names all unreadable models and exits with 3", () => {
    const { status, stderr } = savedmodel(["check"], project());
    expect([status, stderr]).toEqual([3, BROKEN]);
  });

  it("a single unreadable model is reported with its own error", () => {
    const root = project();
    const { stderr } = savedmodel(["generate", "models/a", "models/b"], root);
    expect(stderr).toBe("error MODEL_CORRUPT: models/b/saved_model.pb is truncated or not a SavedModel\n");
  });
});

describe("missing tags", () => {
  /** A folder with a model of two meta graphs, none of them tagged serve. */
  const tagged = (config: string): string => {
    const root = tempFolder();
    mkdirSync(join(root, "models", "m"), { recursive: true });
    const metaGraphs = [["train"], ["gpu", "serve"]].map((tags) => ({ metaInfoDef: { tags } }));
    writeFileSync(join(root, "models", "m", "saved_model.pb"), encodeMessage("SavedModel", { metaGraphs }));
    if (config !== "") writeFileSync(join(root, "savedmodel.config.json"), config);
    writeFileSync(join(root, "package.json"), "{}");
    return root;
  };
  const FLAGS = "Choose one: --tags train; --tags gpu,serve.\n";

  it.each([
    [["inspect", "models/m"]],
    [["run", "models/m"]],
    [["generate", "models/m"]],
    [["check", "models/m"]],
    [["train", "models/m", "--data", "rows.csv", "--save", "out"]],
  ])("for missing tags, the error suggests --tags if folders are given: %j", (parameters) => {
    expect(savedmodel(parameters, tagged("")).stderr).toContain(FLAGS);
  });

  it("for missing tags, the error suggests a flag where folders are watched", async () => {
    const child = spawn(process.execPath, [distFile("generator/cli/main.js"), "generate", "models/m", "--watch"], {
      cwd: tagged(""),
    });
    let stderr = "";
    await new Promise((resolve) => {
      child.once("exit", resolve);
      child.stderr.setEncoding("utf8").on("data", (piece: string) => {
        stderr += piece;
        if (stderr.endsWith("\n")) resolve(undefined);
      });
    });
    child.kill();
    expect(stderr).toContain(FLAGS);
  });

  it("for missing tags, the error suggests the configuration if it names the model", () => {
    const { stderr } = savedmodel(["generate"], tagged('{ "models": ["models/m"] }'));
    expect(stderr).toContain(
      'Choose one with the key `tags` of the model in the configuration: ["train"]; ["gpu", "serve"].',
    );
  });

  it("init writes the tags of a model that needs them", () => {
    const root = tagged("");
    writeFileSync(join(root, "tsconfig.json"), "{}");
    savedmodel(["init", "--yes"], root);
    const { status, stdout } = savedmodel(["generate", "--dry-run"], root);
    expect([status, stdout]).toEqual([0, `would create ${join("generated", "m.ts")}  M\n`]);
  });
});

describe("JSON", () => {
  it("JSON output has no character that a terminal would interpret, and the same values", () => {
    const key = "a\u0085\u009b31m\u202e\u2066\u2028\u{e0001}\u007f\u200bé😀";
    const root = tempFolder();
    const tensor = { key, dtype: 1, shape: [2], tensor: "x:0" };
    writeModel(root, {
      tags: ["serve"],
      tensorflowVersion: key,
      signatures: [{ key, methodName: key, inputs: [tensor], outputs: [tensor] }],
    });
    const { stdout } = savedmodel(["inspect", "--json", root]);
    expect(stdout).not.toMatch(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(stdout).toContain("é😀");
    expect(JSON.parse(stdout).signatures[0].inputs[0].key).toBe(key);
  });

  it("JSON output of a call is escaped as well", () => {
    const name = "\u009b31m\u202eé";
    const { stdout } = savedmodel([
      "run",
      modelFolder("text"),
      "--signature",
      "greet",
      "--input",
      `name=${JSON.stringify(name)}`,
      "--json",
    ]);
    expect(stdout).toContain("\\u009b31m\\u202eé");
    expect(JSON.stringify(JSON.parse(stdout))).toContain(name);
  });

  it("JSON output is escaped by UTF-16 code unit", () => {
    expect(`${safeJson("\u{e0001}\u0080")}\n`).toBe('"\\udb40\\udc01\\u0080"\n');
  });
});

describe("a library of operations on the command line", () => {
  it.each([
    [["run", "--signature", "pred", "--input", "x=[[1,2]]"]],
    [
      [
        "train",
        "--data",
        "rows.csv",
        "--save",
        "out",
        "--input",
        "x=a,b",
        "--input",
        "target=c",
        "--constant",
        "learning_rate=0.1",
      ],
    ],
  ])("--op-library is loaded before the model: %j", ([command = "", ...parameters]) => {
    const folder = tempFolder();
    writeFileSync(join(folder, "rows.csv"), "a,b,c\n1,2,3\n");
    const model = copyOfModel("regression");
    const all = [command, model, ...parameters, "--op-library", "none.so"];
    const { status, stderr } = savedmodel(all, folder);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error OP_LIBRARY_INVALID: the operations in .*none\.so cannot be loaded: /);
  });
});
