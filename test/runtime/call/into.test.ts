import { describe, expect, it, vi } from "vitest";
import { Arguments } from "../../../generated/arguments.js";
import { Composite } from "../../../generated/composite.js";
import { CustomModel } from "../../../generated/custom-model.js";
import { Dtypes } from "../../../generated/dtypes.js";
import { Regression } from "../../../generated/regression.js";
import { Spin } from "../../../generated/spin.js";
import { Text } from "../../../generated/text.js";
import { loadLocalEngine } from "../../../runtime/engines/local/local-engine.js";
import { type Engine, type ErrorCode, Model, RaggedTensor, Tensor } from "../../../runtime/index.js";
import { allocate, type NumericDType } from "../../../runtime/tensor/dtype.js";
import { expectError, expectRejection } from "../../support/errors.js";
import { expectGolden, readCases, toTensor } from "../../support/goldens.js";
import { FLOAT, type, writeGraphModel } from "../../support/graph-model.js";
import { modelFolder } from "../../support/temp.js";

/** Detaches the memory of a typed array. */
function detach({ buffer }: { readonly buffer: ArrayBuffer }): void {
  structuredClone(buffer, { transfer: [buffer] });
}

/** An engine that knows nothing of targets: results are copied above it. */
function plainEngine(name: string): Engine {
  const local = loadLocalEngine("load", undefined, modelFolder(name), {}, () => undefined);
  return {
    source: name,
    signatures: local.signatures,
    pool: local.pool,
    prepare: (signature) => {
      const execution = local.prepare(signature);
      return { writes: false, start: (inputs, form, isWanted) => execution.start(inputs, form, isWanted) };
    },
    dispose: () => local.dispose(),
  };
}

const numeric = readCases("dtypes")
  .flatMap(({ name, calls }) => calls.map((call) => ({ name, ...call })))
  .filter(({ outputs }) => Object.values(outputs).every(({ dtype, data }) => dtype !== "string" && data !== null));

describe("every dtype has the numbers of TensorFlow in Python in given memory", () => {
  it("all numeric dtypes have goldens", () => {
    expect(new Set(numeric.flatMap(({ outputs }) => Object.values(outputs).map(({ dtype }) => dtype))).size).toBe(20);
  });

  it.each(numeric)("$name: $signature", async ({ signature, inputs, outputs }) => {
    using model = Model.load(modelFolder("dtypes"));
    const tensors = Object.fromEntries(Object.entries(inputs).map(([key, golden]) => [key, toTensor(golden)]));
    for (const isAsync of [false, true]) {
      const into = Object.fromEntries(
        Object.entries(outputs).map(([key, { dtype, shape }]) => [key, model.allocate(dtype as NumericDType, shape)]),
      );
      const results = isAsync
        ? await model.runAsync(signature, tensors, { into })
        : model.run(signature, tensors, { into });
      for (const [key, golden] of Object.entries(outputs)) {
        expect(results[key]).toBe(into[key]);
        expectGolden(into[key], golden, `${signature} ${key}`, 1e-5);
      }
    }
  });

  it.each(numeric.filter(({ outputs }) => Object.values(outputs).every(({ shape }) => shape.length === 1)))(
    "$name: $signature, a typed array",
    ({ signature, inputs, outputs }) => {
      using model = Model.load(modelFolder("dtypes"));
      const tensors = Object.fromEntries(Object.entries(inputs).map(([key, golden]) => [key, toTensor(golden)]));
      const arrays = Object.fromEntries(
        Object.entries(outputs).map(([key, { dtype, shape }]) => [key, allocate(dtype as NumericDType, shape[0] ?? 0)]),
      );
      const isOpen = model.signatures.find(({ key }) => key === signature)?.outputs.some(({ shape }) => shape === null);
      const run = (): Record<string, unknown> => model.run(signature, tensors, { into: arrays });
      if (isOpen === true) {
        expect(expectError(run, "INVALID_SIZE").rawMessage).toContain("a flat array, which has no shape");
        return;
      }
      const results = run();
      for (const [key, golden] of Object.entries(outputs)) {
        expect((results[key] as Tensor).data).toBe(arrays[key]);
        expectGolden(results[key], golden, `${signature} ${key}`, 1e-5);
      }
    },
  );
});

