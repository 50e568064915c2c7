import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { Example, type ExampleExample } from "../../../generated/example.js";
import { generate } from "../../../generator/index.js";
import { ExampleEncoder } from "../../../runtime/call/example-input.js";
import { type ErrorCode, type FeatureSpec, Model, type ModelSpec, Tensor } from "../../../runtime/index.js";
import { parseClient } from "../../support/client.js";
import { expectError } from "../../support/errors.js";
import { decodeExample } from "../../support/example.js";
import { expectGolden, type GoldenCall, readCalls, readCases } from "../../support/goldens.js";
import { hasShared, NO_SHARED, needs, shared } from "../../support/needs.js";
import { modelFolder } from "../../support/temp.js";

function load(): Example {
  const model = Example.load(modelFolder("example"));
  onTestFinished(() => model.dispose());
  return model;
}

const ADA: ExampleExample = {
  age: 36,
  hoursPerWeek: 50.5,
  job: "mathematician",
  matrix: [
    [1, 2],
    [3, 4],
  ],
  pair: [1, -1],
  ratings: [0.5, 0.25],
  scores: [2n ** 53n + 1n],
  words: ["größe", ""],
};
const GRACE: ExampleExample = {
  age: -(2n ** 63n),
  job: Uint8Array.of(255, 0),
  matrix: new Float32Array(4),
  pair: BigInt64Array.of(0n, 2n ** 63n - 1n),
};

function golden(name: string): GoldenCall {
  const call = readCases("example").find((candidate) => candidate.name === name)?.calls[0];
  if (call === undefined) throw new Error(`no golden ${name}`);
  return call;
}

function bytesOf({ inputs }: GoldenCall, key: string): readonly Uint8Array[] {
  return (inputs[key]?.data ?? []).map((text) => Buffer.from(String(text), "base64"));
}

describe("examples given as objects", () => {
  const features: readonly FeatureSpec[] = [
    { key: "text", dtype: "string", kind: "sparse", shape: [null], optional: true, property: "text" },
    { key: "whole", dtype: "int64", kind: "ragged", shape: [null], optional: true, property: "whole" },
    { key: "real", dtype: "float32", kind: "dense", shape: [null], optional: true, property: "real" },
  ];
  const encode = (value: unknown): Uint8Array => {
    const bytes = new ExampleEncoder({ key: "x" }, features).encode(value, "f()");
    if (!(bytes instanceof Uint8Array)) throw new Error("not encoded");
    return bytes;
  };

  it("examples as objects give the results of TensorFlow's own bytes", () => {
    const all = golden("all features, and the defaults");
    const outputs = load().parseAll([ADA, GRACE]);
    for (const [key, output] of Object.entries(all.outputs)) expectGolden(outputs[key as "age"], output, key);
    const prediction = golden("a prediction");
    expectGolden(load().predict([ADA]), prediction.outputs.score ?? fail(), "score");
  });

  it("examples as objects encode the same features as TensorFlow", () => {
    const own = bytesOf(golden("all features, and the defaults"), "examples").map(decodeExample);
    const encoder = new ExampleEncoder({ key: "examples" }, featuresOf("example", "parse_all"));
    const encoded = encoder.encode([ADA, GRACE], "parse_all()") as readonly Uint8Array[];
    expect(encoded.map(decodeExample)).toEqual(own);
  });

  it("takes a single example for a scalar input", () => {
    const model = load();
    for (const [name, example] of [
      ["a single example", { id: 7 }],
      ["its default given", { id: 7n, weights: [0.5, 0.5, 0.5] }],
    ] as const) {
      const { id, weights } = model.parseOne(example);
      expectGolden(id, golden(name).outputs.id ?? fail(), "id");
      expectGolden(weights, golden(name).outputs.weights ?? fail(), "weights");
    }
  });

  it("takes examples and bytes mixed, and bytes alone", () => {
    const all = golden("all features, and the defaults");
    const [ada] = bytesOf(all, "examples");
    const mixed = [ada ?? fail(), GRACE] as unknown as readonly ExampleExample[];
    expect(load().parseAll(mixed).age.toArray()).toEqual([36n, -(2n ** 63n)]);
    expect(
      load()
        .parseAll([ada ?? fail()])
        .age.toArray(),
    ).toEqual([36n]);
    expect(
      load()
        .parseAll(Tensor.from("string", [ada ?? fail()], [1]))
        .age.toArray(),
    ).toEqual([36n]);
    expect(load().parseAll([]).age.shape).toEqual([0]);
  });

  it("the client's `run` takes examples as objects, a model without a client does not", () => {
    expect(
      load()
        .run("parse_one", { example: { id: 7 } })
        .id?.toArray(),
    ).toEqual(7n);
    using model = Model.load(modelFolder("example"));
    const error = expectError(() => model.run("parse_one", { example: { id: 7 } }), "INVALID_DTYPE");
    expect(error.message).toBe(
      'INVALID_DTYPE: parse_one(): input "example" must be string scalar, got a plain object. ' +
        "Objects are encoded as tf.Examples where a generated client knows their features; pass the serialized bytes.",
    );
  });

  it("examples may contain tensors, and undefined for optional features", () => {
    const matrix = Tensor.from("float32", [1, 2, 3, 4], [2, 2]);
    const example: object = { ...GRACE, matrix, words: undefined };
    expect(
      load()
        .parseAll([example as ExampleExample])
        .matrix.toArray(),
    ).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
  });

  it("examples may be of any class, and have hostile names", () => {
    class Person {
      readonly whole = [1];
    }
    expect(decodeExample(encode(new Person()))).toEqual({ whole: [1n] });
    const inherited: FeatureSpec = {
      key: "s",
      dtype: "string",
      kind: "dense",
      shape: [],
      optional: true,
      property: "toString",
    };
    const encoder = new ExampleEncoder({ key: "x" }, [inherited]);
    expect(decodeExample(encoder.encode({}, "f()") as Uint8Array)).toEqual({});
    expect(decodeExample(encoder.encode({ toString: "t" }, "f()") as Uint8Array)).toEqual({ s: ["t"] });
  });

  it("examples may call the model again while they are read", () => {
    const model = load();
    const example = {
      get id() {
        return Number(model.parseOne({ id: 20 }).id) + 1;
      },
    };
    expect(model.parseOne(example).id).toBe(21n);
  });

  it("examples keep every value", () => {
    const values = fc.record({
      text: fc.array(fc.uint8Array()),
      whole: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      real: fc.array(fc.float({ noNaN: true })),
    });
    fc.assert(
      fc.property(values, ({ text, whole, real }) => {
        expect(decodeExample(encode({ text, whole, real }))).toEqual({
          ...{ text: text.map((bytes) => Buffer.from(bytes).toString("latin1")), whole },
          real,
        });
      }),
    );
  });
});

