import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatVariables } from "../../../generator/cli/inspect/variable-table.js";
import { inspect, type VariableInfo } from "../../../generator/index.js";
import { pathsOf } from "../../../runtime/saved-model/graph/object-paths.js";
import { hasShared, NO_SHARED, shared } from "../../support/needs.js";
import { encodeMessage } from "../../support/saved-model.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

/** A node of TensorFlow 1 that holds a variable of float32. */
function variable(name: string, op: string, shape: object | undefined, sharedName = ""): Uint8Array {
  const attr = [
    { key: "dtype", value: encodeMessage("AttrValue", { type: 1 }) },
    { key: "shared_name", value: encodeMessage("AttrValue", { s: Buffer.from(sharedName) }) },
    ...(shape === undefined ? [] : [{ key: "shape", value: encodeMessage("AttrValue", { shape }) }]),
  ];
  return encodeMessage("NodeDef", { name, op, attr });
}

/** Returns the variables of a model with these nodes and collections. */
function variablesOf(node: readonly Uint8Array[], collections: Readonly<Record<string, Uint8Array>>): unknown {
  const metaGraph = {
    metaInfoDef: { tags: ["serve"] },
    graphDef: encodeMessage("GraphDef", { node }),
    collectionDef: Object.entries(collections).map(([key, value]) => ({ key, value })),
  };
  const folder = tempFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "saved_model.pb"), encodeMessage("SavedModel", { metaGraphs: [metaGraph] }));
  return inspect(folder).variables;
}

function collection(...names: readonly string[]): Uint8Array {
  const value = names.map((variableName) => encodeMessage("VariableDef", { variableName }));
  return encodeMessage("CollectionDef", { bytesList: { value } });
}

const vector = { dim: [{ size: 3 }] };
const a: VariableInfo = { name: "a", dtype: "float32", shape: [3], trainable: true };

describe("variables that Keras 3 exports twice", () => {
  it("variables that Keras 3 exports twice are listed twice, with the second marked", () => {
    const { variables } = inspect(modelFolder("keras3_tracked"));
    const kernels = variables.filter(({ name }) => name === "sequential/dense/kernel");
    expect(kernels).toMatchObject([{ path: "_all_variables/0", copy: true }, { path: "variables/0" }]);
    expect(kernels[1]).not.toHaveProperty("copy");
    expect(variables.filter(({ copy }) => copy).length).toBe(4);
  });

  it("variables are not marked if the objects do not exist twice", () => {
    for (const name of ["keras3", "keras3_saved", "optimizers"]) {
      expect(inspect(modelFolder(name)).variables.filter(({ copy }) => copy)).toEqual([]);
    }
  });

  it("variables that Keras 3 exports twice count once in the table", () => {
    const { variables } = inspect(modelFolder("keras3_tracked"));
    const text = formatVariables(variables, 80);
    expect(text).toContain("14, with 65 parameters, 21 trainable, 4 written twice\n");
    expect(text).toMatch(/dense\/kernel +float32 \[3, 4\]$/m);
    expect(text).toContain("and 2 more (--json lists all)");
  });
});