describe("the option `into`", () => {
  it("returns the given tensor itself, with the result in its memory", async () => {
    using model = CustomModel.load();
    const expected = model.pred([[1, 2]]).item();
    const out = model.allocate("float32", [1, 1]);
    const { data } = out;
    expect(model.pred([[1, 2]], { into: out })).toBe(out);
    expect(out.item()).toBe(expected);
    out.data.fill(0);
    expect(await model.async.pred([[1, 2]], { into: out })).toBe(out);
    expect(out.item()).toBe(expected);
    expect(out.data).toBe(data);
  });

  it("returns a tensor over a given typed array, whose length determines the shape", async () => {
    using model = Regression.load();
    const rows = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const expected = model.pred(rows);
    const out = new Float32Array(3);
    const result = model.pred(rows, { into: out });
    expect(result.data).toBe(out);
    expect(result.shape).toEqual([3, 1]);
    expect(result.equals(expected)).toBe(true);
    const later = await model.async.pred(rows, { into: out.fill(0) });
    expect(later.data).toBe(out);
    expect(later.equals(expected)).toBe(true);
  });

  it("writes into a part of a larger buffer only", () => {
    using model = Regression.load();
    const all = new Float32Array(5).fill(7);
    model.pred(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      { into: all.subarray(1, 4) },
    );
    expect([all[0], all[4]]).toEqual([7, 7]);
    expect([...all.subarray(1, 4)]).toEqual([
      ...model.pred([
        [1, 2],
        [3, 4],
        [5, 6],
      ]).data,
    ]);
  });

  it("writes into buffers, clamped arrays and shared memory, as a plain array of the dtype", async () => {
    using model = Dtypes.load();
    const buffer = Buffer.alloc(2);
    const result = model.uint8([1, 2], { into: buffer });
    expect([...buffer]).toEqual([1, 2]);
    expect(result.data.constructor).toBe(Uint8Array);
    buffer[0] = 9;
    expect(result.data[0]).toBe(9);
    const clamped = new Uint8ClampedArray(2);
    expect(model.uint8([3, 255], { into: clamped }).data.constructor).toBe(Uint8Array);
    expect([...clamped]).toEqual([3, 255]);
    const shared = new Float32Array(new SharedArrayBuffer(8));
    model.float32([1.5, 2.5], { into: shared });
    expect([...shared]).toEqual([1.5, 2.5]);
    await model.async.float32([3.5, 4.5], { into: shared });
    expect([...shared]).toEqual([3.5, 4.5]);
  });

  it("makes those of several results as usual that have no target", async () => {
    using model = Regression.load();
    const w = new Float32Array(2);
    const { b, w: expected } = model.weights();
    for (const weights of [model.weights({ into: { w } }), await model.async.weights({ into: { w } })]) {
      expect(weights.b).toBe(b);
      expect(weights.w.data).toBe(w);
      expect(weights.w.shape).toEqual([2, 1]);
      expect(weights.w.equals(expected)).toBe(true);
    }
    expect(model.weights({ into: {} }).w.equals(expected)).toBe(true);
    expect(model.weights({ into: undefined }).w.equals(expected)).toBe(true);
    expect(model.weights({}).w.equals(expected)).toBe(true);
    expect(model.weights(undefined).w.equals(expected)).toBe(true);
  });

  it("keeps a written result when variables change", () => {
    using model = Regression.load();
    const w = model.allocate("float32", [2, 1]);
    const before = model.weights({ into: { w } }).w.toArray();
    model.train([[1, 2]], [[3]], 0.1);
    expect(w.toArray()).toEqual(before);
    expect(model.weights().w.toArray()).not.toEqual(before);
    w.data.fill(9);
    expect(model.weights().w.toArray()).not.toContainEqual([9]);
  });

  it("is accepted after omitted inputs and after inputs by name", async () => {
    using dtypes = Dtypes.load();
    const out = new Float32Array(2);
    expect(dtypes.withDefault([1, 2], undefined, undefined, { into: out }).data).toBe(out);
    expect([...out]).toEqual([2.5, 4.5]);
    using model = Arguments.load();
    const inputs = { age: [1], income: [2] };
    const expected = model.score(inputs);
    const score = new Float32Array(expected.size);
    expect(model.score(inputs, { into: score }).data).toBe(score);
    expect([...score]).toEqual([...expected.data]);
    expect((await model.async.score(inputs, { into: score.fill(0) })).data).toBe(score);
    expect([...score]).toEqual([...expected.data]);
  });

  it("writes dense results beside ragged and sparse ones", async () => {
    using model = Composite.load();
    const inputs = [
      [[1, 2, 3], [], [4]],
      0.5,
      {
        indices: [
          [0, 2],
          [1, 0],
        ],
        values: [1.5, -2],
        shape: [3, 3],
      },
    ] as const;
    const expected = model.mix(...(inputs as never as Parameters<typeof model.mix>));
    const dense = model.allocate("float32", expected.dense.shape as [number, number]);
    const sums = new Float32Array(expected.sums.size);
    for (const mix of [model.mix, model.async.mix] as ((...values: unknown[]) => typeof expected)[]) {
      const results = await mix(...inputs, { into: { dense, sums } });
      expect(results.dense).toBe(dense);
      expect(results.sums.data).toBe(sums);
      expect(results.dense.equals(expected.dense)).toBe(true);
      expect(results.sums.equals(expected.sums)).toBe(true);
      expect(results.twice.equals(expected.twice)).toBe(true);
      expect(results.scaled.equals(expected.scaled)).toBe(true);
      dense.data.fill(0);
      sums.fill(0);
    }
  });

  it("writes the result of an engine that knows nothing of targets", async () => {
    using local = Regression.load();
    await using remote = await Regression.connect(plainEngine("regression"));
    const out = new Float32Array(1);
    const tensor = local.allocate("float32", [1, 1]);
    expect((await remote.pred([[1, 2]], { into: out })).data).toBe(out);
    expect(await remote.pred([[1, 2]], { into: tensor })).toBe(tensor);
    const expected = local.pred([[1, 2]]).item();
    expect([out[0], tensor.item()]).toEqual([expected, expected]);
    const error = await expectRejection(
      remote.pred(
        [
          [1, 2],
          [3, 4],
        ],
        { into: out.fill(7) },
      ),
      "INVALID_RESULT",
    );
    expect(error.rawMessage).toBe('pred(): result "prediction" is float32 [2, 1], but its target is float32 [1, 1]');
    expect(out[0]).toBe(7);
  });

  it("writes the result of a fake, whose function gets the inputs only", async () => {
    const pred = vi.fn(() => [[0.5]]);
    using model = CustomModel.fake({ pred });
    const out = model.allocate("float32", [1, 1]);
    expect(model.pred([[1, 2]], { into: out })).toBe(out);
    expect(out.item()).toBe(0.5);
    expect(pred.mock.lastCall).toHaveLength(1);
    out.data.fill(0);
    expect(await model.async.pred([[1, 2]], { into: out })).toBe(out);
    expect(model.run("pred", { inputs: [[1, 2]] }, { into: { output: out } }).output).toBe(out);
    expect(out.item()).toBe(0.5);
  });

  it("writes the rows of batched calls into their targets, each its own", async () => {
    await using model = Spin.load(undefined, { batching: { half: { maxBatch: 8 } } });
    const tensor = model.allocate("float32", [1, 2]);
    const array = new Float32Array(4);
    const wrong = new Float32Array(2).fill(7);
    const [first, second, third, failed] = await Promise.all([
      model.async.half([[2, 4]], { into: tensor }),
      model.async.half(
        [
          [6, 8],
          [10, 12],
        ],
        { into: array },
      ),
      model.async.half([[14, 16]]),
      expectRejection(
        model.async.half(
          [
            [1, 2],
            [3, 4],
          ],
          { into: wrong },
        ),
        "INVALID_RESULT",
      ),
    ]);
    expect(first).toBe(tensor);
    expect(first.toArray()).toEqual([[1, 2]]);
    expect(second.data).toBe(array);
    expect(second.toArray()).toEqual([
      [3, 4],
      [5, 6],
    ]);
    expect(third.toArray()).toEqual([[7, 8]]);
    expect(failed.rawMessage).toBe('half(): result "y" is float32 [2, 2], but its target is float32 [1, 2]');
    expect([...wrong]).toEqual([7, 7]);
    // One call alone in its batch.
    expect(await model.async.half([[4, 4]], { into: tensor })).toBe(tensor);
    expect(tensor.toArray()).toEqual([[2, 2]]);
  });

  it("a scalar is written into a tensor by `run`, which returns it as one", () => {
    using model = CustomModel.load();
    const loss = model.allocate("float32", []);
    expect(model.run("train", { training_input: [[1, 1]], training_target: [[0]] }, { into: { loss } }).loss).toBe(
      loss,
    );
    expect(loss.item()).toBeGreaterThan(0);
  });
});

