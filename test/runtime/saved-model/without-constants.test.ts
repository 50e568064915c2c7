import { describe, expect, it } from "vitest";
import { readEffects } from "../../../runtime/saved-model/effects/write-effects.js";
import { withoutConstants } from "../../../runtime/saved-model/graph/without-constants.js";
import { decode } from "../../../runtime/saved-model/proto/decode.js";
import { encodeMessage } from "../../support/saved-model.js";

/** Node of a graph, with an attribute of so many bytes. */
function node(name: string, op: string, input: readonly string[] = [], bytes = 0): Uint8Array {
  const attr = [{ key: "value", value: new Uint8Array(bytes) }];
  return encodeMessage("NodeDef", { name, op, input, attr });
}

const library = { function: [encodeMessage("FunctionDef", { signature: { name: "f" } })] };
const graph = encodeMessage("GraphDef", {
  node: [
    node("v", "VarHandleOp"),
    node("small", "Const", [], 100),
    node("weights", "Const", [], 1_000_000),
    node("assign", "AssignVariableOp", ["v", "weights"]),
    node("after", "Const", ["^assign"], 1_000_000),
    node("large", "Placeholder", [], 5000),
    node("y", "Identity", ["after"]),
    node("z", "Identity", ["weights"]),
  ],
  library,
});

describe("withoutConstants", () => {
  it("keeps everything but the values of large constants", () => {
    const small = withoutConstants(graph);
    expect(small.length).toBeLessThan(10_000);
    const before = decode("GraphDef", graph);
    const after = decode("GraphDef", small);
    expect(after.library).toEqual(before.library);
    expect(after.node.map((bytes) => decode("NodeHead", bytes))).toEqual(
      before.node.map((bytes) => decode("NodeHead", bytes)),
    );
    expect(after.node.map((bytes) => decode("NodeEdges", bytes))).toEqual(
      before.node.map((bytes) => decode("NodeEdges", bytes)),
    );
    for (const index of [0, 1, 3, 5, 6, 7]) expect(after.node[index]).toEqual(before.node[index]);
  });

  it("leaves the effects of a graph as they are", () => {
    const small = readEffects(withoutConstants(graph));
    const whole = readEffects(graph);
    for (const operations of [["y"], ["z"], ["assign"], ["weights"]]) {
      expect(small.writes(operations)).toBe(whole.writes(operations));
    }
    expect(small.writes(["y"])).toBe(true);
    expect(small.writes(["z"])).toBe(false);
  });
});
