import { describe, expect, it } from "vitest";
import { nativeApi } from "../../../runtime/engines/local/native/c-api.js";
import { listOperations } from "../../../runtime/engines/local/op-library.js";
import { effectOf, makesHandle } from "../../../runtime/saved-model/effects/operation-effects.js";
import { decode, type Message } from "../../../runtime/saved-model/proto/decode.js";
import { WRITING_OPERATIONS } from "../../support/writing-operations.js";

/** The operations of the library, without those of op libraries that other tests load. */
function operations(): readonly Message<"OpEffects">[] {
  const { op } = decode("OpEffectsList", listOperations(nativeApi()));
  return op.filter(({ name }) => name !== "ZeroOut");
}

const isStateful = ({ isStateful, inputArg }: Message<"OpEffects">): boolean =>
  isStateful || inputArg.some(({ isRef }) => isRef);

describe("the operations of the library", () => {
  it("every operation of the library is classified: stateful ones are harmless, or there is a reason why not", () => {
    const unclassed = operations()
      .filter((op) => isStateful(op) && effectOf(op.name, true) === "other")
      .map(({ name }) => [name, Object.values(WRITING_OPERATIONS).filter((pattern) => pattern.test(name)).length])
      .filter(([, reasons]) => reasons === 0);
    expect(unclassed).toEqual([]);
  });

  it("no operation is listed as both harmless and harmful", () => {
    const contradictory = operations()
      .filter((op) => isStateful(op) && effectOf(op.name, true) !== "other")
      .filter(
        ({ name }) =>
          !name.startsWith("Restore") && Object.values(WRITING_OPERATIONS).some((pattern) => pattern.test(name)),
      );
    expect(contradictory.map(({ name }) => name)).toEqual([]);
  });

  it("operations that create handles are harmless", () => {
    const makers = operations().filter(({ name }) => makesHandle(name));
    expect(makers).toHaveLength(12);
    expect(makers.filter(({ name }) => effectOf(name, true) !== "none")).toEqual([]);
  });
});

describe("effects of an operation", () => {
  it.each([
    ["ReadVariableOp", true, "none"],
    ["AssignVariableOp", true, "other"],
    ["RngReadAndSkip", true, "other"],
    ["StatefulUniform", true, "other"],
    ["RandomUniform", true, "none"],
    ["XlaCallModule", true, "none"],
    ["ReduceDataset", true, "none"],
    ["IteratorGetNext", true, 0],
    ["MakeIterator", true, 1],
    ["ShuffleDatasetV3", true, 4],
    ["LookupTableInsertV2", true, 0],
    ["InitializeTableV2", true, 0],
    ["QueueEnqueueV2", true, "other"],
    ["WriteScalarSummary", true, "other"],
    ["SimpleMLInferenceOpWithHandle", true, "none"],
    ["SimpleMLLoadModelFromPathWithHandle", true, "other"],
    ["OfSomebodysLibrary", true, "other"],
    ["OfSomebodysLibrary", false, "none"],
    ["MatMul", false, "none"],
    ["CacheDataset", false, "other"],
    ["PyFuncStateless", false, "other"],
  ])("an operation of type %s (stateful: %s) writes: %s", (type, stateful, effect) => {
    expect(effectOf(type, stateful)).toBe(effect);
  });
});