describe("an input of the call as the target of its result", () => {
  /** Writes a signature that swaps its inputs, adds them, and passes one on. */
  function writeSwap(): string {
    const T = { T: type(FLOAT) };
    const placeholder = ["Placeholder", [], { dtype: type(FLOAT) }] as const;
    return writeGraphModel(
      {
        x: placeholder,
        y: placeholder,
        first: ["Identity", ["y"], T],
        second: ["Identity", ["x"], T],
        sum: ["AddV2", ["x", "y"], T],
      },
      {
        swap: {
          inputs: { x: ["x:0", FLOAT, [-1]], y: ["y:0", FLOAT, [-1]] },
          outputs: {
            first: ["first:0", FLOAT, [-1]],
            same: ["x:0", FLOAT, [-1]],
            second: ["second:0", FLOAT, [-1]],
            sum: ["sum:0", FLOAT, [-1]],
          },
        },
      },
    );
  }

  // Memory of `allocate` is fed in place from some size on, after the first call.
  it.each([4, 1000])("is written after the run: %s elements", async (count) => {
    using model = Model.load(writeSwap());
    const x = model.allocate("float32", [count]);
    const y = model.allocate("float32", [count]);
    for (let call = 0; call < 4; call++) {
      x.data.fill(1);
      y.data.fill(2);
      const into = { first: x, second: y };
      const results =
        call % 2 === 0 ? model.run("swap", { x, y }, { into }) : await model.runAsync("swap", { x, y }, { into });
      expect(results.first).toBe(x);
      expect(results.second).toBe(y);
      const parts = [x, y, results.same, results.sum].map((tensor) => new Set((tensor as Tensor<"float32">).data));
      expect(parts).toEqual([new Set([2]), new Set([1]), new Set([1]), new Set([3])]);
    }
  });

  it("may overlap it in part", () => {
    using model = Model.load(writeSwap());
    for (let call = 0; call < 3; call++) {
      const all = model.allocate("float32", [1002]);
      all.data.forEach((_, index) => {
        all.data[index] = index;
      });
      const x = all.data.subarray(0, 1000);
      model.run("swap", { x, y: new Float32Array(1000) }, { into: { second: all.data.subarray(2) } });
      expect([...all.data.subarray(0, 5)]).toEqual([0, 1, 0, 1, 2]);
      expect(all.data[1001]).toBe(999);
    }
  });
});

