import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { generate } from "../../../../generator/index.js";
import { opPackFolder } from "../../../../runtime/engines/local/library/op-pack.js";
import { openLibrary } from "../../../../runtime/engines/local/library/open-library.js";
import { currentPlatform } from "../../../../runtime/engines/local/library/platform.js";
import { Model, type Tensor } from "../../../../runtime/index.js";
import { savedmodel } from "../../../support/cli.js";
import { distUrl } from "../../../support/dist.js";
import { expectError } from "../../../support/errors.js";
import { expectGolden, type GoldenCase, toTensor } from "../../../support/goldens.js";
import { needs } from "../../../support/needs.js";
import { tempFolder } from "../../../support/temp.js";

/** Written by tokenizers.py, with what Python answers. */
const folder = fileURLToPath(new URL("tokenizers", import.meta.url));
const { cases } = JSON.parse(readFileSync(`${folder}.golden.json`, "utf8")) as {
  readonly cases: readonly GoldenCase[];
};
const { version } = openLibrary();
const PACK = "tensorflow-text";
const opLibraries = [PACK];

/** The results of Python for the first of the plain texts. */
function firstRow(signature: string): Readonly<Record<string, unknown>> {
  const call = cases.find(({ name }) => name === `${signature} of plain texts`)?.calls[0];
  return Object.fromEntries(
    Object.entries(call?.outputs ?? {}).map(([key, golden]) => {
      const [row] = toTensor(golden).toArray() as readonly (readonly unknown[] | string)[];
      return [
        key,
        typeof row === "string" ? row : row?.map((item) => (typeof item === "bigint" ? Number(item) : item)),
      ];
    }),
  );
}

