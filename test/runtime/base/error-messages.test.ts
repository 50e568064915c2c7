import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Composite } from "../../../generated/composite.js";
import { CustomModel } from "../../../generated/custom-model.js";
import { Dtypes } from "../../../generated/dtypes.js";
import { Example } from "../../../generated/example.js";
import { Keras3Inputs } from "../../../generated/keras3-inputs.js";
import { Regression } from "../../../generated/regression.js";
import { Text } from "../../../generated/text.js";
import { type ErrorCode, fit, Model, SavedModelError, Tensor, TrainingError } from "../../../runtime/index.js";
import { expectError, expectRejection } from "../../support/errors.js";
import { golden } from "../../support/language-service.js";
import { encodeMessage } from "../../support/saved-model.js";
import { copyOfModel, modelFolder, tempFolder } from "../../support/temp.js";

type Attempts = Readonly<Record<string, () => unknown>>;

/** The message of what is thrown, with what a person has to do, and where it lies; folders are those of a project at /app. */
async function messageOf(run: () => unknown, folder: string): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof SavedModelError)) throw error;
    const text = error.message.replaceAll(folder, "/app/models").replaceAll(modelFolder(""), "/app/models/");
    return `${text} (${error.category})`;
  }
  throw new Error("nothing was thrown");
}

async function messagesOf(attempts: Attempts, folder = "/nowhere"): Promise<string> {
  const lines: string[] = [];
  for (const [name, run] of Object.entries(attempts)) lines.push(`=== ${name}\n${await messageOf(run, folder)}\n`);
  return lines.join("\n");
}

/** A SavedModel of meta graphs with these tags and nothing else. */
function writeTagged(folder: string, ...sets: readonly (readonly string[])[]): void {
  mkdirSync(folder, { recursive: true });
  const metaGraphs = sets.map((tags) => ({ metaInfoDef: { tags } }));
  writeFileSync(join(folder, "saved_model.pb"), encodeMessage("SavedModel", { metaGraphs }));
}

/** A SavedModel whose graph has one operation. */
function writeOp(folder: string, op: string): void {
  mkdirSync(folder, { recursive: true });
  const graphDef = encodeMessage("GraphDef", { node: [encodeMessage("NodeDef", { name: "x", op })] });
  const metaGraphs = [{ metaInfoDef: { tags: ["serve"] }, graphDef }];
  writeFileSync(join(folder, "saved_model.pb"), encodeMessage("SavedModel", { metaGraphs }));
}