describe("invalid examples", () => {
  const at = (feature: string): string => `parse_all(): input "examples", example 1, feature "${feature}"`;

  it.each<[string, object, ErrorCode, string]>([
    ["a missing feature", { age: undefined }, "MISSING_INPUT", `${at("age")} (int64 scalar) is missing`],
    ["text for a number", { age: "x" }, "INVALID_DTYPE", `${at("age")} must be int64 scalar, got the string "x"`],
    ["null", { age: null }, "INVALID_DTYPE", `${at("age")} must be int64 scalar, got null`],
    ["null for what is optional", { words: null }, "INVALID_DTYPE", `${at("words")} must be string [?], got null`],
    ["a fraction", { age: 1.5 }, "NOT_AN_INTEGER", `${at("age")} must be int64 scalar, got 1.5`],
    ["2^63", { age: 2n ** 63n }, "OUT_OF_RANGE", `${at("age")} must be int64 scalar, got 9223372036854775808n`],
    [
      "too much for a float",
      { hoursPerWeek: 1e39 },
      "OUT_OF_RANGE",
      `${at("hours-per-week")} must be float32 [1], got 1e+39`,
    ],
    [
      "a bare value of the wrong type",
      { hoursPerWeek: "x" },
      "INVALID_DTYPE",
      `${at("hours-per-week")} must be float32 [1], got the string "x"`,
    ],
    [
      "two values for one",
      { hoursPerWeek: [1, 2] },
      "INVALID_SHAPE",
      `${at("hours-per-week")} must be float32 [1], got [2]`,
    ],
    ["one value for two", { pair: [1] }, "INVALID_SHAPE", `${at("pair")} must be int64 [2], got [1]`],
    [
      "a flat array of the wrong size",
      { matrix: new Float32Array(3) },
      "INVALID_SIZE",
      `${at("matrix")} must be float32 [2, 2], got a flat array of 3 elements`,
    ],
    [
      "a flat array of the wrong type",
      { pair: new Float32Array(2) },
      "INVALID_DTYPE",
      `${at("pair")} must be int64 [2], got a Float32Array`,
    ],
    [
      "a tensor of the wrong type",
      { pair: Tensor.from("int32", [1, 2], [2]) },
      "INVALID_DTYPE",
      `${at("pair")} must be int64 [2], got a tensor of int32 [2]`,
    ],
    [
      "a ragged array",
      { matrix: [[1, 2], [3]] },
      "RAGGED_ARRAY",
      `${at("matrix")} must be float32 [2, 2], got a ragged nested array: expected 2 elements at [1], got 1`,
    ],
    ["a plain value for a list", { words: "a" }, "INVALID_RANK", `${at("words")} must be string [?], got a scalar`],
    [
      "a lone surrogate",
      { words: ["\ud800"] },
      "INVALID_UTF8",
      `${at("words")} must be string [?], got the string "\\u{d800}" at [0]`,
    ],
    [
      "an unknown feature",
      { ages: 1 },
      "UNKNOWN_INPUT",
      'parse_all(): input "examples", example 1 has no feature "ages"',
    ],
  ])("rejects an example with %s", (_, change, code, message) => {
    const model = load();
    const wrong = { ...GRACE, ...change } as ExampleExample;
    expect(expectError(() => model.parseAll([ADA, wrong]), code).rawMessage).toBe(message);
  });

  it.each([
    ["hours-per-week", 'Did you mean "hoursPerWeek"?'],
    ["hoursPerWeeks", 'Did you mean "hoursPerWeek"?'],
    ["__proto__x", 'Its features: "age", "hoursPerWeek", "job", "matrix", "pair", "ratings", "scores", "words".'],
  ])("rejects an example with %s, with a suggestion", (name, fix) => {
    const model = load();
    const error = expectError(() => model.parseAll([{ ...GRACE, [name]: 1 }]), "UNKNOWN_INPUT");
    expect(error.fix).toBe(fix);
  });

  it("rejects a single example without an index", () => {
    const model = load();
    const error = expectError(() => model.parseOne({} as { id: number }), "MISSING_INPUT");
    expect(error.rawMessage).toBe('parse_one(): input "example", feature "id" (int64 scalar) is missing');
  });

  it("rejects an example that is not an object", () => {
    const model = load();
    for (const wrong of [new Map(), new Date(), Promise.resolve({ id: 1 }), 5, null]) {
      expectError(() => model.parseOne(wrong as never), "INVALID_DTYPE");
    }
    expectError(() => model.parseAll(ADA as never), "INVALID_RANK");
    expectError(() => model.parseOne([{ id: 1 }] as never), "INVALID_RANK");
  });
});