describe("the variables of a graph of TensorFlow 1", () => {
  it("TensorFlow 1 variables are those of all variable operations, sorted, with data from the collections", () => {
    const nodes = [
      encodeMessage("NodeDef", { name: "read", op: "Identity", input: ["a"] }),
      variable("step", "VariableV2", {}),
      variable("a", "VarHandleOp", vector),
      variable("old/part_0", "Variable", { dim: [{ size: -1 }] }),
      variable("any", "AutoReloadVariable", { unknownRank: true }),
      variable("none", "VariableV2", undefined),
    ];
    const collections = {
      trainable_variables: collection("a:0", "old/part_0:0"),
      variables: collection("a:0", "old/part_0:0", "step:0"),
    };
    expect(variablesOf(nodes, collections)).toEqual([
      a,
      { name: "any", dtype: "float32", shape: null, trainable: false },
      { name: "none", dtype: "float32", shape: null, trainable: false },
      { name: "old/part_0", dtype: "float32", shape: [null], trainable: true },
      { name: "step", dtype: "float32", shape: [], trainable: false },
    ]);
  });

  it("TensorFlow 1 variables are named after their shared name, and counted once", () => {
    const nodes = [variable("a_1", "VarHandleOp", vector, "a"), variable("a_2", "VarHandleOp", vector, "a")];
    expect(variablesOf(nodes, { trainable_variables: collection("a_2:0") })).toEqual([a]);
  });

  it("TensorFlow 1 variables are not trainable if only others are listed as trainable", () => {
    expect(variablesOf([variable("a", "VariableV2", vector)], { variables: collection("a:0") })).toEqual([
      { ...a, trainable: false },
    ]);
  });

  it("TensorFlow 1 variables have unknown trainability if the collections are absent or unreadable", () => {
    const unknown = [{ ...a, trainable: null }];
    const nodes = [variable("a", "VariableV2", vector)];
    expect(variablesOf(nodes, {})).toEqual(unknown);
    expect(variablesOf(nodes, { train_op: collection("a") })).toEqual(unknown);
    const notDefinitions = encodeMessage("CollectionDef", { bytesList: { value: [Uint8Array.of(255)] } });
    for (const broken of [Uint8Array.of(255), notDefinitions]) {
      expect(variablesOf(nodes, { trainable_variables: broken })).toEqual(unknown);
    }
  });

  it("finds the variables of real models", ({ skip }) => {
    skip(!hasShared, NO_SHARED);
    const { variables } = inspect(join(shared, "guesslang"));
    expect(variables.length).toBe(10);
    expect(variables).toContainEqual({
      name: "dnn/hiddenlayer_0/kernel",
      dtype: "float32",
      shape: [70, 512],
      trainable: true,
    });
    expect(variables).toContainEqual({ name: "global_step", dtype: "int64", shape: [], trainable: false });
    expect(inspect(join(shared, "tfserving-counter")).variables).toEqual([
      { name: "counter", dtype: "float32", shape: [], trainable: true },
    ]);
  });
});

describe("the variables of a model of TensorFlow 2", () => {
  it("TensorFlow 2 variables with equal names have distinct paths", () => {
    const { variables } = inspect(modelFolder("keras3_saved"));
    expect(variables.map(({ name, path }) => [name, path])).toEqual([
      ["custom_model/bias", "hidden/bias"],
      ["custom_model/bias", "last/bias"],
      ["custom_model/kernel", "hidden/_kernel"],
      ["custom_model/kernel", "last/_kernel"],
      ["sgd/iteration", "descent/_iterations"],
      ["sgd/learning_rate", "descent/_learning_rate"],
    ]);
  });
});

describe("paths of objects", () => {
  const children = (...names: readonly (readonly [string, number])[]): object[] =>
    names.map(([localName, nodeId]) => ({ localName, nodeId }));
  const paths = (...objects: readonly object[][]): readonly (readonly [number, string])[] =>
    [...pathsOf(objects.map((list) => ({ children: list as never })))].sort(([a], [b]) => a - b);

  it("a path is the shortest that ends in an attribute name", () => {
    const root = children(["variables", 1], ["layer", 2]);
    expect(paths(root, children(["0", 3], ["1", 4]), children(["kernel", 3]), [], [])).toEqual([
      [1, "variables"],
      [2, "layer"],
      [3, "layer/kernel"],
      [4, "variables/1"],
    ]);
  });

  it("a path search ends at cycles and missing objects", () => {
    expect(paths(children(["a", 1], ["self", 0], ["far", 99]), children(["up", 0]), [])).toEqual(
      expect.arrayContaining([[1, "a"]]),
    );
  });

  it("a very long path is omitted", () => {
    const chain = Array.from({ length: 5000 }, (_, index) => children(["next", index + 1]));
    const found = paths(...chain);
    expect(found.length).toBe(200);
    expect(found.at(-1)?.[1].length).toBe(999);
  });
});