describe("a target that cannot hold a result is rejected before the run", () => {
  const cases: readonly [string, () => unknown, ErrorCode, string, (string | undefined)?][] = [
    [
      "a tensor of another dtype",
      () => Tensor.from("float64", [[1]]),
      "INVALID_DTYPE",
      "must be float32 [1, 1], got a tensor of float64 [1, 1]",
    ],
    ["another shape", () => Tensor.from("float32", [[1], [2]]), "INVALID_SHAPE", "must be float32 [1, 1], got [2, 1]"],
    [
      "another rank",
      () => Tensor.from("float32", [1]),
      "INVALID_RANK",
      "must be float32 [1, 1], got [1]",
      "Reshape it: `reshape([1, 1])`, one row with one value.",
    ],
    ["another array", () => new Float64Array(1), "INVALID_DTYPE", "must be float32 [1, 1], got a Float64Array"],
    [
      "another length",
      () => new Float32Array(2),
      "INVALID_SIZE",
      "must be float32 [1, 1], got a flat array of 2 elements",
    ],
    [
      "nested arrays",
      () => [[1]],
      "INVALID_DTYPE",
      "must be float32 [1, 1], got an array",
      "Pass a tensor or a typed array.",
    ],
    ["null", () => null, "INVALID_DTYPE", "must be float32 [1, 1], got null", "Pass a tensor or a typed array."],
    [
      "an object",
      () => ({ output: new Float32Array(1) }),
      "INVALID_DTYPE",
      "must be float32 [1, 1], got a plain object",
    ],
    [
      "a view of bytes",
      () => new DataView(new ArrayBuffer(4)),
      "INVALID_DTYPE",
      "must be float32 [1, 1], got a DataView",
    ],
    [
      "a ragged tensor",
      () => RaggedTensor.from("float32", [[1]]),
      "INVALID_DTYPE",
      "must be float32 [1, 1], got a RaggedTensor",
    ],
    [
      "a detached array",
      () => {
        const array = new Float32Array(1);
        detach(array);
        return array;
      },
      "INVALID_SIZE",
      "must be float32 [1, 1], got a detached array",
    ],
    [
      "a tensor whose memory is detached",
      () => {
        const tensor = Tensor.from("float32", [[1]]);
        detach(tensor.data);
        return tensor;
      },
      "INVALID_SIZE",
      "must be float32 [1, 1], got a detached array",
    ],
  ];
  it.each(cases)("%s", async (_, make, code, message, fix) => {
    using model = CustomModel.load();
    const into = make() as never;
    const error = expectError(() => model.pred([[1, 2]], { into }), code);
    expect(error.rawMessage).toBe(`pred(): target of result "output" ${message}`);
    if (fix !== undefined) expect(error.fix).toBe(fix);
    const rejected = await expectRejection(model.async.pred([[1, 2]], { into }), code);
    expect(rejected.rawMessage).toBe(error.rawMessage);
    using fake = CustomModel.fake({ pred: () => [[1]] });
    expect(expectError(() => fake.pred([[1, 2]], { into }), code).rawMessage).toBe(error.rawMessage);
  });

  it("an array where several dimensions are unknown", () => {
    using model = Composite.load();
    const call = (into: unknown): unknown =>
      (model.mix as (...values: unknown[]) => unknown)([[1]], 1, { indices: [], values: [], shape: [1, 3] }, { into });
    const error = expectError(() => call({ dense: new Float32Array(3) }), "INVALID_SIZE");
    expect(error.rawMessage).toBe(
      'mix(): target of result "dense" must be float32 [?, ?], got a flat array of 3 elements',
    );
    expect(error.fix).toBe('Pass a tensor, such as one of `model.allocate("float32", shape)`.');
  });

  it("an odd number of floats for complex elements", () => {
    using model = Dtypes.load();
    const error = expectError(() => model.complex64([1], { into: new Float32Array(3) }), "INVALID_SIZE");
    expect(error.rawMessage).toContain("a flat array of 3 numbers, where each element is two");
  });

  it("does not care for what the target of a bool contains", () => {
    using model = Dtypes.load();
    const out = Uint8Array.of(7, 8);
    expect(model.bool([true, false], { into: out }).toArray()).toEqual([true, false]);
  });

  it.each([
    ["a ragged tensor", () => Composite.load(), "mix", { twice: [] }, 'mix(): result "twice" is a ragged tensor'],
    ["a sparse tensor", () => Composite.load(), "mix", { scaled: [] }, 'mix(): result "scaled" is a sparse tensor'],
    [
      "strings",
      () => Text.load(),
      "describe",
      { joined: new Uint8Array() },
      'describe(): result "joined" is a plain value',
    ],
  ] as const)("%s cannot be written into memory", (_, load, method, into, message) => {
    using model = load() as Composite & Text;
    const values = method === "mix" ? [[[1]], 1, { indices: [], values: [], shape: [1, 3] }] : [["a"], true, 2];
    const call = model[method] as (...values: unknown[]) => unknown;
    const error = expectError(() => call(...values, { into }), "INVALID_OPTION");
    expect(error.rawMessage).toBe(`${message}, and cannot be written into memory`);
    expect(error.fix).toBe("Omit it from `into`.");
  });

  it("a tensor of strings, asynchronously", async () => {
    using model = Dtypes.load();
    const into = Tensor.from("string", ["a"]);
    const error = await expectRejection(model.async.string(["a"], { into } as never), "INVALID_OPTION");
    expect(error.rawMessage).toBe('string(): result "y" is a tensor of strings, and cannot be written into memory');
    expectError(() => model.run("string", { x: ["a"] }, { into: { y: into as never } }), "INVALID_OPTION");
    const scalar = await expectRejection(
      model.async.scalarInt64(1, { into: new BigInt64Array(1) } as never),
      "INVALID_OPTION",
    );
    expect(scalar.rawMessage).toContain('result "y" is a plain value');
  });

  it("an unknown result, and something else than an object of targets", () => {
    using model = Regression.load();
    const call = (into: unknown): unknown => model.weights({ into: into as never });
    const unknown = expectError(() => call({ W: new Float32Array(2) }), "INVALID_OPTION");
    expect(unknown.message).toBe('INVALID_OPTION: weights(): into: unknown result "W". Did you mean "w"?');
    for (const [value, got] of [
      [new Float32Array(2), "a Float32Array"],
      [Tensor.from("float32", [1]), "a Tensor"],
      [[], "an array"],
      [null, "null"],
      [1, "1"],
    ]) {
      const error = expectError(() => call(value), "INVALID_OPTION");
      expect(error.rawMessage).toBe(`weights(): into must be an object of targets by result, got ${got}`);
      expect(error.fix).toBe('Its results are "b", "w".');
    }
    expectError(() => model.run("pred", { x: [[1, 2]] }, { into: new Float32Array(1) as never }), "INVALID_OPTION");
  });

  it("the same memory for two results", () => {
    using model = Composite.load();
    const call = (into: object): unknown =>
      (model.mix as (...values: unknown[]) => unknown)([[1]], 1, { indices: [], values: [], shape: [1, 3] }, { into });
    const all = new Float32Array(4);
    const dense = Tensor.from("float32", [[0, 0, 0]]);
    const overlapping = expectError(() => call({ dense, sums: dense.data.subarray(2, 3) }), "INVALID_OPTION");
    expect(overlapping.rawMessage).toBe('mix(): results "dense" and "sums" would be written into the same memory');
    call({ dense, sums: all.subarray(3) });
    using swap = Dtypes.load();
    const bytes = new ArrayBuffer(64);
    const z = new Float64Array(bytes, 8, 4);
    expectError(
      () => swap.run("odd_defaults", {}, { into: { i_: new Int8Array(bytes, 39, 2), z_: z } }),
      "INVALID_OPTION",
    );
    swap.run("odd_defaults", {}, { into: { i_: new Int8Array(bytes, 40, 2), z_: z } });
    swap.run("odd_defaults", {}, { into: { i_: new Int8Array(bytes, 6, 2), z_: z } });
  });

  it("unknown options and surplus arguments", () => {
    using model = CustomModel.load();
    const pred = model.pred as (...values: unknown[]) => unknown;
    const train = model.train as (...values: unknown[]) => unknown;
    const option = expectError(() => pred([[1, 2]], { inot: 1 }), "INVALID_OPTION");
    expect(option.message).toBe('INVALID_OPTION: pred() has no option "inot". Did you mean "into"?');
    expectError(() => pred([[1, 2]], { signal: AbortSignal.abort() }), "INVALID_OPTION");
    for (const surplus of [[[1]], [new Float32Array(1)], [{}, {}], [null], [Object.create(null)]]) {
      expectError(() => pred([[1, 2]], ...surplus), "TOO_MANY_INPUTS");
    }
    // It has no result that can be written into memory.
    for (const surplus of [[{}], [undefined], [{ into: new Float32Array(1) }]]) {
      const error = expectError(() => train([[1, 2]], [[1]], ...surplus), "TOO_MANY_INPUTS");
      expect(error.rawMessage).toContain("got 3");
    }
    expectError(() => model.run("pred", { inputs: [[1, 2]] }, { inot: 1 } as never), "INVALID_OPTION");
    expectError(() => model.run("pred", { inputs: [[1, 2]] }, null as never), "INVALID_ARGUMENT");
  });
});

