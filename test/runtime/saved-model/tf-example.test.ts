import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generate, inspect } from "../../../generator/index.js";
import type { ModelSpec } from "../../../runtime/index.js";
import type { ExampleFeature } from "../../../runtime/saved-model/signature-info.js";
import { parseClient } from "../../support/client.js";
import { hasShared, NO_SHARED, needs, shared } from "../../support/needs.js";
import { encodeMessage } from "../../support/saved-model.js";
import { modelFolder, tempFolder } from "../../support/temp.js";
import { typeErrors } from "../../support/typescript.js";

/** `age: dense int64 []`, with a `?` behind the key of a feature that may be missing, by signature and input. */
function examplesOf(directory: string): Record<string, readonly string[]> {
  return Object.fromEntries(
    inspect(directory).signatures.flatMap(({ key, inputs }) =>
      inputs.flatMap((input) =>
        input.example === undefined ? [] : [[`${key} ${input.key}`, input.example.map(print)]],
      ),
    ),
  );
}

function print({ key, kind, dtype, shape, optional }: ExampleFeature): string {
  return `${key}${optional === true ? "?" : ""}: ${kind} ${dtype} ${JSON.stringify(shape)}`;
}

const ALL = [
  "age: dense int64 []",
  "hours-per-week?: dense float32 [1]",
  "job: dense string [1]",
  "matrix: dense float32 [2,2]",
  "pair: dense int64 [2]",
  "ratings?: dense float32 [null]",
  "scores?: ragged int64 [null]",
  "words?: sparse string [null]",
];

describe("the features that a model parses out of a tf.Example", () => {
  it("finds features through nested functions, for batches and single examples", () => {
    expect(examplesOf(modelFolder("example"))).toEqual({
      "parse_all examples": ALL,
      "parse_one example": ["id: dense int64 []", "weights?: dense float32 [3]"],
      "predict examples": ALL,
    });
  });

  it("finds no features if strings are not parsed as examples", () => {
    expect(examplesOf(modelFolder("text"))).toEqual({});
    expect(examplesOf(modelFolder("names"))).toEqual({});
  });

  describe("of third-party models", () => {
    needs(hasShared, NO_SHARED);
    const X = ["x: dense float32 [1]", "x2?: dense float32 [1]"];

    it("finds features in a TensorFlow 1 graph, with computed defaults", () => {
      expect(examplesOf(join(shared, "tfserving-half-plus-two-cpu"))).toEqual({
        "classify_x_to_y inputs": X,
        "regress_x_to_y inputs": X,
        "regress_x_to_y2 inputs": X,
      });
    });

    it("finds features in an estimator's graph", () => {
      const found = examplesOf(join(shared, "tfx-trainer-serving"));
      expect(Object.keys(found)).toEqual([
        "classification inputs",
        "predict examples",
        "regression inputs",
        "serving_default inputs",
      ]);
      expect(found["predict examples"]).toHaveLength(17);
      expect(found["predict examples"]?.slice(0, 4)).toEqual([
        "company?: sparse string [null]",
        "dropoff_census_tract?: sparse int64 [null]",
        "dropoff_community_area?: sparse int64 [null]",
        "dropoff_latitude?: sparse float32 [null]",
      ]);
    });

    it("finds features in a function that serves a Keras model", () => {
      expect(examplesOf(join(shared, "tfx-trainer-keras"))).toEqual({
        "serving_default examples": ["body_mass_g", "culmen_depth_mm", "culmen_length_mm", "flipper_length_mm"].map(
          (key) => `${key}: dense float32 [1]`,
        ),
      });
    });

    it.each(["ydf-adult-gbdt", "guesslang", "gcp-babyweight-keras"])("finds no features in %s", (name) => {
      expect(examplesOf(join(shared, name))).toEqual({});
    });
  });
});

