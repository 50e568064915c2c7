import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Arguments } from "../../../generated/arguments.js";
import { Contradictions } from "../../../generated/contradictions.js";
import { Regression } from "../../../generated/regression.js";
import { canTakeNames, NamedInputs } from "../../../runtime/call/named-inputs.js";
import { fit, Model, type ModelSpec, SparseTensor, Tensor } from "../../../runtime/index.js";
import { expectError, expectRejection } from "../../support/errors.js";
import { expectGolden, readCases, toTensor } from "../../support/goldens.js";
import { modelFolder } from "../../support/temp.js";

describe("a method that takes its inputs by name", () => {
  it("inputs by name give the golden values, whatever their order", async () => {
    using model = Arguments.load();
    const calls = readCases("arguments").flatMap(({ calls }) => calls.filter(({ signature }) => signature === "score"));
    expect(calls.length).toBeGreaterThan(0);
    for (const { inputs, outputs } of calls) {
      const age = toTensor(inputs.x ?? expect.fail()) as Tensor<"float32">;
      const income = toTensor(inputs.x_1 ?? expect.fail()) as Tensor<"float32">;
      const golden = outputs.score ?? expect.fail();
      expectGolden(model.score({ income, age }), golden, "by name");
      expectGolden(model.score(age, income), golden, "in order");
      expectGolden(await model.async.score({ age, income }), golden, "asynchronously");
      const { signal } = new AbortController();
      expectGolden(await model.async.score({ age, income }, { signal }), golden, "with options");
    }
  });

  it("calls with inputs by name are batched", async () => {
    using model = Arguments.load(undefined, { batching: { score: { maxBatch: 8, maxDelayMs: 20 } } });
    const rows = [1, 2, 3];
    const results = await Promise.all(rows.map((age) => model.async.score({ age: [age], income: [10] })));
    expect(results.map((result) => result.toArray())).toEqual(rows.map((age) => model.score([age], [10]).toArray()));
  });

  it("inputs by name may be class instances, with inherited properties", () => {
    class Person {
      get age(): number[] {
        return [1];
      }
      readonly income: number[] = [2];
    }
    using model = Arguments.load();
    expect(model.score(new Person())).toEqual(model.score([1], [2]));
    expect(model.score(Object.assign(Object.create(null), { age: [1], income: [2] }))).toEqual(model.score([1], [2]));
  });

  it("inputs by name may omit optional inputs", () => {
    using model = Contradictions.load();
    expect(model.optional({ x: [[1, 2]] })).toEqual(model.optional(undefined, [[1, 2]]));
    expect(model.optional({ x: [[1, 2]], scale: undefined as never })).toEqual(model.optional(undefined, [[1, 2]]));
    expect(model.optional({ x: [[1, 2]], scale: 3 })).toEqual(model.optional(3, [[1, 2]]));
  });

  it("a call with inputs by name takes a signal after the object", async () => {
    using model = Arguments.load();
    const options = { signal: AbortSignal.abort() };
    await expectRejection(model.async.score({ age: [1], income: [1] }, options), "ABORTED");
  });

  it.each<[unknown, string, string, string?]>([
    [{ age: [1] }, "MISSING_INPUT", 'score(): input "income" (float32 [?]) is missing'],
    [{}, "MISSING_INPUT", 'score(): inputs "age" (float32 [?]), "income" (float32 [?]) are missing'],
    [{ age: undefined, income: null }, "MISSING_INPUT", 'score(): input "age" (float32 [?]) is missing'],
    [
      { agee: [1], income: [1] },
      "UNKNOWN_INPUT",
      'score() has no input "agee"; input "age" (float32 [?]) is missing',
      'Did you mean "age"?',
    ],
    [
      { agee: [1], incom: [1] },
      "UNKNOWN_INPUT",
      'score() has no inputs "agee", "incom"; inputs "age" (float32 [?]), "income" (float32 [?]) are missing',
      'Did you mean "age", "income"?',
    ],
    [
      { x: [1], x_1: [1] },
      "UNKNOWN_INPUT",
      'score() has no inputs "x", "x_1"; inputs "age" (float32 [?]), "income" (float32 [?]) are missing',
    ],
    [
      { age: [1], income: [1], weight: [1] },
      "UNKNOWN_INPUT",
      'score() has no input "weight"',
      'Its inputs: "age", "income".',
    ],
  ])("names everything that is wrong with %j", async (inputs, code, rawMessage, fix) => {
    using model = Arguments.load();
    const error = expectError(() => model.score(inputs as never), code as "MISSING_INPUT");
    expect(error.rawMessage).toBe(rawMessage);
    if (fix !== undefined) expect(error.fix).toBe(fix);
    const rejected = await expectRejection(model.async.score(inputs as never), code as "MISSING_INPUT");
    expect(rejected.rawMessage).toBe(rawMessage);
  });

  it("rejects extra arguments after the object", async () => {
    using model = Arguments.load();
    const inputs = { age: [1], income: [1] };
    const { rawMessage } = expectError(() => model.score(inputs as never, [1]), "TOO_MANY_INPUTS");
    expect(rawMessage).toBe("score() takes one object of inputs by name and options, got 2 arguments");
    for (const more of [[[1]], [{}, {}]]) {
      const call = (model.async.score as (...values: unknown[]) => Promise<unknown>)(inputs, ...more);
      expect((await expectRejection(call, "TOO_MANY_INPUTS")).rawMessage).toMatch(
        /^score\(\) takes one object of inputs by name and options, got [23] arguments$/,
      );
    }
  });

  it("a tensor's own properties are not treated as input names", () => {
    using model = Arguments.load();
    for (const value of [Tensor.from("float32", [1]), SparseTensor.fromDense("float32", [[1]]), [1], new Map(), null]) {
      expectError(
        () => model.score(value as never),
        value === null || value instanceof Map || value instanceof SparseTensor ? "INVALID_DTYPE" : "MISSING_INPUT",
      );
    }
  });
});

