import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { installOps } from "../../../generator/library/install-ops.js";
import { wheelOfPack } from "../../../generator/library/op-pack-wheels.js";
import { openLibrary } from "../../../runtime/engines/local/library/open-library.js";
import { Model, type Tensor } from "../../../runtime/index.js";
import { realLibrary, savedmodel, temporaryFolder } from "../../support/library.js";
import { needs } from "../../support/needs.js";
import { compileZeroOut, whyNotCompiled, writeZeroOutModel } from "../../support/op-library.js";
import { type ArchiveFiles, zipOf } from "../../support/wheel.js";

const { version } = openLibrary();
const minor = version.split(".", 2).join(".");
let cache = "";

beforeEach(() => {
  vi.stubEnv("SAVEDMODEL_TENSORFLOW", realLibrary().main);
  cache = temporaryFolder();
  vi.stubEnv("SAVEDMODEL_CACHE", cache);
  return () => vi.unstubAllEnvs();
});

/** Writes a wheel of this name and version with these libraries. */
function wheelOf(files: ArchiveFiles, name = "tensorflow-text", of = `${minor}.7`): string {
  const metadata = `Metadata-Version: 2.4\nName: ${name}\nVersion: ${of}\n`;
  const ops = Object.entries(files).map(([file, content]) => [`tensorflow_text/python/ops/${file}`, content]);
  return zipOf({
    ...Object.fromEntries(ops),
    "tensorflow_text/core/pybinds/pywrap_model.so": "for Python",
    [`x-${of}.dist-info/METADATA`]: metadata,
    [`x-${of}.dist-info/licenses/LICENSE`]: "Apache License",
  });
}

/** Returns the message of a failed installation, after checking that it left nothing behind. */
async function failure(pack: string): Promise<string> {
  const error: unknown = await installOps({ pack }).catch((reason: unknown) => reason);
  expect(readdirSync(cache).flatMap((name) => readdirSync(join(cache, name)))).toEqual([]);
  return String(error);
}

describe("packs of operations that cannot be installed", () => {
  it("rejects an unknown name with the known ones", async () => {
    const message = await failure("tensorflow-txt");
    expect(message).toContain("INSTALL_FAILED: unknown pack of operations tensorflow-txt. Known are tensorflow-text");
  });

  it("rejects a wheel of another package", async () => {
    expect(await failure(wheelOf({}, "numpy"))).toContain("is not a wheel of tensorflow-text");
  });

  it("rejects a wheel for another version of TensorFlow", async () => {
    const message = await failure(wheelOf({}, "tensorflow_text", "2.12.1"));
    expect(message).toContain(
      `tensorflow-text 2.12.1 is for TensorFlow 2.12, but the library in use is TensorFlow ${version}`,
    );
  });

  it.each([
    ["tensorflow-decision-forests", "1.4.0", "tensorflow~=2.12.0"],
    ["ydf_tf", "2.12.0.post1", "tensorflow==2.12.0"],
  ])("rejects a wheel of %s %s by the TensorFlow that it requires", async (name, version, requires) => {
    const wheel = zipOf({
      "ydf_tf/inference.so": "",
      "x.dist-info/METADATA": `Name: ${name}\nVersion: ${version}\nRequires-Dist: numpy\nRequires-Dist: ${requires}\n`,
    });
    expect(await failure(wheel)).toContain(`tensorflow-decision-forests ${version} is for TensorFlow 2.12, but`);
  });

  it.each([
    ["tensorflow-text", "2.21.0", { package: "tensorflow-text", versions: "~=2.21.0" }],
    ["tensorflow-decision-forests", "2.21.0", { package: "ydf-tf", versions: "~=2.21.0" }],
    ["tensorflow-decision-forests", "2.18.1", { package: "ydf-tf", versions: "~=2.18.0" }],
    ["tensorflow-decision-forests", "2.17.1", { package: "tensorflow-decision-forests", versions: "~=1.10.0" }],
    ["tensorflow-decision-forests", "2.12.1", { package: "tensorflow-decision-forests", versions: "~=1.4.0" }],
  ])("looks for %s for TensorFlow %s in the wheel that has it", (pack, tensorflow, want) => {
    expect(wheelOfPack(pack, tensorflow)).toEqual(want);
  });

  it("rejects a wheel whose libraries do not load, and leaves nothing behind", async () => {
    const message = await failure(wheelOf({ "_broken.so": "not a library" }));
    expect(message).toContain(`tensorflow-text ${minor}.7 does not work on this machine: `);
    expect(message).toContain("_broken.so cannot be loaded");
  });
});

describe("a wheel with a compiled library of operations", () => {
  const reason = whyNotCompiled();
  needs(reason === undefined, `operations cannot be compiled: ${reason}`);

  it("takes the inference of a wheel of forests, under the name of their pack", async () => {
    const op = { file: compileZeroOut(temporaryFolder()) };
    const wheel = zipOf({
      "tensorflow_decision_forests/tensorflow/ops/inference/inference.so": op,
      "tensorflow_decision_forests/tensorflow/ops/training/training.so": "for training",
      "x.dist-info/LICENSE": "Apache License",
      "x.dist-info/METADATA": `Name: tensorflow_decision_forests\nVersion: 1.12.0\nRequires-Dist: tensorflow==${minor}.0\n`,
    });
    const { name, version: installed, operations } = await installOps({ pack: wheel });
    expect({ name, installed, operations }).toEqual({
      name: "tensorflow-decision-forests",
      installed: "1.12.0",
      operations: 2,
    });
    const place = join(cache, "op-packs", `${name}-${minor}-${process.platform}-${process.arch}`);
    expect(readdirSync(place).sort()).toEqual(["LICENSE", "inference.so", "pack.json"]);
  });

  it("installs the libraries of a wheel with their operations, and a model names the pack to use them", async () => {
    const wheel = wheelOf({ "_zero_out.so": { file: compileZeroOut(temporaryFolder()) } });
    const { code, stdout, stderr } = await savedmodel(["install", "--with", wheel]);
    expect(code, stderr).toBe(0);
    const place = join(cache, "op-packs", `tensorflow-text-${minor}-${process.platform}-${process.arch}`);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      `tensorflow-text ${minor}.7 for TensorFlow ${version} is installed in`,
    );
    // The library in use serves; no other was installed.
    expect(readdirSync(cache)).toEqual(["op-packs"]);
    expect(readdirSync(place).sort()).toEqual(["LICENSE", "_zero_out.so", "pack.json"]);
    const { files } = JSON.parse(readFileSync(join(place, "pack.json"), "utf8")) as {
      readonly files: readonly { readonly name: string; readonly operations: readonly string[] }[];
    };
    expect(files.map(({ name, operations }) => ({ name, operations: [...operations].sort() }))).toEqual([
      { name: "_zero_out.so", operations: ["ZeroOut", "ZeroOutWithoutShape"] },
    ]);

    const folder = temporaryFolder();
    writeZeroOutModel(folder);
    using model = Model.load(folder, { opLibraries: ["tensorflow-text"] });
    expect((model.run("zero", { x: [5, 4, 3] }).zeroed as Tensor).toArray()).toEqual([5, 0, 0]);

    // Again, over the installed one.
    const { operations } = await installOps({ pack: wheel });
    expect(operations).toBe(2);
    expect(readdirSync(join(cache, "op-packs"))).toHaveLength(1);
  });
});