describe("nonsensical graphs", () => {
  const node = (
    name: string,
    op: string,
    input: readonly string[],
    attributes: Record<string, object> = {},
  ): Uint8Array =>
    encodeMessage("NodeDef", {
      name,
      op,
      input,
      attr: Object.entries(attributes).map(([key, value]) => ({ key, value: encodeMessage("AttrValue", value) })),
    });
  const keys = (...texts: readonly string[]): object => ({
    tensor: {
      dtype: 7,
      tensorShape: { dim: [{ size: texts.length }] },
      stringVal: texts.map((text) => Buffer.from(text)),
    },
  });
  const parser = (attributes: Record<string, object> = {}): Uint8Array =>
    node("parse", "ParseExampleV2", ["x", "none", "sparse", "none", "none"], {
      sparse_types: { list: { type: [1] } },
      ...attributes,
    });
  const constants = [node("none", "Const", [], { value: keys() }), node("sparse", "Const", [], { value: keys("a") })];

  function featuresIn(nodes: readonly Uint8Array[]): readonly string[] {
    return examplesOf(writeGraph(nodes))["f x"] ?? [];
  }

  function writeGraph(nodes: readonly Uint8Array[], shape: object = { dim: [{ size: -1 }] }): string {
    const folder = join(tempFolder(), "model");
    mkdirSync(folder);
    const graphDef = encodeMessage("GraphDef", { node: [node("x", "Placeholder", []), ...nodes] });
    const x = { key: "x", value: { name: "x:0", dtype: 7, tensorShape: shape } };
    const signatureDef = [{ key: "f", value: { inputs: [x], outputs: [x], methodName: "" } }];
    const metaGraphs = [{ metaInfoDef: { tags: ["serve"] }, graphDef, signatureDef }];
    writeFileSync(join(folder, "saved_model.pb"), encodeMessage("SavedModel", { metaGraphs }));
    return folder;
  }

  it.each<[string, readonly Uint8Array[], readonly string[]]>([
    ["a parser with constant keys", [...constants, parser()], ["a?: sparse float32 [null]"]],
    [
      "two parsers that agree",
      [
        ...constants,
        parser(),
        node("again", "ParseExampleV2", ["x", "none", "sparse", "none", "none"], {
          sparse_types: { list: { type: [1] } },
        }),
      ],
      ["a?: sparse float32 [null]"],
    ],
    [
      "two parsers that contradict each other",
      [
        ...constants,
        parser(),
        node("again", "ParseExampleV2", ["x", "none", "sparse", "none", "none"], {
          sparse_types: { list: { type: [9] } },
        }),
      ],
      [],
    ],
    ["keys that are computed", [...constants.slice(0, 1), node("sparse", "Placeholder", []), parser()], []],
    [
      "keys that are not UTF-8",
      [
        ...constants.slice(0, 1),
        node("sparse", "Const", [], { value: { tensor: { dtype: 7, stringVal: [Uint8Array.of(255)] } } }),
        parser(),
      ],
      [],
    ],
    ["a missing dtype", [...constants, parser({ sparse_types: { list: { type: [] } } })], []],
    ["a dtype that no example has", [...constants, parser({ sparse_types: { list: { type: [2] } } })], []],
    [
      "strings that are parsed by something else first",
      [
        ...constants,
        node("decoded", "DecodeBase64", ["x"]),
        node("parse", "ParseSingleExample", ["decoded"], { sparse_keys: { list: { s: [Buffer.from("a")] } } }),
      ],
      [],
    ],
    [
      "a circle",
      [
        node("y", "Identity", ["x", "z"]),
        node("z", "Identity", ["y"]),
        node("x", "Identity", ["z"]),
        node("ParseExample", "NoOp", []),
      ],
      [],
    ],
  ])("features of %s", (_, nodes, want) => {
    expect(featuresIn(nodes)).toEqual(want);
  });

  const v1 = (input: string): Uint8Array =>
    node("parse", "ParseExample", [input, "none", "sparse"], {
      Nsparse: { i: 1 },
      sparse_types: { list: { type: [1] } },
    });
  const single = node("parse", "ParseSingleExample", ["x"], {
    sparse_keys: { list: { s: [Buffer.from("a")] } },
    sparse_types: { list: { type: [1] } },
  });
  const SCALAR = { dim: [] };
  const ANY = { unknownRank: true };
  const expanded = node("row", "ExpandDims", ["x", "none"]);

  it.each<[string, readonly Uint8Array[], object, string | undefined]>([
    [
      "one example or an array of them, where both are parsed",
      [...constants, parser()],
      ANY,
      "readonly FExample[] | FExample",
    ],
    ["an array, where vectors are parsed", [...constants, v1("x")], ANY, "readonly FExample[]"],
    ["one example, where single ones are parsed", [single], ANY, "FExample"],
    ["nothing for a scalar, where vectors are parsed", [...constants, v1("x")], SCALAR, undefined],
    ["nothing for a vector, where single ones are parsed", [single], { dim: [{ size: -1 }] }, undefined],
    ["one example for a scalar that is made a vector", [...constants, expanded, v1("row")], SCALAR, "FExample"],
    ["nothing where no rank is parsed by all", [...constants, v1("x"), single], ANY, undefined],
  ])("generated types accept %s", (_, nodes, shape, want) => {
    const { text } = generate(writeGraph(nodes, shape));
    expect(/x: TensorLike<"string", \S+> \| ([^),]*)[),]/.exec(text)?.[1]).toBe(want);
  });

  it("escapes feature keys that are code", () => {
    const hostile = ["*/ ;globalThis.x=1; /*", "__proto__", "constructor", "\u202e", "`", "a-b", "aB"];
    const types = { sparse_types: { list: { type: hostile.map(() => 1) } } };
    const { text } = generate(
      writeGraph([...constants.slice(0, 1), node("sparse", "Const", [], { value: keys(...hostile) }), parser(types)]),
    );
    const { interfaces, descriptor } = parseClient(text);
    expect(interfaces[0]?.properties).toEqual([
      "globalThisX1",
      "proto",
      "feature",
      "aB2",
      "aB",
      "constructor_",
      "feature2",
    ]);
    const [features] = (descriptor as ModelSpec).examples ?? [];
    expect(features?.map(({ key }) => key).sort()).toEqual([...hostile].sort());
  });

  it("follows a chain of a hundred thousand nodes", () => {
    const chain = Array.from({ length: 100_000 }, (_, index) =>
      node(`n${index + 1}`, "Identity", [index === 0 ? "x" : `n${index}`]),
    );
    expect(featuresIn([...chain, node("ParseExample", "NoOp", [])])).toEqual([]);
  });
});

describe("the generated interface", () => {
  it("generates one interface for each distinct set of features", () => {
    const { text } = generate(modelFolder("example"));
    expect(text.match(/export interface \w+Example /g)).toEqual([
      "export interface ExampleExample ",
      "export interface ParseOneExample ",
    ]);
    expect(text).toContain(
      'predict(\n    this: void,\n    examples: TensorLike<"string", [number]> | readonly ExampleExample[],\n',
    );
    expect(text).toContain('parseOne(\n    this: void,\n    example: TensorLike<"string", []> | ParseOneExample,\n');
  });

  it("types accept matching examples and reject others", () => {
    const use = readFileSync(new URL("../../typings/use-example.ts", import.meta.url), "utf8");
    expect(typeErrors({ "example.ts": generate(modelFolder("example")).text, "use-example.ts": use })).toEqual([]);
  });

  it("includes the features in the fingerprint", () => {
    const fingerprint = (text: string): string | undefined => /sha256:\w+/.exec(text)?.[0];
    expect(fingerprint(generate(modelFolder("example"), { signatures: ["predict"] }).text)).not.toBe(
      fingerprint(generate(modelFolder("example"), { signatures: ["parse_one"] }).text),
    );
  });
});