describe("the fake of a method that takes its inputs by name", () => {
  it("the fake's function gets inputs by name, however they were passed", async () => {
    const score = vi.fn(() => [1]);
    using fake = Arguments.fake({ score });
    fake.score({ age: [1], income: [2] });
    fake.score([1], [2]);
    await fake.async.score({ age: [1], income: [2] });
    await fake.async.score([1], [2]);
    const inputs = { age: Tensor.from("float32", [1]), income: Tensor.from("float32", [2]) };
    expect(score.mock.calls).toEqual([[inputs], [inputs], [inputs], [inputs]]);
  });

  it("the fake's function gets no omitted optional input", () => {
    const optional = vi.fn((): number[][] => [[1, 2]]);
    using fake = Contradictions.fake({ optional });
    fake.optional({ x: [[1, 2]] });
    fake.optional(0.5, [[1, 2]]);
    const x = Tensor.from("float32", [[1, 2]]);
    expect(optional.mock.calls).toEqual([[{ x }], [{ x, scale: 0.5 }]]);
  });
});

/** Regression, as if its author's order were not known. */
const regression: ModelSpec = {
  name: "Unordered",
  directory: modelFolder("regression"),
  tags: ["serve"],
  signatures: [
    {
      key: "train",
      inputs: [
        { key: "x", dtype: "float32", shape: [null, 2], property: "x" },
        { key: "target", dtype: "float32", shape: [null, 1], property: "target" },
        { key: "learning_rate", dtype: "float32", shape: [], property: "learningRate" },
      ],
      outputs: [
        { key: "loss", dtype: "float32", shape: [], property: "loss" },
        { key: "mae", dtype: "float32", shape: [], property: "mae" },
      ],
    },
  ],
};

interface Inputs<X, Y, Rate> {
  readonly x: X;
  readonly target: Y;
  readonly learningRate: Rate;
}

class Unordered extends Model {
  static override load(): Unordered {
    return new Unordered(regression, regression.directory);
  }

  train(
    inputs: Inputs<
      readonly (readonly number[])[] | Tensor,
      readonly (readonly number[])[] | Tensor,
      number | Tensor<"float32", []>
    >,
  ): { loss: number };
  train(
    x: readonly (readonly number[])[] | Tensor,
    target: readonly (readonly number[])[] | Tensor,
    rate: number | Tensor<"float32", []>,
  ): { loss: number };
  train(...inputs: never[]): unknown {
    return this.call("train", inputs);
  }
}

