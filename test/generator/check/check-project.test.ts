import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readDescriptor } from "../../../generator/check/parse-descriptor.js";
import { describeChanges } from "../../../generator/check/signature-changes.js";
import {
  type Config,
  checkFiles,
  type FileCheck,
  findOrphans,
  generate,
  generateProject,
  writeProject,
} from "../../../generator/index.js";
import { findDifferences } from "../../../runtime/client/compare-signatures.js";
import { readNamedSignatures } from "../../../runtime/saved-model/arguments/author-arguments.js";
import { chooseMetaGraph, readMetaGraphs } from "../../../runtime/saved-model/files/saved-model-file.js";
import type { TensorSpec } from "../../../runtime/saved-model/model-spec.js";
import type { SignatureInfo } from "../../../runtime/saved-model/signature-info.js";
import { expectError } from "../../support/errors.js";
import { encodeMessage, type SignatureFields, type TensorFields, writeModel } from "../../support/saved-model.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

const FLOAT = 1;
const INT64 = 9;

function tensor(key: string, dtype: number, shape: readonly number[] | null, name = key): TensorFields {
  return { key, dtype, shape, tensor: `${name}:0` };
}

const x = tensor("x", FLOAT, [-1, 2]);
const target = tensor("target", FLOAT, [-1, 1]);
const loss = tensor("loss", FLOAT, []);

/** A signature of the model below, with what a case changes. */
function signature(change: Partial<SignatureFields> = {}): SignatureFields {
  return { key: "train", methodName: "m", inputs: [x, target], outputs: [loss], ...change };
}

const predict = signature({ key: "predict", inputs: [x], outputs: [tensor("y", FLOAT, [-1, 1])] });

type Write = (folder: string) => void;

function model(...signatures: readonly SignatureFields[]): Write {
  return (folder) => writeModel(folder, { tags: ["serve"], tensorflowVersion: "2.21.0", signatures });
}

function placeholder({ key }: TensorFields): Uint8Array {
  return encodeMessage("NodeDef", { name: key, op: "Placeholder" });
}

/** A model whose one signature calls a function with its inputs in this order, which is the author's. */
function ordered(...inputs: readonly TensorFields[]): Write {
  const entry = ({ key, dtype, shape, tensor: name }: TensorFields): object => {
    return { key, value: { dtype, name, tensorShape: { dim: shape?.map((size) => ({ size })) } } };
  };
  const call = encodeMessage("NodeDef", {
    name: "call",
    op: "PartitionedCall",
    input: inputs.map(({ key }) => key),
    attr: [{ key: "f", value: encodeMessage("AttrValue", { func: { name: "author" } }) }],
  });
  const author = encodeMessage("FunctionDef", { signature: { name: "author" } });
  const value = { inputs: inputs.map(entry), outputs: [entry({ ...loss, tensor: "call:0" })], methodName: "m" };
  return (folder) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, "saved_model.pb"),
      encodeMessage("SavedModel", {
        savedModelSchemaVersion: 1,
        metaGraphs: [
          {
            metaInfoDef: { tags: ["serve"], tensorflowVersion: "2.21.0" },
            graphDef: encodeMessage("GraphDef", {
              node: [call, ...inputs.map(placeholder)],
              library: { function: [author] },
            }),
            signatureDef: [{ key: "train", value }],
          },
        ],
      }),
    );
  };
}

/** Other weights beside the same graph. */
function retrained(write: Write): Write {
  return (folder) => {
    write(folder);
    mkdirSync(join(folder, "variables"), { recursive: true });
    writeFileSync(join(folder, "variables", "variables.data-00000-of-00001"), "other weights");
  };
}

interface Case {
  readonly kind: string;
  readonly before: Write;
  readonly after: Write;
  /** Changes that `check` reports to callers. */
  readonly told: readonly string[];
  /** The reason why the old client cannot load the new model. */
  readonly refused: readonly string[];
}

const base = model(signature(), predict);