describe("a result that its target cannot hold", () => {
  it("is not written, and neither are the others", async () => {
    using model = Composite.load();
    const dense = model.allocate("float32", [1, 3]);
    const sums = new Float32Array(2);
    const sparse = { indices: [[0, 0]], values: [5], shape: [1, 3] };
    const wrong = [[[1, 2]], 1, sparse, { into: { dense, sums } }];
    const expected = 'mix(): result "sums" is float32 [1], but its target is float32 [2]';
    const error = expectError(() => (model.mix as (...values: unknown[]) => unknown)(...wrong), "INVALID_RESULT");
    expect(error.rawMessage).toBe(expected);
    expect(error.fix).toBe("Nothing was written. Pass a target of the result's shape, or none.");
    const call = (model.async.mix as (...values: unknown[]) => Promise<unknown>)(...wrong);
    expect((await expectRejection(call, "INVALID_RESULT")).rawMessage).toBe(expected);
    expect([...dense.data, ...sums]).toEqual([0, 0, 0, 0, 0]);
    const values = [...wrong.slice(0, 3), { into: { dense, sums: new Float32Array(1) } }];
    (model.mix as (...values: unknown[]) => unknown)(...values);
    expect(dense.data[0]).not.toBe(0);
  });

  it("is not cut off", async () => {
    using model = Regression.load();
    const out = new Float32Array(1).fill(7);
    const rows = [
      [1, 2],
      [3, 4],
    ];
    const error = expectError(() => model.pred(rows, { into: out }), "INVALID_RESULT");
    expect(error.rawMessage).toBe('pred(): result "prediction" is float32 [2, 1], but its target is float32 [1, 1]');
    await expectRejection(model.async.pred(rows, { into: out }), "INVALID_RESULT");
    expect(out[0]).toBe(7);
  });

  it("has another rank than the target where the signature leaves the rank open", () => {
    using model = Dtypes.load();
    const out = Tensor.from("float32", [7, 7]);
    const error = expectError(() => model.unknownRank([[1, 2]], { into: out }), "INVALID_RESULT");
    expect(error.rawMessage).toContain("is float32 [1, 2], but its target is float32 [2]");
    expect([...out.data]).toEqual([7, 7]);
    expect(model.unknownRank([1, 2], { into: out }).toArray()).toEqual([1, 2]);
  });

  it("a failed run writes nothing", () => {
    const folder = writeGraphModel(
      {
        x: ["Placeholder", [], { dtype: type(FLOAT) }],
        y: ["CheckNumerics", ["x"], { T: type(FLOAT), message: { s: Buffer.from("no") } }],
      },
      { f: { inputs: { x: ["x:0", FLOAT, [-1]] }, outputs: { y: ["y:0", FLOAT, [-1]] } } },
    );
    using model = Model.load(folder);
    const y = new Float32Array(1).fill(7);
    expectError(() => model.run("f", { x: [Number.NaN] }, { into: { y } }), "TF_INVALID_ARGUMENT");
    expect(y[0]).toBe(7);
  });
});

