import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { formatDescription } from "../../../generator/cli/inspect/model-table.js";
import { formatVariables } from "../../../generator/cli/inspect/variable-table.js";
import { inspect } from "../../../generator/index.js";
import { chooseMetaGraph, readMetaGraphs } from "../../../runtime/saved-model/files/saved-model-file.js";
import { exportAdvice, noSignatureNote } from "../../../runtime/saved-model/graph/unexported-functions.js";
import { encodeMessage } from "../../support/saved-model.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

/** A model of this repository, as if it had been saved without signatures. */
function withoutSignatures(name: string): string {
  const folder = tempFolder();
  const { metaInfoDef, graphDef, objectGraphDef } = chooseMetaGraph(name, readMetaGraphs(modelFolder(name)));
  const metaGraphs = [{ metaInfoDef, graphDef, objectGraphDef }];
  writeFileSync(join(folder, "saved_model.pb"), encodeMessage("SavedModel", { metaGraphs }));
  return folder;
}

it("inspect lists the functions of a model without signatures, and how to export them", () => {
  const folder = withoutSignatures("regression");
  const description = inspect(folder);
  expect(description.signatures).toEqual([]);
  expect(description.functions).toEqual([
    { path: "evaluate", arguments: ["x", "target"] },
    { path: "pred", arguments: ["x"] },
    { path: "train", arguments: ["x", "target", "learning_rate"] },
    { path: "weights", arguments: [] },
  ]);
  expect(formatDescription({ ...description, directory: "m" }, 80)).toContain(`
It has no signatures.

functions  evaluate(x, target), pred(x), train(x, target, learning_rate),
      weights()
      To export them as signatures, run in Python:
      model = tf.saved_model.load(folder)
      tf.saved_model.save(model, other_folder, signatures={"evaluate": model.evaluate.concrete_functions[0]})
`);
  expect(noSignatureNote(description)).toBe(
    "the model has no signature that can be called, but functions that can be exported as signatures: " +
      "evaluate(x, target), pred(x), train(x, target, learning_rate), weights(). In Python: " +
      `${exportAdvice(description)}`,
  );
});

it("inspect lists no functions for a model with signatures", () => {
  expect(inspect(modelFolder("regression"))).not.toHaveProperty("functions");
});

it("inspect gives no advice if a model has no functions", () => {
  const description = { ...inspect(withoutSignatures("names")), functions: [] };
  expect(exportAdvice(description)).toBeUndefined();
  expect(noSignatureNote(description)).toBe("the model has no signature that can be called");
});

it("inspect lists optimizer state after weights and other state", () => {
  const { variables } = inspect(modelFolder("keras3"));
  const lines = formatVariables(variables, 100).split("\n").slice(1);
  const isTrainable = lines.map((line) => !line.includes("not trainable"));
  expect(isTrainable.indexOf(false)).toBe(variables.filter(({ trainable }) => trainable === true).length);
  const state = { dtype: "float32", shape: [], trainable: false };
  const text = formatVariables(
    [
      { name: "adam/m", path: "_optimizer/_variables/0", ...state },
      { name: "moving_mean", path: "norm/moving_mean", ...state },
      { name: "w", path: "w", ...state, trainable: true },
    ],
    100,
  );
  expect(text.match(/adam\/m|moving_mean|\bw\b/g)).toEqual(["w", "moving_mean", "adam/m"]);
});