describe("fit with inputs by name", () => {
  const x = [
    [1, 2],
    [3, 4],
    [5, 6],
  ];
  const target = [[1], [2], [3]];
  const options = { epochs: 2, batchSize: 2, progress: false } as const;

  it("fit with inputs by name trains as with columns in order", async () => {
    using model = Unordered.load();
    using other = Regression.load();
    const byName = await fit(model.train, { learningRate: (step: number) => 0.1 / step, target, x }, options);
    const inOrder = await fit(other.train, [x, target, (step) => 0.1 / step], options);
    expect(byName.metric("loss")).toEqual(inOrder.metric("loss"));
  });

  it("fit trains with batches by name, from a generator or an array", async () => {
    const batch = { x, target, learningRate: 0.1 };
    const losses = async (data: Parameters<typeof fit>[1]): Promise<readonly number[]> => {
      using model = Unordered.load();
      const history = await fit(model.train, data as never, { progress: false });
      expect(history.epochs[0]?.rows).toBe(6);
      return history.metric("loss" as never);
    };
    const inOrder = await losses((() => [
      [x, target, 0.1],
      [x, target, 0.1],
    ]) as never);
    expect(await losses((() => [batch, batch]) as never)).toEqual(inOrder);
    expect(await losses([batch, batch].values() as never)).toEqual(inOrder);
  });

  it("fit names all missing and unknown columns", async () => {
    using model = Unordered.load();
    const error = await expectRejection(fit(model.train, { x, targets: target } as never, options), "UNKNOWN_INPUT");
    expect(error.rawMessage).toBe(
      'train() has no input "targets"; columns "target" (float32 [?, 1]), "learningRate" (float32 scalar) are missing',
    );
    expect(error.fix).toBe('Did you mean "target"?');
  });
});

describe("an object as a first argument", () => {
  const sparse = { key: "s", dtype: "float32", shape: [2], encoding: "sparse" } as const;
  const dense = (key: string) => ({ key, dtype: "float32", shape: [2] });
  const features = [
    { key: "a", property: "a", dtype: "float32", kind: "dense", shape: [] },
    { key: "b", property: "b", dtype: "float32", kind: "dense", shape: [], optional: true },
  ] as const;
  const example = { key: "e", dtype: "string", shape: [], features };
  const complex = { key: "z", dtype: "complex64", shape: [] };
  const parts = { indices: [[0]], values: [1], shape: [2] };

  it.each<[string, ConstructorParameters<typeof NamedInputs>[0], unknown, boolean]>([
    ["the parts of a sparse tensor", [sparse, dense("x")], parts, false],
    ["inputs of which one is sparse", [sparse, dense("x")], { s: parts, x: [1, 2] }, true],
    ["parts where inputs have the names of parts", [sparse, dense("indices"), dense("values")], parts, false],
    ["an example", [example, dense("x")], { a: 1 }, false],
    ["an example whose feature is called like an input", [example, dense("a")], { a: 1 }, false],
    ["inputs of which one is an example", [example, dense("a")], { e: { a: 1 }, a: [1, 2] }, true],
    ["an example with a misspelt feature", [example, dense("x")], { aa: 1 }, false],
    ["a complex number", [complex, dense("x")], { re: 1, im: 2 }, false],
    ["nothing", [complex, dense("x")], {}, true],
    ["unknown names", [dense("x"), dense("y")], { z: 1 }, true],
    ["what every object has", [dense("x"), dense("toString")], new (class {})(), false],
  ])("distinguishes %s as a first argument", (_, inputs, value, isNamed) => {
    const names = inputs.map(({ key }) => key);
    expect(new NamedInputs(inputs, names).is(value)).toBe(isNamed);
  });

  it("an object is never both inputs by name and a first input, if names are offered", () => {
    const properties = fc
      .array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.boolean()), { minLength: 1, maxLength: 4 })
      .map((list) => new Map(list));
    const object = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constant(1));
    fc.assert(
      fc.property(properties, properties, object, (inputs, first, value) => {
        fc.pre(canTakeNames(inputs, first));
        const fits = (form: ReadonlyMap<string, boolean>): boolean =>
          [...form].every(([name, isRequired]) => !isRequired || name in value) &&
          Object.keys(value).every((name) => form.has(name));
        expect(fits(inputs) && fits(first)).toBe(false);
        const described = [...inputs].map(([key, isRequired], index) => ({
          key,
          dtype: "string",
          shape: [],
          ...(isRequired ? {} : { optional: true as const }),
          ...(index === 0
            ? {
                features: [...first].map(([property, isRequired]) => ({
                  key: property,
                  property,
                  dtype: "float32" as const,
                  kind: "dense" as const,
                  shape: [],
                  ...(isRequired ? {} : { optional: true as const }),
                })),
              }
            : {}),
        }));
        const named = new NamedInputs(described, [...inputs.keys()]);
        if (fits(first)) expect(named.is(value)).toBe(false);
        if (fits(inputs)) expect(named.is(value)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
