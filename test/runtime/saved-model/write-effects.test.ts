import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspect } from "../../../generator/index.js";
import { nativeApi } from "../../../runtime/engines/local/native/c-api.js";
import { listOperations } from "../../../runtime/engines/local/op-library.js";
import { type Effects, readEffects } from "../../../runtime/saved-model/effects/write-effects.js";
import { chooseMetaGraph, readMetaGraphs } from "../../../runtime/saved-model/files/saved-model-file.js";
import { readSignatures } from "../../../runtime/saved-model/signatures.js";
import { hasShared, NO_SHARED, shared } from "../../support/needs.js";
import { encodeMessage } from "../../support/saved-model.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

/** The signatures that change what others see, or of whose operations something else holds. */
function writersOf(
  directory: string,
  holds = (effects: Effects, names: readonly string[]): boolean => effects.writes(names),
): readonly string[] {
  const metaGraph = chooseMetaGraph(directory, readMetaGraphs(directory));
  const effects = readEffects(metaGraph.graphDef, listOperations(nativeApi()));
  return readSignatures(metaGraph)
    .filter(({ outputs, unsupported }) => {
      const tensors = outputs.flatMap(({ tensor, components = [] }) => [
        tensor,
        ...components.map((part) => part.tensor),
      ]);
      const names = tensors.flatMap((tensor) => tensor?.replace(/:\d+$/, "") ?? []);
      return unsupported === undefined && holds(effects, names);
    })
    .map(({ key }) => key);
}

it.each(["counter", "effects", "keras3", "metrics", "regression", "spin"])(
  "inspect reports for %s, without the library, what the library reports",
  (name) => {
    const { signatures } = inspect(modelFolder(name));
    expect(signatures.filter(({ writes }) => writes === true).map(({ key }) => key)).toEqual(
      writersOf(modelFolder(name)),
    );
    expect(signatures.every(({ writes, unsupported }) => writes !== undefined || unsupported !== undefined)).toBe(true);
  },
);

it("a signature with an iterator or a table of its own leaves something behind, though it writes nothing", () => {
  const model = modelFolder("effects");
  const writers = writersOf(model);
  const leavers = writersOf(model, (effects, names) => !effects.leavesNothing(names));
  expect(leavers.filter((key) => !writers.includes(key))).toEqual(["counted", "iterated", "reduced"]);
  expect(writers.filter((key) => !leavers.includes(key))).toEqual([]);
});

it("inspect does not report writes for an operation unknown to TensorFlow", () => {
  const folder = tempFolder();
  const metaGraph = {
    metaInfoDef: { tags: ["serve"] },
    graphDef: encodeMessage("GraphDef", {
      node: [
        encodeMessage("NodeDef", { name: "custom", op: "NobodyKnows" }),
        encodeMessage("NodeDef", { name: "assign", op: "AssignVariableOp", input: ["custom"] }),
      ],
    }),
    signatureDef: ["custom", "assign"].map((key) => ({
      key,
      value: { outputs: [{ key: "y", value: { name: `${key}:0`, dtype: 1, tensorShape: {} } }] },
    })),
  };
  writeFileSync(join(folder, "saved_model.pb"), encodeMessage("SavedModel", { metaGraphs: [metaGraph] }));
  const writes = inspect(folder).signatures.map(({ key, writes }) => [key, writes]);
  expect(writes).toEqual([
    ["assign", true],
    ["custom", undefined],
  ]);
});

describe("signatures that change variables", () => {
  it.each([
    ["composite", []],
    ["counter", ["increment", "reset"]],
    ["custom_model", ["train"]],
    ["dtypes", []],
    ["effects", ["drawn", "keep", "remember"]],
    ["example", []],
    ["keras3", ["train"]],
    ["keras3_saved", ["train"]],
    ["keras3_tracked", ["train"]],
    ["names", []],
    ["regression", ["train"]],
    ["spin", ["count"]],
    ["text", []],
  ])("knows the signatures that change variables in %s", (model, writers) => {
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
  ])("knows the signatures that change variables in third-party %s", ([model, writers], { skip }) => {
    skip(!hasShared, NO_SHARED);
    expect(writersOf(`${shared}/${model}`)).toEqual(writers);
  });
});