const cases: readonly Case[] = [
  {
    kind: "an argument is added",
    before: base,
    after: model(signature({ inputs: [x, target, tensor("weight", FLOAT, [-1])] }), predict),
    told: ['"train" has a new required input "weight"'],
    refused: ['"train" has a new required input "weight"'],
  },
  {
    kind: "an argument is removed",
    before: base,
    after: model(signature({ inputs: [x] }), predict),
    told: ['"train" is missing input "target"'],
    refused: ['"train" is missing input "target"'],
  },
  {
    kind: "an argument is renamed",
    before: base,
    after: model(signature({ inputs: [x, { ...target, key: "label" }] }), predict),
    told: ['input "target" of "train" is now called "label"'],
    refused: ['"train" is missing input "target"', '"train" has a new required input "label"'],
  },
  {
    kind: "arguments are reordered",
    before: ordered(x, target),
    after: ordered(target, x),
    told: ['the inputs of "train" are in another order: "target", "x", not "x", "target"'],
    // The client passes its arguments by key, so it keeps its own order.
    refused: [],
  },
  {
    kind: "a dtype changes",
    before: base,
    after: model(signature({ inputs: [x, { ...target, dtype: INT64 }] }), predict),
    told: ['input "target" of "train" is int64 [?, 1], not float32 [?, 1]'],
    refused: ['input "target" of "train" is int64 [?, 1], not float32 [?, 1]'],
  },
  {
    kind: "a shape changes",
    before: base,
    after: model(signature({ inputs: [{ ...x, shape: [-1, 3] }, target] }), predict),
    told: ['input "x" of "train" is float32 [?, 3], not float32 [?, 2]'],
    refused: ['input "x" of "train" is float32 [?, 3], not float32 [?, 2]'],
  },
  {
    kind: "a rank changes",
    before: base,
    after: model(signature({ outputs: [{ ...loss, shape: [1] }] }), predict),
    told: ['output "loss" of "train" is float32 [1], not float32 scalar'],
    refused: ['output "loss" of "train" is float32 [1], not float32 scalar'],
  },
  {
    kind: "an output is added",
    before: base,
    after: model(signature({ outputs: [loss, tensor("accuracy", FLOAT, [])] }), predict),
    told: ['"train" has a new output "accuracy"', '"train" now returns an object with a property for each output'],
    refused: [],
  },
  {
    kind: "a signature is added",
    before: base,
    after: model(signature(), predict, signature({ key: "evaluate" })),
    told: ['there is a new signature "evaluate"'],
    refused: [],
  },
  {
    kind: "a signature is removed",
    before: base,
    after: model(signature()),
    told: ['signature "predict" is missing'],
    refused: ['signature "predict" is missing'],
  },
  { kind: "the model is trained again", before: base, after: retrained(base), told: [], refused: [] },
  {
    kind: "the model is exported again, with other names of tensors",
    before: base,
    after: model(signature({ outputs: [tensor("loss", FLOAT, [], "StatefulPartitionedCall_7")] }), predict),
    told: [],
    refused: [],
  },
];

const CONFIG = { models: ["net"] };

/** A project with the client of this model. */
function project(write: Write): string {
  const root = tempFolder();
  writeFileSync(join(root, "package.json"), "{}");
  write(join(root, "net"));
  writeFiles(root);
  return root;
}

