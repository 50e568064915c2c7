import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { generate } from "../../../generator/index.js";
import { Editor, golden } from "../../support/language-service.js";
import { writeModel } from "../../support/saved-model.js";
import { modelFolder } from "../../support/temp.js";
import { generateWide } from "../../support/wide-model.js";

/** A model that was exported without `train`, and says of one signature that another one is better. */
const changed = generate(modelFolder("regression"), {
  className: "Changed",
  signatures: ["evaluate", "pred"],
  deprecated: { evaluate: "Use `pred` instead." },
});

const clients = ["composite", "custom_model", "dtypes", "example", "regression"].map((name) => {
  const { fileName, text } = generate(modelFolder(name));
  return [fileName, text] as const;
});
const editor = new Editor(Object.fromEntries([...clients, ["changed.ts", changed.text], leftOut(), wide()]));

/** Declarations that every snippet below can use. */
const HEAD = `import { fit, Tensor } from "savedmodel";
import { Changed } from "./changed.js";
import { Composite } from "./composite.js";
import { CustomModel } from "./custom-model.js";
import { Dtypes } from "./dtypes.js";
import { Example } from "./example.js";
import { Partly } from "./partly.js";
import { Regression } from "./regression.js";
import { type PredictInputs, Wide } from "./wide.js";
declare const wide: Wide;
declare const changed: Changed, partly: Partly;
declare const model: CustomModel, regression: Regression, dtypes: Dtypes, example: Example, composite: Composite;
export { Changed, changed, fit, Partly, partly, type PredictInputs, Wide, wide };
export { Composite, CustomModel, Dtypes, Example, Regression, Tensor, composite, dtypes, example, model, regression };
`;