describe("the target of an asynchronous call", () => {
  it("is an error when it was detached while the call ran", async () => {
    await using model = CustomModel.load();
    const array = new Float32Array(1);
    const tensor = model.allocate("float32", [1, 1]);
    for (const [into, data] of [
      [array, array],
      [tensor, tensor.data],
    ] as const) {
      const running = model.async.pred([[1, 2]], { into });
      detach(data);
      const error = await expectRejection(running, "INVALID_SIZE");
      expect(error.rawMessage).toBe(
        'pred(): the target of result "output", float32 [1, 1], was detached or resized before the result was written',
      );
      expect(error.fix).toContain("before the call has ended");
    }
  });

  it("is an error when it was shrunk while the call ran", async () => {
    await using model = Regression.load();
    const Resizable = ArrayBuffer as unknown as new (
      bytes: number,
      options: { readonly maxByteLength: number },
    ) => ArrayBuffer & { resize(bytes: number): void };
    const buffer = new Resizable(8, { maxByteLength: 16 });
    const running = model.async.pred(
      [
        [1, 2],
        [3, 4],
      ],
      { into: new Float32Array(buffer) },
    );
    buffer.resize(4);
    await expectRejection(running, "INVALID_SIZE");
    const grown = new Float32Array(new Resizable(8, { maxByteLength: 16 }));
    const growing = model.async.pred(
      [
        [1, 2],
        [3, 4],
      ],
      { into: grown },
    );
    (grown.buffer as unknown as { resize(bytes: number): void }).resize(16);
    await expectRejection(growing, "INVALID_SIZE");
    expect([...grown]).toEqual([0, 0, 0, 0]);
  });

  it("is an error when reading an input detaches it", () => {
    using model = Regression.load();
    const out = new Float32Array(1);
    const row = Object.defineProperty([0, 1], 0, {
      get: () => {
        if (out.length > 0) detach(out);
        return 1;
      },
    });
    expectError(() => model.pred([row], { into: out }), "INVALID_SIZE");
  });

  it("has another length for its own property only, and is written within its memory", () => {
    using model = Regression.load();
    const out = Object.defineProperty(new Float32Array(1), "length", { value: 2 });
    const error = expectError(
      () =>
        model.pred(
          [
            [1, 2],
            [3, 4],
          ],
          { into: out },
        ),
      "INVALID_SIZE",
    );
    expect(error.rawMessage).toContain("was detached or resized");
  });

  it("is not written when the call is aborted", async () => {
    await using model = Spin.load(undefined, { batching: { half: { maxBatch: 8 } } });
    const out = new Float32Array(2).fill(7);
    for (const start of [
      (signal: AbortSignal) => model.async.spin([[1, 0]], 60_000, { into: out, signal }),
      (signal: AbortSignal) => model.async.half([[2, 4]], { into: out, signal }),
    ]) {
      const controller = new AbortController();
      const running = start(controller.signal);
      setImmediate(() => controller.abort());
      await expectRejection(running, "ABORTED");
      while (model.pending > 0) await new Promise((resolve) => setImmediate(resolve));
      expect([...out]).toEqual([7, 7]);
    }
  });

  it("is not written when the call is aborted although the engine has a result", async () => {
    const controller = new AbortController();
    using model = CustomModel.fake({
      pred: () => {
        controller.abort();
        return [[1]];
      },
    });
    const out = new Float32Array(1).fill(7);
    await expectRejection(model.async.pred([[1, 2]], { into: out, signal: controller.signal }), "ABORTED");
    await new Promise((resolve) => setImmediate(resolve));
    expect(out[0]).toBe(7);
  });

  it("is not written when one of two batched calls is aborted while they run", async () => {
    const half = vi.fn((x: Tensor<"float32", [number, 2]>) => {
      controller.abort();
      return x;
    });
    const controller = new AbortController();
    await using model = Spin.fake({ half });
    await using batched = await Spin.connect(fakeEngineOf(model), { batching: { half: { maxBatch: 8 } } });
    const out = new Float32Array(2).fill(7);
    const aborted = batched.half([[2, 4]], { into: out, signal: controller.signal });
    const other = batched.half([[6, 8]], { into: new Float32Array(2) });
    await expectRejection(aborted, "ABORTED");
    expect((await other).toArray()).toEqual([[6, 8]]);
    expect(half).toHaveBeenCalledOnce();
    expect([...out]).toEqual([7, 7]);
  });
});

/** An engine that has another model run its calls. */
function fakeEngineOf(model: Model): Engine {
  const local = loadLocalEngine("load", undefined, modelFolder("spin"), {}, () => undefined);
  return {
    source: "fake",
    signatures: local.signatures,
    pool: local.pool,
    prepare: ({ key, inputs, outputs }) => ({
      writes: false,
      start: async (values) => {
        const given = Object.fromEntries(
          inputs.map((input, index) => [
            input.key,
            Tensor.own(input.dtype as "float32", values[index]?.shape ?? [], values[index]?.elements ?? []),
          ]),
        );
        const results = model.run(key, given);
        return outputs.map((output) => results[output.key]) as never;
      },
    }),
    dispose: () => local.dispose(),
  };
}