function writeFiles(root: string): void {
  for (const { path, text } of generateProject(CONFIG, root)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

function check(root: string): FileCheck | undefined {
  return checkFiles(generateProject(CONFIG, root), [], root)[0];
}

/** The signatures as a load compares them. */
function loadedSignatures(folder: string): readonly SignatureInfo[] {
  return readNamedSignatures(chooseMetaGraph(folder, readMetaGraphs(folder), ["serve"]));
}

/** The report of `check` for a model that replaces another. */
function changes(before: Write, after: Write): readonly string[] {
  const root = project(before);
  after(join(root, "net"));
  return check(root)?.changes ?? ["there is no file"];
}

describe.each(cases)("$kind", ({ before, after: next, told, refused }) => {
  it("check describes the change for callers", () => {
    const root = project(before);
    expect(check(root)).toEqual({ path: "generated/net.ts", status: "fresh", changes: [], diff: "" });
    next(join(root, "net"));
    const found = check(root);
    expect(found?.changes).toEqual(told);
    expect(found?.status).toBe(told.length === 0 ? "fresh" : "changed");
    expect(found?.diff === "").toBe(told.length === 0);
  });

  it("loading with the old client reports the change", () => {
    const root = project(before);
    const descriptor = readDescriptor(readFileSync(join(root, "generated", "net.ts"), "utf8"));
    next(join(root, "net"));
    if (descriptor === undefined) throw new Error("the client has no descriptor");
    expect(findDifferences(descriptor, loadedSignatures(join(root, "net")))).toEqual(refused);
  });
});

describe("check", () => {
  const byDefault = { dtype: FLOAT, tensorShape: { dim: [{ size: 1 }] } };
  const optional = { ...target, byDefault };

  it("check reports inputs that became optional or required", () => {
    const [required, free] = [model(signature()), model(signature({ inputs: [x, optional] }))];
    expect(changes(required, free)).toEqual(['input "target" of "train" is now optional']);
    expect(changes(free, required)).toEqual(['input "target" of "train" is now required']);
    const without = model(signature({ inputs: [x] }));
    expect(changes(without, free)).toEqual(['"train" has a new optional input "target"']);
  });

  it("check reports a rename that moves an argument whose position depends on its name", () => {
    const after = model(signature({ inputs: [{ ...target, key: "y" }, x] }));
    expect(changes(model(signature()), after)).toEqual([
      'input "target" of "train" is now called "y"',
      'the inputs of "train" are in another order: "x", "y", not "y", "x"',
    ]);
  });

  it("check reports removed and renamed outputs", () => {
    const two = model(signature({ outputs: [loss, tensor("accuracy", FLOAT, [2])] }));
    expect(changes(two, model(signature()))).toEqual([
      '"train" is missing output "accuracy"',
      '"train" now returns its output',
    ]);
    const renamed = model(signature({ outputs: [{ ...loss, key: "mse" }] }));
    expect(changes(model(signature()), renamed)).toEqual(['output "loss" of "train" is now called "mse"']);
  });

  it("check does not report a rename that is ambiguous", () => {
    const before = model(signature({ inputs: [tensor("a", FLOAT, [1]), tensor("b", FLOAT, [1])] }));
    const after = model(signature({ inputs: [tensor("c", FLOAT, [1])] }));
    expect(changes(before, after)).toEqual([
      '"train" is missing input "a"',
      '"train" is missing input "b"',
      '"train" has a new required input "c"',
    ]);
  });

  it("check reports the renamed one of several inputs of the same form, if counts and positions match", () => {
    const keys = (...names: readonly string[]): Write =>
      model(signature({ inputs: names.map((name) => tensor(name, FLOAT, [1])) }));
    expect(changes(keys("a", "b"), keys("c", "d"))).toEqual([
      'input "a" of "train" is now called "c"',
      'input "b" of "train" is now called "d"',
    ]);
    expect(changes(keys("a", "b"), keys("b", "c"))).toContain('input "a" of "train" is now called "c"');
    expect(changes(keys("a", "b"), keys("c", "d", "e"))).toContain('"train" is missing input "a"');
  });

  it("check reports that a method has another name", () => {
    const lower = signature({ key: "do_it" });
    expect(changes(model(lower), model(lower, signature({ key: "doIt" })))).toContain(
      'there is a new signature "doIt"',
    );
  });

  it("check reports no changes if the file has no readable descriptor", () => {
    const root = project(base);
    const file = join(root, "generated", "net.ts");
    for (const descriptor of ["1", "{ name: run(), signatures: [] }", '{ name: "a", signatures: [{ key: 1 }] }', "{"]) {
      writeFileSync(file, `// Generated by savedmodel from model\nconst descriptor = ${descriptor};\n`);
      expect(check(root)).toMatchObject({ status: "changed", changes: [] });
    }
  });
});

it.each(["example", "composite", "dtypes", "names", "optimizers"])(
  "check reports no changes for an unchanged %s",
  (name) => {
    const root = tempFolder();
    const file = join(root, `${name}.ts`);
    const config = { models: [modelFolder(name)], output: "." };
    const [generated] = generateProject(config, root);
    writeFileSync(file, generated?.text.replace("Do not edit.", "Do not edit it.") ?? "");
    expect(checkFiles(generateProject(config, root), [], root)).toMatchObject([{ status: "changed", changes: [] }]);

    const text = readFileSync(new URL(`../../../generated/${name}.ts`, import.meta.url), "utf8");
    const descriptor = readDescriptor(text);
    const signatures = loadedSignatures(modelFolder(name));
    expect(descriptor?.signatures.length).toBe(
      signatures.filter(({ unsupported }) => unsupported === undefined).length,
    );
    expect(descriptor && findDifferences(descriptor, signatures)).toEqual([]);
  },
);

it("check treats a file with Windows line endings as equal", () => {
  const root = project(base);
  const file = join(root, "generated", "net.ts");
  writeFileSync(file, readFileSync(file, "utf8").replaceAll("\n", "\r\n"));
  expect(check(root)?.status).toBe("fresh");
});

it("check writes a diff that names the file and has the changed lines", () => {
  const root = project(base);
  model(signature({ outputs: [{ ...loss, shape: [1] }] }), predict)(join(root, "net"));
  const diff = check(root)?.diff ?? "";
  expect(diff.split("\n").slice(0, 2)).toEqual(["--- a/generated/net.ts", "+++ b/generated/net.ts"]);
  expect(diff).toContain('\n-      outputs: [{ key: "loss", dtype: "float32", shape: [] }],\n');
  expect(diff).toContain('\n+      outputs: [{ key: "loss", dtype: "float32", shape: [1] }],\n');
});

it("check rejects a file that it did not generate", () => {
  const root = project(base);
  writeFileSync(join(root, "generated", "net.ts"), "export {};\n");
  expectError(() => check(root), "OUTPUT_CONFLICT");
});

describe("check of moved files", () => {
  const at = (root: string, config: Config): readonly FileCheck[] => {
    const files = generateProject(config, root);
    return checkFiles(files, findOrphans(config, root, files), root);
  };
  const told = (root: string, config: Config): unknown =>
    at(root, config).map(({ path, status, changes }) => [path, status, changes]);

  it("check reports that a class was renamed", () => {
    const root = project(base);
    expect(told(root, { models: [{ path: "net", className: "Other" }] })).toEqual([
      [
        "generated/other.ts",
        "missing",
        ["it takes the place of generated/net.ts", "the class Net is now called Other"],
      ],
      ["generated/net.ts", "orphaned", ["generated/other.ts takes its place"]],
    ]);
  });

  it("check reports the other changes of a renamed class", () => {
    const root = project(base);
    model(signature({ inputs: [x] }), predict)(join(root, "net"));
    expect(told(root, { models: [{ path: "net", className: "Other" }] })).toContainEqual([
      "generated/other.ts",
      "missing",
      [
        "it takes the place of generated/net.ts",
        "the class Net is now called Other",
        '"train" is missing input "target"',
      ],
    ]);
  });

  it("check reports that the model's folder was renamed", () => {
    const root = project(base);
    renameSync(join(root, "net"), join(root, "moved"));
    expect(told(root, { models: ["moved"] })).toContainEqual([
      "generated/moved.ts",
      "missing",
      ["it takes the place of generated/net.ts", "the class Net is now called Moved"],
    ]);
  });

  it("check does not report an ambiguous move", () => {
    const root = project(base);
    base(join(root, "other"));
    const before = generateProject({ models: ["net", "other"] }, root);
    writeProject(before, root);
    renameSync(join(root, "net"), join(root, "moved"));
    rmSync(join(root, "other"), { recursive: true });
    expect(at(root, { models: ["moved"] }).flatMap((file) => file.changes)).toEqual([]);
  });
});

describe("check of real models", () => {
  const of =
    (name: string): Write =>
    (folder) =>
      cpSync(modelFolder(name), folder, { recursive: true });

  it("check reports changed ragged and sparse arguments as a whole", () => {
    const root = project(of("composite"));
    const [file] = generateProject(CONFIG, root);
    const before = readDescriptor(file?.text ?? "");
    if (file === undefined || typeof file.client === "string" || before === undefined)
      throw new Error("there is no client");
    const change = (tensor: TensorSpec): TensorSpec => {
      if (tensor.encoding === "sparse") return { ...tensor, dtype: "complex64" };
      return tensor.encoding === "ragged" ? { ...tensor, raggedRank: 3 } : tensor;
    };
    const was = {
      ...before,
      signatures: before.signatures.map((one) => ({ ...one, inputs: one.inputs.map(change) })),
    };
    const found = describeChanges(was, before, file.client.description.signatures);
    expect(found.filter((line) => line.includes("sparse"))[0]).toMatch(
      /^input (?:"\w+"|\w+\["\w+"\]) of "\w+" is sparse \w+ \[.*\], not sparse complex64 \[.*\]$/,
    );
    expect(found.filter((line) => line.includes("ragged"))[0]).toMatch(
      /of ragged rank \d, not ragged .* of ragged rank 3$/,
    );
    expect(found.filter((line) => line.includes("missing") || line.includes("required"))).toEqual([]);
  });

  it("check reports changed features of examples", () => {
    const root = project(of("example"));
    const [file] = generateProject(CONFIG, root);
    const before = readDescriptor(file?.text ?? "");
    if (file === undefined || typeof file.client === "string" || before === undefined)
      throw new Error("there is no client");
    const [features = []] = before.examples ?? [];
    const [first, second, ...rest] = features;
    if (first === undefined || second === undefined) throw new Error("there are no features");
    const { optional: _, ...required } = second;
    const isOptional = second.optional === true;
    const others = [{ ...first, key: "gone" }, isOptional ? required : { ...second, optional: true as const }, ...rest];
    const was = { ...before, examples: [others, ...(before.examples ?? []).slice(1)] };
    const found = describeChanges(was, before, file.client.description.signatures);
    const lines = found.map((line) => line.replace(/input "\w+" of "\w+"/, "INPUT"));
    expect(lines.slice(0, 3)).toEqual([
      'feature "gone" of INPUT is gone',
      `feature ${JSON.stringify(second.key)} of INPUT is ${isOptional ? "now" : "no longer"} optional`,
      `INPUT has a new ${first.optional === true ? "optional" : "required"} feature ${JSON.stringify(first.key)}`,
    ]);
  });
});

it("check rejects an unreadable client with a code", async () => {
  const root = project(base);
  const file = join(root, "generated/net.ts");
  rmSync(file);
  const server = createServer().listen(file);
  onTestFinished(() => void server.close());
  await once(server, "listening");
  expect(expectError(() => check(root), "OUTPUT_CONFLICT").message).toMatch(/net\.ts cannot be read: ENXIO/);
});

describe("orphans", () => {
  it("orphans are generated files in output folders without a model", () => {
    const root = project(base);
    const put = (path: string, text: string): void => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    const banner = "// Generated by savedmodel from models/gone (tags: serve). Do not edit.\n";
    put("generated/gone.ts", banner);
    put("generated/deep/gone.ts", banner);
    put("generated/gone.txt", banner);
    put("generated/mine.ts", "export {};\n");
    put("other/old.ts", banner);
    put("elsewhere/old.ts", banner);
    const config = { models: [{ path: "net", output: "other" }] };
    const files = generateProject(config, root);
    expect(findOrphans(config, root, files)).toEqual(["generated/gone.ts", "generated/net.ts", "other/old.ts"]);
    expect(checkFiles([], ["generated/gone.ts"], root)).toEqual([
      { path: "generated/gone.ts", status: "orphaned", changes: [], diff: "" },
    ]);
  });

  it("there are no orphans without an output folder", () => {
    const root = tempFolder();
    base(join(root, "net"));
    expect(findOrphans(CONFIG, root, generateProject(CONFIG, root))).toEqual([]);
  });
});

describe("check of inputs with generated keys", () => {
  const client = (name: string, edit = (text: string) => text) => {
    const { text, description } = generate(modelFolder(name), { className: "Client", outputFolder: "." });
    return { descriptor: readDescriptor(edit(text)), signatures: description.signatures };
  };
  const changes = (before: ReturnType<typeof client>, after: ReturnType<typeof client>) =>
    describeChanges(required(before.descriptor), required(after.descriptor), after.signatures);

  it("check reports a renamed input even if generated keys moved", () => {
    const found = changes(client("arguments"), client("arguments_renamed"));
    expect(found).toContain('input x["age"] of "score" is now called x["years"]');
    expect(found).toContain('input x["only"] of "single" is now called x["other"]');
    expect(found).toContain('input x["table"] of "cells" is dense float32 [?, 3], not sparse float32 [?, 3]');
    expect(found).toContain(
      'the inputs of "score" are in another order: x["income"], x["years"], not x["years"], x["income"]',
    );
  });

  it("check reports nothing if only generated keys changed", () => {
    const moved = client("keras3_inputs", (text) => text.replaceAll("keras_tensor_", "keras_tensor_4"));
    expect(changes(moved, client("keras3_inputs"))).toEqual([]);
  });

  it("check reports nothing for a client of an older version without author's names", () => {
    for (const name of ["arguments", "composite", "keras3_inputs"]) {
      const old = client(name, (text) => text.replace(/argument: "(?:\\.|[^"\\])*", /g, ""));
      expect(JSON.stringify(old.descriptor)).not.toContain('"argument":');
      expect(changes(old, client(name))).toEqual([]);
    }
  });
});

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("there is no value");
  return value;
}