describe("messages", () => {
  it("messages of calls, loads and trainings match the golden file", async () => {
    using custom = CustomModel.load();
    using dtypes = Dtypes.load();
    using text = Text.load();
    using regression = Regression.load();
    using composite = Composite.load();
    using example = Example.load();
    using keras = Keras3Inputs.load();
    using plain = Model.load(modelFolder("custom_model"));
    const ended = ((): CustomModel => {
      using model = CustomModel.load();
      return model;
    })();
    const closed = CustomModel.load();
    closed.dispose();
    const call = (method: unknown, ...inputs: readonly unknown[]): unknown =>
      (method as (...values: readonly unknown[]) => unknown)(...inputs);

    const folder = tempFolder();
    const place = (name: string): string => join(folder, name);
    for (const name of ["shard", "values", "truncated"])
      cpSync(modelFolder("regression"), place(name), { recursive: true });
    const data = "variables/variables.data-00000-of-00001";
    renameSync(join(place("shard"), data), join(place("shard"), data.replace("00001", "00002")));
    rmSync(join(place("values"), "variables"), { recursive: true });
    truncateSync(join(place("truncated"), "saved_model.pb"), 100);
    mkdirSync(place("empty"));
    writeTagged(place("tagged"), ["train"], ["gpu", "serve"]);
    writeTagged(place("one"), ["train"]);
    writeOp(place("custom_op"), "ZeroOut");
    writeOp(place("normalizer"), "CaseFoldUTF8");
    writeOp(place("forest"), "Addons>Resampler");

    const attempts: Attempts = {
      "an input is missing": () => call(custom.train, [[1, 2]]),
      "all inputs are missing": () => call(custom.train),
      "inputs of run() are missing": () => plain.run("train"),
      "inputs with names of the author are missing": () => call(keras.serve),
      "ragged and sparse inputs are missing": () => call(composite.mix),
      "features are missing": () => call(example.parseOne, {}),
      "too many inputs": () => call(custom.pred, [[1, 2]], 3),
      "an unknown input": () => plain.run("train", { training_inputs: 1 }),
      "the author's name in place of a key": () => Model.load(modelFolder("keras3_inputs")).run("serve", { foo: [1] }),
      "another shape": () => call(custom.pred, [[1, 2, 3]]),
      "another rank": () => call(custom.pred, [1, 2]),
      "another dtype": () => call(custom.pred, [["1", 2]]),
      "a dtype of an input with a name of the author": () => call(keras.serve, ["a"], [1]),
      "a promise": () => call(custom.pred, Promise.resolve([[1, 2]])),
      "rows of different lengths": () => call(regression.pred, [[1, 2], [3]]),
      "a fraction": () => call(dtypes.int32, [1.5]),
      "a number out of range": () => call(dtypes.uint8, [256]),
      "a flat array of another size": () => call(custom.pred, new Float32Array(3)),
      "a lone surrogate": () => call(text.greet, "\ud800"),
      "very long text": () => call(custom.pred, [["x".repeat(100_000), 1]]),
      "bytes read as text": () => Tensor.from("string", [new Uint8Array([255])]).data,
      "a missing signature": () => plain.run("prd"),
      "an unknown option": () => CustomModel.load(undefined, { tag: ["serve"] } as never),
      "tags that are no strings": () => CustomModel.load(undefined, { tags: "serve" as never }),
      "a disposed model": () => closed.pred([[1, 2]]),
      "a model whose block has ended": () => ended.pred([[1, 2]]),
      "a call that was aborted": () => custom.async.pred([[1, 2]], { signal: AbortSignal.abort() }),
      "a missing column": () => call(fit, regression.train, [[[1, 2]], [[1]]], { progress: false }),
      "a column of other rows": () => fit(regression.train, [[[1, 2]], [[1], [2]], 0.1], { progress: false }),
      "a training that is not finite": () =>
        fit(regression.train, [[[1e38, 1e38]], [[1]], 1e38], { epochs: 3, progress: false }),
      "a fake without a function": () => CustomModel.fake({}).pred([[1, 2]]),
      "a fake that returns something else": () => CustomModel.fake({ pred: () => [[1, 2]] as never }).pred([[1, 2]]),
      "a folder that is not there": () => Model.load(place("empyt")),
      "a folder without a model": () => Model.load(place("empty")),
      "a truncated model": () => Model.load(place("truncated")),
      "a model without its values": () => Model.load(place("values")),
      "a model without one file of values": () => Model.load(place("shard")),
      "a checkpoint without one file of values": () => regression.restore(place("shard")),
      "a model without the tag serve": () => Model.load(place("tagged")),
      "other tags": () => Model.load(place("tagged"), { tags: ["gpu"] }),
      "other tags of a model that has one tag set": () => Model.load(place("one"), { tags: ["serve"] }),
      "a custom operation": () => Model.load(place("custom_op")),
      "an operation of tensorflow-text": () => Model.load(place("normalizer")),
      "an operation of a package": () => Model.load(place("forest")),
      "another model": () => CustomModel.load(modelFolder("keras3")),
    };
    const text_ = await messagesOf(attempts, folder);
    expect(text_).toBe(golden(new URL("error-messages.golden.txt", import.meta.url), text_));
    for (const line of text_.split("\n")) expect(line.length).toBeLessThan(1500);
  });

  it("a missing input is reported after an invalid earlier one, with all other missing ones", () => {
    using model = CustomModel.load();
    expectError(() => model.train("a" as never, undefined as never), "INVALID_DTYPE");
  });

  it("errors of an ended training have its history", async () => {
    using model = Regression.load();
    const training = fit(model.train, [[[1e38, 1e38]], [[1]], 1e38], { epochs: 3, progress: false });
    expect(await expectRejection(training, "NOT_FINITE")).toBeInstanceOf(TrainingError);
  });

  it("reports a checkpoint in which another save left files", () => {
    const folder = copyOfModel("regression");
    writeFileSync(join(folder, "variables", "variables.data-00001-of-00007"), "");
    using model = Model.load(folder);
    expect(model.signatures.length).toBeGreaterThan(0);
  });
});

it("the categories in docs/errors.md match the codes", () => {
  const text = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| `(input|model|library|busy|internal)` +\| [^|]+ \| (.*) \|$/gm)];
  const listed = rows.flatMap(([, category, codes = ""]) =>
    [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => [code, category] as const),
  );
  expect(rows).toHaveLength(5);
  expect(listed.filter(([code, category]) => new SavedModelError(code as ErrorCode, "").category !== category)).toEqual(
    [],
  );
  const explained = [...text.matchAll(/^### ([A-Z_0-9]+)$/gm)].map(([, code]) => code);
  const known = new Set<string | undefined>(listed.map(([code]) => code));
  expect(explained.filter((code) => !known.has(code))).toEqual([]);
  expect(listed.filter(([code]) => code?.startsWith("TF_"))).toHaveLength(16);
});