function fail(): never {
  throw new Error("absent");
}

function featuresOf(model: string, signature: string): readonly FeatureSpec[] {
  return featuresIn(descriptorOf(modelFolder(model)), signature);
}

function descriptorOf(directory: string): ModelSpec {
  return parseClient(generate(directory).text).descriptor as ModelSpec;
}

function featuresIn({ signatures, examples }: ModelSpec, key: string): readonly FeatureSpec[] {
  const input = signatures.find((signature) => signature.key === key)?.inputs[0];
  return examples?.[input?.example ?? -1] ?? [];
}

/** A generated client, without its text. */
class Client extends Model {
  static of(descriptor: ModelSpec, directory: string): Client {
    return new Client(descriptor, directory);
  }

  invoke(signature: string, inputs: readonly unknown[]): unknown {
    return this.call(signature, inputs);
  }
}

describe("objects for third-party models", () => {
  needs(hasShared, NO_SHARED);
  it.each([
    ["tfserving-half-plus-two-cpu", ["classify_x_to_y", "regress_x_to_y", "regress_x_to_y2"]],
    ["tfx-trainer-serving", ["classification", "predict", "regression", "serving_default"]],
    ["tfx-trainer-keras", ["serving_default"]],
  ])("third-party model %s returns its golden results for objects", (name, signatures) => {
    const directory = join(shared, name);
    const descriptor = descriptorOf(directory);
    const tried = new Set<string>();
    for (const call of readCalls(join(directory, "golden"))) {
      const features = featuresIn(descriptor, call.signature);
      if (features.length === 0) continue;
      const key = Object.keys(call.inputs)[0] ?? "";
      const decoded = bytesOf(call, key).map(decodeExample);
      const objects = decoded.map((example) =>
        Object.fromEntries(features.map((feature) => [feature.property, example[feature.key]])),
      );
      const encoded = new ExampleEncoder({ key }, features).encode(objects, "f()") as readonly Uint8Array[];
      expect(encoded.map(decodeExample)).toEqual(decoded);
      using model = Client.of(descriptor, directory);
      const result = model.invoke(call.signature, [objects]);
      const outputs = descriptor.signatures.find((signature) => signature.key === call.signature)?.outputs ?? [];
      for (const { key, property } of outputs) {
        const value = property === undefined ? result : (result as Record<string, unknown>)[property];
        expectGolden(value, call.outputs[key] ?? fail(), `${call.signature} ${key}`);
      }
      tried.add(call.signature);
    }
    expect([...tried].sort()).toEqual(signatures);
  });
});

describe("examples for an input of unknown rank", () => {
  const features = [{ key: "a", dtype: "int64", kind: "dense", shape: [], property: "a" }] as const;

  it("an input of unknown rank takes one example or an array, as its operation does", () => {
    const [any, one, several] = [undefined, 0 as const, 1 as const].map(
      (rank) => new ExampleEncoder({ key: "x" }, features, rank),
    );
    const example = any?.encode({ a: 1 }, "f()");
    expect(example).toBeInstanceOf(Uint8Array);
    expect(any?.encode([{ a: 1 }], "f()")).toEqual([example]);
    expect(one?.encode({ a: 1 }, "f()")).toEqual(example);
    expect(several?.encode([{ a: 1 }], "f()")).toEqual([example]);
    expect(expectError(() => several?.encode({ a: 1 }, "f()"), "INVALID_RANK").message).toBe(
      'INVALID_RANK: f(): input "x" must be an array of examples, got one example. Wrap it in an array.',
    );
    expect(expectError(() => one?.encode([{ a: 1 }], "f()"), "INVALID_RANK").message).toBe(
      'INVALID_RANK: f(): input "x" must be one example, got an array. Call the method once per example.',
    );
  });
});