describe("effects on resources behind handles", () => {
  type Inputs = readonly string[];
  const node = (name: string, op: string, input: Inputs = [], attributes: Record<string, object> = {}): Uint8Array =>
    encodeMessage("NodeDef", {
      name,
      op,
      input,
      attr: Object.entries(attributes).map(([key, value]) => ({ key, value: encodeMessage("AttrValue", value) })),
    });
  const func = (name: string): object => ({ func: { name } });
  const body = (
    name: string,
    inputs: Inputs,
    nodeDef: readonly Uint8Array[],
    results: Record<string, string> = {},
  ): Uint8Array =>
    encodeMessage("FunctionBody", {
      signature: {
        name,
        inputArg: inputs.map((input) => ({ name: input })),
        outputArg: Object.keys(results).map((result) => ({ name: result })),
      },
      nodeDef,
      ret: Object.entries(results).map(([key, value]) => ({ key, value })),
    });
  /** Whether the node `y` writes. */
  const writes = (nodes: readonly Uint8Array[], functions: readonly Uint8Array[] = []): boolean => {
    const graphDef = encodeMessage("GraphDef", { node: nodes, library: { function: functions } });
    const answer = readEffects(graphDef, listOperations(nativeApi())).writes(["y"]);
    // The operations of TensorFlow are known without its library too.
    expect(readEffects(graphDef).writes(["y"])).toBe(answer);
    return answer;
  };

  const next = body("next", ["x", "iterator"], [node("get", "IteratorGetNext", ["iterator"])]);
  const own = node("own", "AnonymousIteratorV3");
  const shared = node("shared", "IteratorV2");
  const x = node("x", "Placeholder");

  it.each<[string, boolean, readonly Uint8Array[], (readonly Uint8Array[])?]>([
    ["an iterator of the call's own is advanced", false, [own, node("y", "IteratorGetNext", ["own"])]],
    ["an operation that nobody knows is run", true, [node("y", "NobodyKnows")]],
    ["a shared iterator is advanced", true, [shared, node("y", "IteratorGetNext", ["shared"])]],
    ["an iterator is filled, its handle the second input", false, [x, own, node("y", "MakeIterator", ["x", "own"])]],
    ["a shared iterator is filled", true, [own, shared, node("y", "MakeIterator", ["own", "shared"])]],
    [
      "a handle went through an identity",
      false,
      [own, node("i", "Identity", ["own:0"]), node("y", "DeleteIterator", ["i"])],
    ],
    ["a handle was chosen", true, [own, node("s", "Switch", ["own", "own"]), node("y", "DeleteIterator", ["s"])]],
    [
      "a function gets a handle of the call's own",
      false,
      [x, own, node("y", "StatefulPartitionedCall", ["x", "own"], { f: func("next") })],
      [next],
    ],
    [
      "a function gets a shared handle",
      true,
      [x, shared, node("y", "StatefulPartitionedCall", ["x", "shared"], { f: func("next") })],
      [next],
    ],
    [
      "a function hands its handle on to another",
      true,
      [x, shared, node("y", "StatefulPartitionedCall", ["x", "shared"], { f: func("outer") })],
      [body("outer", ["a", "b"], [node("call", "PartitionedCall", ["a", "b"], { f: func("next") })]), next],
    ],
    ["a function is called by the name of an operation", true, [x, shared, node("y", "next", ["x", "shared"])], [next]],
    [
      "one branch gets a shared handle behind the condition",
      true,
      [x, shared, node("y", "If", ["x", "x", "shared"], { then_branch: func("next"), else_branch: func("none") })],
      [next, body("none", ["x", "iterator"], [])],
    ],
    [
      "one branch gets a handle of the call's own behind the condition",
      false,
      [x, own, node("y", "If", ["x", "x", "own"], { then_branch: func("next"), else_branch: func("none") })],
      [next, body("none", ["x", "iterator"], [])],
    ],
    [
      "a loop keeps the handle",
      false,
      [x, own, node("y", "While", ["x", "own"], { cond: func("go"), body: func("turn") })],
      [
        body("go", ["x", "iterator"], [], { go: "x" }),
        body("turn", ["x", "iterator"], [node("get", "IteratorGetNext", ["iterator"])], { a: "x", b: "iterator" }),
      ],
    ],
    [
      "a loop exchanges the handles",
      true,
      [own, shared, node("y", "While", ["shared", "own"], { cond: func("go"), body: func("turn") })],
      [
        body("go", ["a", "b"], [], { go: "a" }),
        body("turn", ["a", "b"], [node("get", "IteratorGetNext", ["b"])], { c: "b", d: "a" }),
      ],
    ],
    [
      "nobody knows which input is the argument",
      true,
      [x, own, node("y", "MapDataset", ["x", "own"], { f: func("next") })],
      [next],
    ],
    [
      "functions call each other in a circle",
      true,
      [x, shared, node("y", "PartitionedCall", ["x", "shared"], { f: func("a") })],
      [
        body("a", ["x", "i"], [node("call", "PartitionedCall", ["x", "i"], { f: func("b") })]),
        body(
          "b",
          ["x", "i"],
          [node("call", "PartitionedCall", ["x", "i"], { f: func("a") }), node("get", "IteratorGetNext", ["i"])],
        ),
      ],
    ],
    [
      "it is the way back of a circle that writes",
      true,
      [x, shared, node("y", "PartitionedCall", ["x", "shared"], { f: func("outer") })],
      [
        body(
          "outer",
          ["x", "i"],
          [
            node("own", "AnonymousIteratorV3"),
            node("b", "PartitionedCall", ["x", "i"], { f: func("b") }),
            node("a", "PartitionedCall", ["x", "own"], { f: func("a") }),
          ],
        ),
        body(
          "a",
          ["x", "i"],
          [node("call", "PartitionedCall", ["x", "i"], { f: func("b") }), node("get", "IteratorGetNext", ["i"])],
        ),
        body("b", ["x", "i"], [node("call", "PartitionedCall", ["x", "i"], { f: func("a") })]),
      ],
    ],
    [
      "a loop is its own body",
      false,
      [x, own, node("y", "While", ["x", "own"], { cond: func("a"), body: func("a") })],
      [body("a", ["x", "i"], [node("w", "While", ["x", "i"], { cond: func("a"), body: func("a") })])],
    ],
    ["a function is not there", true, [x, node("y", "PartitionedCall", ["x"], { f: func("gone") })]],
    ["nobody knows the operation", true, [x, node("y", "NobodyKnowsThisOperation", ["x"])]],
    ["a text is printed", false, [x, node("y", "PrintV2", ["x"], { output_stream: { s: Buffer.from("stderr") } })]],
    [
      "a text is printed to a file",
      true,
      [x, node("y", "PrintV2", ["x"], { output_stream: { s: Buffer.from("file:///log") } })],
    ],
    ["a variable is assigned", true, [x, node("v", "VarHandleOp"), node("y", "AssignVariableOp", ["v", "x"])]],
    [
      "a variable is assigned before",
      true,
      [x, node("v", "VarHandleOp"), node("a", "AssignVariableOp", ["v", "x"]), node("y", "Identity", ["x", "^a"])],
    ],
    [
      "a function of a dataset writes",
      true,
      [x, node("y", "ReduceDataset", ["x"], { f: func("w") })],
      [body("w", ["v"], [node("a", "AssignVariableOp", ["v"])])],
    ],
  ])("effects where %s: %s", (_, expected, nodes, functions) => {
    expect(writes(nodes, functions)).toBe(expected);
  });
});