/** The client of a model with a signature that cannot be called. */
function leftOut(): readonly [string, string] {
  const folder = mkdtempSync(join(tmpdir(), "savedmodel-test-"));
  try {
    const x = { key: "x", dtype: 1, shape: [2], tensor: "x:0" };
    const signatures = [
      { key: "pred", methodName: "", inputs: [x], outputs: [x] },
      { key: "raw", methodName: "", inputs: [{ ...x, key: "handle", dtype: 20 }], outputs: [x] },
    ];
    writeModel(folder, { tags: ["serve"], tensorflowVersion: "", signatures });
    // The folder's name, which is another one each time, is in the comment.
    return [
      "partly.ts",
      generate(folder, { className: "Partly" }).text.replaceAll(/`[^`]*savedmodel-test-\w+`/g, "`models/partly`"),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The client of a model whose methods take inputs by name. */
function wide(): readonly [string, string] {
  const folder = mkdtempSync(join(tmpdir(), "savedmodel-test-"));
  try {
    return ["wide.ts", generateWide(folder).text.replaceAll(/`[^`]*savedmodel-test-\w+`/g, "`models/wide`")];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Snippets with what is shown for them. */
function shown(snippets: readonly string[], show: (code: string) => string): string {
  return snippets.map((snippet) => `=== ${snippet}\n${show(`${HEAD}${snippet}\n`)}\n`).join("\n");
}

function expectGolden(name: string, actual: string): void {
  expect(actual).toBe(golden(new URL(`editor/${name}.golden.txt`, import.meta.url), actual));
}

describe("an editor", () => {
  it("completes signatures and members of a model, without internals", () => {
    const snippets = [
      "model.|",
      "model.async.|",
      "CustomModel.|",
      "Tensor.|",
      "model.pred([[1, 2]]).|",
      "regression.train([[1, 2]], [[1]], 0.1).|",
    ];
    const text = shown(snippets, (code) => editor.completions(code).join("\n"));
    expect(text).not.toMatch(/^(asyncMethods|own|is|elementsOf|_.*|#.*): /m);
    expectGolden("members", text);
  });

  it("completes values for an argument", () => {
    const snippets = [
      "CustomModel.fake({ | });",
      "CustomModel.fake({ pred: (inputs) => inputs.| });",
      'CustomModel.load("models/other", { | });',
      "model.async.pred([[1, 2]], { | });",
      "Regression.fake({ train: () => ({ | }) });",
      "example.parseAll([{ | }]);",
      "composite.deep([[[1]]], { | }, [1, 2]);",
      'fit(regression.train, [[[1, 2]], [[1]], 0.1], { earlyStopping: { monitor: "|" } });',
    ];
    expectGolden(
      "arguments",
      shown(snippets, (code) => editor.completions(code).join("\n")),
    );
  });

  it("shows names, dtypes and shapes of a signature", () => {
    const snippets = [
      "model.pr|ed([[1, 2]]);",
      "model.tra|in([[1, 2]], [[1]]);",
      "model.async.tra|in([[1, 2]], [[1]]);",
      "regression.tra|in([[1, 2]], [[1]], 0.1);",
      "regression.train([[1, 2]], [[1]], 0.1).ma|e;",
      "const predict|ion = regression.pred([[1, 2]]);",
      "dtypes.withDef|ault([1]);",
      "regression.pred([[1, 2]]).to|Array();",
      "regression.pred([[1, 2]]).da|ta;",
      "const row|s = regression.pred([[1, 2]]).toArray();",
      "Custom|Model.load();",
      "CustomModel.fa|ke({});",
      "CustomModel.fake({ pr|ed: () => [[1]] });",
      "Regression.fake({ train: (x, target, ra|te) => ({ loss: rate, mae: 0 }) });",
      "Regression.fake({ train: (|x) => ({ loss: x.size, mae: 0 }) });",
      "Regression.fake({ tra|in: () => ({ loss: 0, mae: 0 }) });",
    ];
    expectGolden(
      "quick-info",
      shown(snippets, (code) => editor.quickInfo(code)),
    );
  });

  it("highlights the current argument", () => {
    const snippets = [
      "model.train(|);",
      "model.train([[1, 2]], |);",
      "regression.train([[1, 2]], [[1]], |);",
      "model.async.pred([[1, 2]], |);",
      "dtypes.withDefault([1], |);",
      "CustomModel.load(|);",
    ];
    expectGolden(
      "signature-help",
      shown(snippets, (code) => editor.signatureHelp(code)),
    );
  });

  it("leads to readable declarations", () => {
    const snippets = [
      "model.tra|in([[1, 2]], [[1]]);",
      "model.async.tra|in([[1, 2]], [[1]]);",
      "Custom|Model.load();",
      "CustomModel.lo|ad();",
      "CustomModel.fake({ pr|ed: () => [[1]] });",
      "regression.train([[1, 2]], [[1]], 0.1).ma|e;",
      "Tens|or.from;",
      "model.pred([[1, 2]]).to|Array();",
    ];
    expectGolden(
      "definitions",
      shown(snippets, (code) => editor.definitions(code)),
    );
  });

  it("finds the references of a signature", () => {
    const use = "model.tra|in([[1, 2]], [[1]]); CustomModel.fake({ train: () => 1 }).train([[1, 2]], [[1]]);";
    expectGolden(
      "references",
      shown([use], (code) => editor.references(code)),
    );
  });

  it("completes imports", () => {
    const snippets = ["CustomModel|", "let fakes: CustomModelFakes|"];
    expectGolden("imports", snippets.map((code) => `=== ${code}\n${editor.imports(code)}\n`).join("\n"));
  });

  it("completes and explains inputs by name", () => {
    const call = "wide.train({ age: [1], height: [1], income: [1], weight: [[1, 2]], label: [1n] })";
    const completed = [
      "wide.train({ | });",
      "wide.train({ age: [1], | });",
      "wide.async.predict({ | });",
      "Wide.fake({ train: ({ | }) => 1 });",
      'Wide.load(undefined, { readOnly: ["|"] });',
      "Wide.load(undefined, { batching: { | } });",
      "void fit(wide.train, { | });",
    ];
    const wrong = [
      "wide.train({ age: [1], height: [1], income: [1], weight: [[1, 2]] });",
      "wide.train({ age: [1], heigth: [1], income: [1], weight: [[1, 2]], label: [1n] });",
      'wide.train({ age: ["1"], height: [1], income: [1], weight: [[1, 2]], label: [1n] });',
      "wide.train([1], [1]);",
      "wide.async.predict({ age: [1], height: [1] });",
      "void fit(wide.train, { age: [1], height: [1], income: [1], weight: [[1, 2]] });",
      'Wide.load(undefined, { readOnly: ["trian"] });',
    ];
    const texts = [
      shown(completed, (code) => editor.completions(code).join("\n")),
      shown(
        [
          call.replace("train", "tra|in"),
          call.replace("income", "inco|me"),
          "wide.async.pre|dict({ age: [1], height: [1], income: [1], weight: [[1, 2]] });",
          "let inputs: PredictInp|uts;",
        ],
        (code) => editor.quickInfo(code),
      ),
      shown(["wide.train(|);", "wide.train({ age: [1] }, |);", "wide.async.train(|);"], (code) =>
        editor.signatureHelp(code),
      ),
      shown(wrong, (code) => editor.diagnostics(code)),
    ];
    expectGolden("named", texts.join("\n"));
  });

  it("strikes through deprecated signatures", () => {
    const hints = [
      "changed.evaluate([[1, 2]], [[1]]);",
      "changed.evaluate;",
      "changed.async.evaluate([[1, 2]], [[1]]);",
      "Changed.fake({ evaluate: () => ({ loss: 1, mae: 1 }) });",
      "changed.pred([[1, 2]]);",
    ];
    const texts = [
      shown(hints, (code) => editor.deprecations(code)),
      shown(["changed.|", "changed.async.|", "Changed.fake({ | });"], (code) => editor.completions(code).join("\n")),
      shown(["changed.eval|uate([[1, 2]], [[1]]);"], (code) => editor.quickInfo(code)),
    ];
    expectGolden("deprecated", texts.join("\n"));
  });

  it("reports missing signatures, and why a signature is omitted", () => {
    const texts = [
      shown(["changed.train([[1, 2]], [[1]], 0.1);", "partly.raw([1, 2]);"], (code) => editor.diagnostics(code)),
      shown(["Part|ly.load();"], (code) => editor.quickInfo(code)),
    ];
    expectGolden("missing", texts.join("\n"));
  });

  it("reports errors concisely and at the right position", () => {
    const snippets = [
      "model.pred([[1, 2, 3]]);",
      "model.pred([1, 2]);",
      "model.pred([[1, 2], [3, 4]]);",
      'model.pred([["1", "2"]]);',
      'model.train([[1, 2]], "1");',
      "model.pred(new Float64Array(2));",
      'model.pred(Tensor.from("int32", [[1, 2]]));',
      "model.pred(Promise.resolve([[1, 2]]));",
      "model.pred(model.async.pred([[1, 2]]));",
      "regression.train([[1, 2]], [[1]], [0.1]);",
      "dtypes.int64([1.5, 2n, true]);",
      "model.train([[1, 2]]);",
      "model.train();",
      "model.pred([[1, 2]], [[1]]);",
      "model.prd([[1, 2]]);",
      "model.serving_default([[1, 2]]);",
      "model.async.evaluate([[1, 2]]);",
      "regression.train([[1, 2]], [[1]], 0.1).accuracy;",
      "model.train([[1, 2]], [[1]]).item();",
      "model.pred([[1, 2]]) + 1;",
      "model.async.pred([[1, 2]], { signl: new AbortController().signal });",
      'CustomModel.load("models/other", { tag: ["serve"] });',
      "example.parseOne({ agee: 1 });",
      "CustomModel.fake({ prd: () => [[1]] });",
      "CustomModel.fake({ pred: () => [[1, 2]] });",
      'CustomModel.fake({ train: () => "1" });',
      "CustomModel.fake({ pred: async () => [[1]] });",
      "CustomModel.fake({ pred: (inputs: string) => [[inputs.length]] });",
      "Regression.fake({ train: () => ({ loss: 1 }) });",
      "fit(regression.train, [[[1, 2]], [[1]]]);",
      "fit(model.train, [[[1, 2]]]);",
    ];
    expectGolden(
      "diagnostics",
      shown(snippets, (code) => editor.diagnostics(code)),
    );
  });
});

describe("a golden file", () => {
  it("a golden file is not updated under CI=true", () => {
    const url = new URL("editor/members.golden.txt", import.meta.url);
    const before = readFileSync(url, "utf8");
    vi.stubEnv("UPDATE_GOLDENS", "1").stubEnv("CI", "true");
    try {
      expect(() => golden(url, "other")).toThrow("is not for CI");
    } finally {
      vi.unstubAllEnvs();
    }
    expect(readFileSync(url, "utf8")).toBe(before);
  });
});
