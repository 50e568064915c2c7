import { expect, it } from "vitest";
import { hasSmallProducts } from "../../../../runtime/engines/local/fusion.js";
import { type LoadOptions, Model } from "../../../../runtime/index.js";
import { chooseMetaGraph, readMetaGraphs } from "../../../../runtime/saved-model/files/saved-model-file.js";
import { FLOAT, type NodeSpec, shape, type, writeGraphModel } from "../../../support/graph-model.js";
import { modelFolder } from "../../../support/temp.js";

interface Network {
  readonly rows?: number;
  /** Sizes of the weights, which are a variable. */
  readonly weights?: readonly number[];
  readonly others?: Readonly<Record<string, NodeSpec>>;
}

function areProductsSmall({ rows = 1, weights = [4, 4], others = {} }: Network): boolean {
  const folder = writeGraphModel(
    {
      x: ["Placeholder", [], { dtype: type(FLOAT), shape: shape([rows, 4]) }],
      w: ["VarHandleOp", [], { dtype: type(FLOAT), shape: shape(weights) }],
      product: ["MatMul", ["x", "w"], { T: type(FLOAT) }],
      ...others,
    },
    { f: { inputs: { x: ["x:0", FLOAT, [rows, 4]] }, outputs: { y: ["product:0", FLOAT, null] } } },
  );
  return hasSmallProducts(chooseMetaGraph(folder, readMetaGraphs(folder)));
}

const floats = (bytes: number): object => ({
  tensor: { dtype: FLOAT, tensorShape: { dim: [{ size: bytes / 4 }] }, tensorContent: new Uint8Array(bytes) },
});

it.each<[string, Network, boolean]>([
  ["one row", {}, true],
  ["128 rows", { rows: 128 }, true],
  ["129 rows", { rows: 129 }, false],
  ["an unknown number of rows", { rows: -1 }, false],
  ["weights of 256 × 256", { weights: [256, 256] }, true],
  ["weights of 256 × 257", { weights: [256, 257] }, false],
  ["weights of unknown size", { weights: [-1, 4] }, false],
  ["a large constant", { others: { c: ["Const", [], { value: floats(2 ** 18), dtype: type(FLOAT) }] } }, false],
  ["a convolution", { others: { c: ["Conv2D", ["x", "x"], { T: type(FLOAT) }] } }, false],
  ["no matrix product", { others: { product: ["AddV2", ["x", "x"], { T: type(FLOAT) }] } }, false],
])("a network with %s: are its products known to be small?", (_, network, expected) => {
  expect(areProductsSmall(network)).toBe(expected);
});

it("a signature of fixed sizes is known to be small, one of any number of rows is not", () => {
  const isSmall = (name: string): boolean => {
    const folder = modelFolder(name);
    return hasSmallProducts(chooseMetaGraph(folder, readMetaGraphs(folder)));
  };
  expect([isSmall("custom_model"), isSmall("keras3")]).toEqual([true, false]);
});

/** The types of the operations that a call runs. */
function operationsOf(options: LoadOptions): readonly string[] {
  // The executor that records them.
  using model = Model.load(modelFolder("custom_model"), { ...options, scheduling: "caller" });
  const { trace } = model.trace(() => model.run("pred", { inputs: [[1, 1]] }));
  return trace.traceEvents.filter(({ ph }) => ph === "X").map(({ name }) => name);
}

it("`fuse` decides whether operations are fused", () => {
  const fused = operationsOf({ fuse: true });
  const apart = operationsOf({ fuse: false });
  expect(fused.filter((name) => name.includes("Fused"))).not.toEqual([]);
  expect(apart.filter((name) => name.includes("Fused"))).toEqual([]);
  expect(apart).toContain("BiasAdd");
  // oneDNN's operations are named after its former name.
  const isOneDnnUsed = fused.some((name) => name.startsWith("_Mkl"));
  expect(operationsOf({})).toEqual(process.platform === "linux" && isOneDnnUsed ? apart : fused);
  expect(operationsOf({ config: Uint8Array.of(0x52, 4, 0x52, 2, 0x70, 1), fuse: false })).toEqual(fused);
});
