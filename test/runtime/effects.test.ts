import { describe, expect, it } from "vitest";
import { readEffects } from "../../runtime/effects.js";
import { nativeApi } from "../../runtime/native/api.js";
import { chooseMetaGraph, readMetaGraphs } from "../../runtime/saved-model-file.js";
import { readSignatures } from "../../runtime/signatures.js";
import { hasShared, NO_SHARED, shared } from "../support/needs.js";
import { modelFolder } from "../support/temp.js";

/** The signatures that change what others see. */
function writersOf(directory: string): readonly string[] {
  const metaGraph = chooseMetaGraph(directory, readMetaGraphs(directory));
  const effects = readEffects(nativeApi(), metaGraph.graphDef);
  return readSignatures(metaGraph)
    .filter(({ outputs, unsupported }) => {
      const tensors = outputs.flatMap(({ tensor, components = [] }) => [
        tensor,
        ...components.map((part) => part.tensor),
      ]);
      const names = tensors.flatMap((tensor) => tensor?.replace(/:\d+$/, "") ?? []);
      return unsupported === undefined && effects.writes(names);
    })
    .map(({ key }) => key);
}

describe("the signatures that change variables are known", () => {
  it.each([
    ["composite", []],
    ["counter", ["increment", "reset"]],
    ["custom_model", ["train"]],
    ["dtypes", []],
    ["example", []],
    ["keras3", ["train"]],
    ["keras3_saved", ["train"]],
    ["keras3_tracked", ["train"]],
    ["names", []],
    ["regression", ["train"]],
    ["spin", ["count"]],
    ["text", []],
  ])("in %s", (model, writers) => {
    expect(writersOf(modelFolder(model))).toEqual(writers);
  });

  it.for([
    ["rust-training-custom", ["train"]],
    ["tfserving-counter", ["incr_counter", "incr_counter_by", "reset_counter"]],
    ["tfserving-half-plus-two-cpu", []],
    ["tfx-trainer-serving", []],
    ["guesslang", []],
    ["tfnet-lstm-sequential", []],
    ["java-using-python", []],
  ])("in %s, which others made", ([model, writers], { skip }) => {
    skip(!hasShared, NO_SHARED);
    expect(writersOf(`${shared}/${model}`)).toEqual(writers);
  });
});
