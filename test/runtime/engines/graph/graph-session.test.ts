import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { runNow } from "../../../../runtime/base/steps.js";
import type { GraphSession, NodeSpec } from "../../../../runtime/engines/graph/graph-session.js";
import { LocalGraph } from "../../../../runtime/engines/local/local-graph.js";
import { type NativeApi, nativeApi } from "../../../../runtime/engines/local/native/c-api.js";
import { Session } from "../../../../runtime/engines/local/session.js";
import { Model, Tensor, TensorFlowError } from "../../../../runtime/index.js";
import { openGraph } from "../../../../runtime/saved-model/graph/graph.js";
import { decode } from "../../../../runtime/saved-model/proto/decode.js";
import { expectError } from "../../../support/errors.js";
import { modelFolder, tempFolder } from "../../../support/temp.js";

const FLOAT = 1;

/** A file that Python wrote. */
function written(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs something on the graph of a loaded model. */
function withGraph(run: (graph: GraphSession) => void): void {
  const session = runNow(Session.loading(modelFolder("regression"), ["serve"]));
  try {
    run(session.graph);
  } finally {
    session.dispose();
  }
}

const PLACEHOLDER: NodeSpec = { op: "Placeholder", name: "added/x", inputs: [], dtypes: { dtype: FLOAT } };
const SUM: NodeSpec = {
  op: "ConcatV2",
  name: "added/sum",
  inputs: [["added/x", "added/x:0"], "added/axis"],
  dtypes: { T: FLOAT, Tidx: 3 },
};
const AXIS: NodeSpec = { op: "Placeholder", name: "added/axis", inputs: [], dtypes: { dtype: 3 } };

describe("the graph of a local session", () => {
  it("runs operations that are added, one of them with an input that is a list", () => {
    withGraph((graph) => {
      graph.addOperations([PLACEHOLDER, AXIS, SUM]);
      const results = runNow(
        graph.run("test()", {
          feeds: [
            ["added/x:0", Tensor.from("float32", [[1, 2]])],
            ["added/axis", Tensor.from("int32", 1)],
          ],
          fetches: ["added/sum"],
        }),
      );
      expect(results).toEqual([Tensor.from("float32", [[1, 2, 1, 2]])]);
    });
  });

  it("returns copies: what is done to a result does not change the variable", () => {
    withGraph((graph) => {
      const [node] = openGraph(graph.graphDef()).ofTypes(new Set(["VarHandleOp"]));
      const inputs = [node?.name ?? ""];
      graph.addOperations([{ op: "ReadVariableOp", name: "added/read", inputs, dtypes: { dtype: FLOAT } }]);
      const read = (): Tensor | undefined => runNow(graph.run("test()", { fetches: ["added/read:0"] }))[0];
      const first = read();
      const before = first?.toArray();
      (first as Tensor<"float32">).data.fill(99);
      expect(read()?.toArray()).toEqual(before);
    });
  });

  it("rejects an operation with an input that is not in the graph, and takes its name later", () => {
    withGraph((graph) => {
      graph.addOperations([AXIS]);
      const error = expectError(() => graph.addOperations([SUM]), "MODEL_CORRUPT");
      expect(error.rawMessage).toBe('the operation "added/x" is not in the graph');
      graph.addOperations([PLACEHOLDER, SUM]);
      expect(() => graph.addOperations([SUM])).toThrow(TensorFlowError);
    });
  });

  it.each<[string, Parameters<GraphSession["run"]>[1], string]>([
    ["an unknown target", { targets: ["nothing"] }, 'the operation "nothing" is not in the graph'],
    ["an unknown tensor", { fetches: ["nothing:0"] }, 'the operation "nothing" is not in the graph'],
    ["a further output than there is", { fetches: ["added/x:1"] }, 'the tensor "added/x:1" is not in the graph'],
    [
      "a feed of another dtype",
      { feeds: [["added/x", Tensor.from("string", "a")]] },
      'the tensor "added/x" is float32 in the graph, not string',
    ],
  ])("rejects %s before anything runs", (_, request, message) => {
    withGraph((graph) => {
      graph.addOperations([PLACEHOLDER]);
      expect(expectError(() => runNow(graph.run("test()", request)), "MODEL_CORRUPT").rawMessage).toBe(message);
    });
  });

  it("reports a failed run as that of the call, with TensorFlow's error as the cause, and keeps no tensor", () => {
    withGraph((graph) => {
      graph.addOperations([PLACEHOLDER, AXIS, SUM]);
      const tensors = countTensors();
      const feeds = [
        ["added/x", Tensor.from("float32", [[1, 2]])],
        ["added/axis", Tensor.from("int32", 7)],
      ] as const;
      const error = expectError(
        () => runNow(graph.run("test()", { feeds, fetches: ["added/sum"] })),
        "TF_INVALID_ARGUMENT",
      );
      expect(error.rawMessage).toMatch(/^test\(\): TensorFlow failed: /);
      expect(error.cause).toBeInstanceOf(TensorFlowError);
      expect(tensors()).toEqual({ made: 2, live: 0 });
    });
  });

  it("is of no use once the session is disposed", () => {
    const session = runNow(Session.loading(modelFolder("regression"), ["serve"]));
    session.dispose();
    expectError(() => runNow(session.graph.run("test()", { targets: ["any"] })), "DISPOSED");
  });
});

/** Counts the tensors that are made for feeds, and not deleted, from now on. */
function countTensors(): () => { readonly made: number; readonly live: number } {
  const api: { -readonly [Name in keyof NativeApi]: NativeApi[Name] } = nativeApi();
  let [made, live] = [0, 0];
  const { TF_AllocateTensor, TF_DeleteTensor } = api;
  vi.spyOn(api, "TF_AllocateTensor").mockImplementation((...parameters) => {
    made++;
    live++;
    return TF_AllocateTensor(...parameters);
  });
  vi.spyOn(api, "TF_DeleteTensor").mockImplementation((...parameters) => {
    live--;
    return TF_DeleteTensor(...parameters);
  });
  return () => ({ made, live });
}

/** The dtypes in the attributes of a node of a graph, by the names of the attributes. */
function dtypesIn(graphDef: Uint8Array, name: string): NodeSpec["dtypes"] {
  const node = openGraph(graphDef)
    .all()
    .find((each) => each.name === name);
  const attributes = (node?.attr ?? []).map(({ key, value }) => [key, decode("AttrValue", value)] as const);
  return Object.fromEntries([
    ...attributes.filter(([, { type }]) => type !== 0).map(([key, { type }]) => [key, type]),
    ...attributes.flatMap(([key, { list }]) => (list?.type.length ? [[key, list.type]] : [])),
  ]);
}

/** Things that add operations to graphs, of models of both versions of TensorFlow. */
const WORK: Readonly<Record<string, () => void>> = {
  "variables and the check for values": () => {
    using model = Model.load(written("loads/begin"));
    model.variables();
  },
  "references of TensorFlow 1": () => {
    using model = Model.load(written("loads/hub_reference"), { tags: [] });
    model.variables();
  },
  "a checkpoint under other keys": () => {
    using model = Model.load(written("checkpoints/votes"));
    model.restore(written("checkpoints/votes-attribute"));
  },
  "a part of a checkpoint, with a table": () => {
    using model = Model.load(written("checkpoints/votes"));
    model.restore(written("checkpoints/votes-attribute"), { partial: true });
  },
  "initial values of variables and tables": () => Model.load(written("loads/skip_saver")).dispose(),
  "tables of TensorFlow 1": () => Model.load(written("loads/tables")).dispose(),
  "copies of variables that were written twice": () => {
    using model = Model.load(modelFolder("keras3_saved"));
    model.saveWeights(join(tempFolder(), "weights"));
  },
  "a save that keeps the tensors of another meta graph": () => {
    using model = Model.load(written("../local/save/saving/tag_sets"), { tags: ["serve"] });
    model.save(tempFolder());
  },
};

it.each(Object.entries(WORK))("specifies all dtypes that TensorFlow could infer: %s", (_, work) => {
  const added: string[] = [];
  const addOperations = LocalGraph.prototype.addOperations;
  vi.spyOn(LocalGraph.prototype, "addOperations").mockImplementation(function (this: LocalGraph, nodes) {
    addOperations.call(this, nodes);
    const graphDef = this.graphDef();
    for (const { name, op, dtypes } of nodes) {
      added.push(op);
      expect(dtypesIn(graphDef, name), `${op} ${name}`).toEqual(dtypes);
    }
  });
  work();
  expect(added).not.toEqual([]);
});