// An operation stays for as long as the process lives, so what is true before comes first.
describe("a model with operations of tensorflow-text", () => {
  it("names the command that installs the operations which a model needs", () => {
    const error = expectError(() => Model.load(folder), "OP_NOT_REGISTERED");
    expect(error.fix).toMatch(
      /^The Python package tensorflow-text has it: run `npx savedmodel install --with tensorflow-text`, and pass "tensorflow-text" to load\(\) as `opLibraries`/,
    );
  });

  it("inspect names the pack of each operation that TensorFlow lacks", () => {
    const { stdout } = savedmodel(["inspect", folder]);
    expect(stdout.replace(/\s+/g, " ")).toContain("FastBertNormalize (tensorflow-text: _fast_bert_normalizer.so)");
  });

  describe("without the pack", () => {
    let cache = "";
    beforeEach(() => {
      cache = tempFolder();
      vi.stubEnv("SAVEDMODEL_CACHE", cache);
      return () => vi.unstubAllEnvs();
    });

    it("names a pack that is not installed", () => {
      const error = expectError(() => Model.load(folder, { opLibraries }), "OP_LIBRARY_INVALID");
      expect(error.rawMessage).toBe(`tensorflow-text is not installed for TensorFlow ${version.replace(/\.\d+$/, "")}`);
      expect(error.fix).toBe("Run `npx savedmodel install --with tensorflow-text`.");
    });

    it("names a damaged file of a pack", () => {
      const place = opPackFolder(PACK, version, currentPlatform());
      mkdirSync(place, { recursive: true });
      const files = [{ name: "_ops.so", size: 5, operations: ["NormalizeUTF8"] }];
      writeFileSync(join(place, "pack.json"), JSON.stringify({ name: PACK, version: "1.2.3", platform: "p", files }));
      const error = expectError(() => Model.load(folder, { opLibraries }), "OP_LIBRARY_INVALID");
      expect(error.rawMessage).toBe(`${join(place, "_ops.so")} is damaged`);
    });
  });

  it("a client is generated with its libraries of operations, files relative to its package", () => {
    const client = generate(folder, { opLibraries: [PACK, "ops/zero_out.so"], outputFolder: "generated" });
    expect(client.text).toContain('  opLibraries: ["tensorflow-text", "ops/zero_out.so"],\n');
    expect(client.notes.join()).not.toContain("TensorFlow does not have the operations");
    expect(generate(folder).text).not.toContain("  opLibraries:");
    expect(generate(folder).notes.join()).toContain("TensorFlow does not have the operations");
    const wrong: object = { opLibraries: PACK };
    expectError(() => generate(folder, wrong), "INVALID_OPTION");
  });

  describe("with the pack", () => {
    const isInstalled = existsSync(opPackFolder(PACK, version, currentPlatform()));
    needs(isInstalled, "tensorflow-text is not installed: run `npx savedmodel install --with tensorflow-text`");

    it.each(cases)("$name: the tokens are those of Python", ({ calls }) => {
      using model = Model.load(folder, { opLibraries });
      for (const { signature, inputs, outputs } of calls) {
        const tensors = Object.fromEntries(Object.entries(inputs).map(([key, golden]) => [key, toTensor(golden)]));
        const results = model.run(signature, tensors);
        expect(Object.keys(results).sort()).toEqual(Object.keys(outputs).sort());
        for (const [key, golden] of Object.entries(outputs))
          expectGolden(results[key], golden, `${signature} ${key}`, 1e-5);
      }
    });

    it("a model that was trained with the pack is saved, and predicts the same when it is loaded again", () => {
      const saved = join(tempFolder(), "saved");
      const texts = ["good tokenizer", "bad"];
      const classify = (model: Model): unknown => (model.run("classify", { texts }).probability as Tensor).toArray();
      using model = Model.load(folder, { opLibraries });
      const before = classify(model);
      model.run("train", { texts, labels: [1, 0] });
      const after = classify(model);
      expect(after).not.toEqual(before);
      model.save(saved);
      using again = Model.load(saved, { opLibraries });
      expect(classify(again)).toEqual(after);
    });

    it("a process loads only the files that the model needs, and ends cleanly, also after the command line", () => {
      const program = `import { Model } from ${JSON.stringify(distUrl("runtime/index.js"))};
        import { readFileSync } from "node:fs";
        const model = Model.load(${JSON.stringify(folder)}, { opLibraries: ["tensorflow-text"] });
        const { tokens } = model.run("whitespace", { texts: ["a  b"] });
        const texts = ["the tokenizer splits, greeting!"];
        const runs = ["wordpiece", "bert", "normalize"].map((key) => model.run(key, { texts }));
        const files = readFileSync("/proc/self/maps", "utf8").match(/op-packs\\S*\\/(\\w+)\\.so/g) ?? [];
        const results = runs.map((outputs) => Object.fromEntries(Object.entries(outputs).map(([key, tensor]) => [key, tensor.toArray()[0]])));
        const plain = (key, value) => (typeof value === "bigint" ? Number(value) : value);
        console.log(JSON.stringify({ tokens: tokens.toArray(), results, files: [...new Set(files.map((file) => file.split("/").at(-1)))].sort() }, plain));`;
      for (let time = 0; time < 20; time++) {
        const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
          encoding: "utf8",
        });
        // What oneDNN lacks on some processors.
        const log = stderr.replace(/^E\d{4} .*\] oneDNN supports .*\n/gm, "");
        expect({ status, log }).toEqual({ status: 0, log: "" });
        expect(JSON.parse(stdout)).toEqual({
          tokens: [["a", "b"]],
          results: [firstRow("wordpiece"), firstRow("bert"), firstRow("normalize")],
          files: [
            "_fast_bert_normalizer.so",
            "_fast_wordpiece_tokenizer.so",
            "_normalize_ops.so",
            "_whitespace_tokenizer_v2.so",
          ],
        });
      }
      const run = savedmodel([
        "run",
        folder,
        "--signature",
        "whitespace",
        "--input",
        'texts=["a  b"]',
        "--op-library",
        PACK,
      ]);
      expect(run.status, run.stderr).toBe(0);
      expect(run.stdout).toContain("[ 'a', 'b' ]");
    });

    it("a client that was generated with the pack loads it without an option", () => {
      const project = tempFolder();
      writeFileSync(join(project, "package.json"), '{ "type": "module" }');
      const { text, className } = generate(folder, { opLibraries, className: "Tokenizers", outputFolder: project });
      writeFileSync(
        join(project, "client.ts"),
        text.replace('"savedmodel"', JSON.stringify(distUrl("runtime/index.js"))),
      );
      writeFileSync(
        join(project, "main.ts"),
        `import { ${className} } from "./client.js";
         using model = ${className}.load(${JSON.stringify(folder)});
         console.log(JSON.stringify(model.whitespace(["a  b"]).toArray()));`,
      );
      const tsx = fileURLToPath(import.meta.resolve("tsx/cli"));
      const { stdout, stderr, status } = spawnSync(process.execPath, [tsx, "main.ts"], {
        cwd: project,
        encoding: "utf8",
      });
      expect(status, stderr).toBe(0);
      expect(JSON.parse(stdout)).toEqual([["a", "b"]]);
    });
  });
});
