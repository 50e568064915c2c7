import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { Composite } from "../../../../generated/composite.js";
import { CustomModel, type CustomModelFakes } from "../../../../generated/custom-model.js";
import { Dtypes } from "../../../../generated/dtypes.js";
import { Example } from "../../../../generated/example.js";
import { Names } from "../../../../generated/names.js";
import { Regression } from "../../../../generated/regression.js";
import { Text } from "../../../../generated/text.js";
import { generate } from "../../../../generator/index.js";
import {
  type ErrorCode,
  fit,
  Model,
  RaggedTensor,
  SavedModelError,
  SparseTensor,
  Tensor,
  type TensorInfo,
} from "../../../../runtime/index.js";
import { expectError, expectRejection } from "../../../support/errors.js";
import { writeModel } from "../../../support/saved-model.js";
import { tempFolder } from "../../../support/temp.js";
import { typeErrors } from "../../../support/typescript.js";

/** The libraries that this process has loaded. */
function nativeLibraries(): readonly string[] {
  const { sharedObjects } = process.report.getReport() as unknown as { readonly sharedObjects: readonly string[] };
  return sharedObjects.filter((path) => /koffi|tensorflow/.test(path));
}

function errorOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

// Before any test loads a model: a process cannot unload the library.
describe("a fake client without the library", () => {
  it("a fake client works without the library and loads no native code", async () => {
    vi.stubEnv("SAVEDMODEL_TENSORFLOW", "/nowhere");
    try {
      using model = CustomModel.fake({ pred: () => [[0.5]], train: () => 1 });
      expect(model).toBeInstanceOf(CustomModel);
      expect(model).toBeInstanceOf(Model);
      expect(model.pred([[1, 1]])).toEqual(Tensor.from("float32", [[0.5]]));
      expect(await model.async.train([[1, 1]], [[2]])).toBe(1);
      expect(nativeLibraries()).toEqual([]);
      expectError(() => CustomModel.load(), "LIBRARY_NOT_FOUND");
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe("the functions of a fake client", () => {
  it("functions receive what the model would receive", () => {
    const train = vi.fn(() => ({ loss: 0, mae: 0 }));
    Regression.fake({ train }).train(new Float32Array([1, 2, 3, 4]), [[5], [6]], 0.1);
    expect(train.mock.calls).toEqual([
      [
        Tensor.from("float32", [
          [1, 2],
          [3, 4],
        ]),
        Tensor.from("float32", [[5], [6]]),
        Math.fround(0.1),
      ],
    ]);

    const describe = vi.fn(() => ({ joined: "", lengths: [], long: [], score: [] }));
    Text.fake({ describe }).describe(["a"], true, 2);
    expect(describe.mock.calls).toEqual([[Tensor.from("string", ["a"]), true, 2n]]);

    const withDefault = vi.fn(() => [1]);
    Dtypes.fake({ withDefault }).withDefault([1], undefined, [2]);
    expect(withDefault.mock.calls).toEqual([[Tensor.from("float32", [1]), undefined, Tensor.from("float32", [2])]]);
  });

  it("functions receive ragged and sparse tensors, and serialized examples", () => {
    const deep = vi.fn(() => ({
      left: { indices: [[1, 0]], values: ["b"], shape: [2, 2] as [number, number] },
      right: [1, 2],
      total: 3,
      x: [[[1]], []],
    }));
    const pair = { indices: [[0, 1]], values: ["a"], shape: [1, 2] as [number, number] };
    const result = Composite.fake({ deep }).deep([[[1, 2], []]], pair, [1, 2]);
    expect(deep.mock.calls).toEqual([
      [
        {
          left: SparseTensor.from("string", pair),
          right: Tensor.from("float32", [1, 2]),
          x: RaggedTensor.from("int64", [[[1, 2], []]], 2),
        },
      ],
    ]);
    expect(result).toEqual({
      left: SparseTensor.from("string", { indices: [[1, 0]], values: ["b"], shape: [2, 2] }),
      right: Tensor.from("float32", [1, 2]),
      total: 3n,
      x: RaggedTensor.from("int64", [[[1]], []], 2),
    });

    const bytes: Uint8Array[] = [];
    const parseOne = (example: string): { id: number; weights: number[] } => {
      bytes.push(Buffer.from(example));
      return { id: 7, weights: [1, 2, 3] };
    };
    expect(Example.fake({ parseOne }).parseOne({ id: 7 }).id).toBe(7n);
    using real = Example.load();
    expect(real.parseOne(bytes[0] ?? "").id).toBe(7n);
  });

  it("functions are called as methods of their object", () => {
    const methods: CustomModelFakes = {
      train() {
        return this === methods ? 1 : 0;
      },
    };
    expect(CustomModel.fake(methods).train([[1, 1]], [[1]])).toBe(1);
  });
});

describe("a fake client and its model", () => {
  it("a fake returns the same results for the same data", () => {
    using real = Regression.load();
    const [evaluated, weights] = [real.evaluate([[1, 2]], [[3]]), real.weights()];
    const fake = Regression.fake({
      evaluate: () => ({ loss: evaluated.loss, mae: evaluated.mae }),
      weights: () => ({ b: weights.b, w: weights.w.toArray() }),
    });
    expect(fake.evaluate([[1, 2]], [[3]])).toEqual(evaluated);
    expect(fake.weights()).toEqual(weights);
    expect(fake.run("weights")).toEqual(real.run("weights"));
  });

  it("a fake rounds to the dtype of the output", () => {
    const model = CustomModel.fake({ train: () => 0.1 });
    expect(model.train([[1, 1]], [[1]])).toBe(Math.fround(0.1));
  });

  it("a fake rejects invalid inputs with the same errors, and calls no function", async () => {
    using real = Regression.load();
    const pred = vi.fn(() => [[1]]);
    const fake = Regression.fake({ pred });
    const wrong: readonly (readonly unknown[])[] = [
      [],
      [[1, 2]],
      [[[1, 2, 3]]],
      [[[1, 2], [3]]],
      [[["1", "2"]]],
      [new Float64Array(2)],
      [new Float32Array(3)],
      [Tensor.from("int32", [[1, 2]])],
      [Tensor.from("float32", [[1, 2, 3]])],
      [Promise.resolve([[1, 2]])],
      [[[1, 2]], [[1]]],
      [null],
    ];
    for (const inputs of wrong) {
      const of = (model: Regression): unknown => errorOf(() => Reflect.apply(model.pred, model, inputs));
      expect(of(fake)).toBeInstanceOf(SavedModelError);
      expect(String(of(fake))).toBe(String(of(real)));
      const start = (model: Regression): Promise<unknown> => Reflect.apply(model.async.pred, model.async, inputs);
      const code = (of(real) as SavedModelError).code;
      await expectRejection(start(fake), code);
    }
    expect(() => fake.run("pred", { y: [[1, 2]] })).toThrow(
      errorOf(() => real.run("pred", { y: [[1, 2]] })) as SavedModelError,
    );
    expect(() => fake.run("prd")).toThrow("SIGNATURE_NOT_FOUND");
    expect(pred).not.toHaveBeenCalled();
  });

  it.each([Composite, CustomModel, Dtypes, Example, Names, Regression, Text])(
    "a fake has the signatures of %o",
    (client) => {
      using real = client.load();
      const told = (tensors: readonly TensorInfo[]): unknown =>
        tensors
          .map(({ key, dtype, shape, optional, encoding }) => ({ key, dtype, shape, optional, encoding }))
          .sort((a, b) => (a.key < b.key ? -1 : 1));
      const signaturesOf = (model: Model): unknown =>
        model.signatures
          .filter(({ unsupported }) => unsupported === undefined)
          .map(({ key, inputs, outputs }) => ({ key, inputs: told(inputs), outputs: told(outputs) }));
      expect(signaturesOf(client.fake({}))).toEqual(signaturesOf(real));
    },
  );

  it("a fake can be trained by fit", async () => {
    const model = Regression.fake({
      train: (x, _, rate) => ({ loss: x.shape[0] ?? 0, mae: rate }),
      evaluate: () => ({ loss: 0.25, mae: 0.5 }),
    });
    const columns = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const history = await fit(model.train, [columns, [[1], [2], [3]], 0.5], {
      epochs: 2,
      batchSize: 2,
      progress: false,
      validation: { signature: model.evaluate, data: [columns, [[1], [2], [3]]] },
    });
    expect(history.epochs.map(({ step, metrics, validation }) => ({ step, metrics, validation }))).toEqual([
      { step: 2, metrics: { loss: 5 / 3, mae: 0.5 }, validation: { loss: 0.25, mae: 0.5 } },
      { step: 4, metrics: { loss: 5 / 3, mae: 0.5 }, validation: { loss: 0.25, mae: 0.5 } },
    ]);
  });

  it("a fake does not retain the values it was given", () => {
    const answer = new Float32Array([1]);
    const seen: Tensor<"float32">[] = [];
    const model = CustomModel.fake({
      pred: (inputs) => {
        seen.push(inputs);
        return answer;
      },
    });
    const input = new Float32Array([1, 2]);
    const result = model.pred(input);
    answer[0] = 9;
    input[0] = 9;
    expect([...result.data, ...(seen[0]?.data ?? [])]).toEqual([1, 1, 2]);
  });
});

describe("an asynchronous call of a fake client", () => {
  it("an asynchronous call of a fake is pending until it ends, and does not end in the turn in which it began", async () => {
    const model = CustomModel.fake({ pred: () => [[0.5]] });
    let ended = false;
    const call = model.async.pred([[1, 1]]).then((result) => {
      ended = true;
      return result;
    });
    expect([ended, model.pending]).toEqual([false, 1]);
    expect(await call).toEqual(Tensor.from("float32", [[0.5]]));
    expect((await model.runAsync("pred", { inputs: [[1, 1]] })).output).toEqual(Tensor.from("float32", [[0.5]]));
    expect(model.pending).toBe(0);
  });

  it("an asynchronous call of a fake rejects with the function's error", async () => {
    const error = new RangeError("no");
    const model = CustomModel.fake({
      pred: () => {
        throw error;
      },
    });
    await expect(model.async.pred([[1, 1]])).rejects.toBe(error);
    expect(() => model.pred([[1, 1]])).toThrow(error);
  });

  it("a signal aborts an asynchronous call of a fake, before and after it has started", async () => {
    const model = CustomModel.fake({ pred: () => [[0.5]] });
    await expectRejection(model.async.pred([[1, 1]], { signal: AbortSignal.abort() }), "ABORTED");
    const controller = new AbortController();
    const call = model.async.pred([[1, 1]], { signal: controller.signal });
    controller.abort(new Error("enough"));
    expect((await expectRejection(call, "ABORTED")).cause).toEqual(new Error("enough"));
    const wrong = { signl: 1 } as { signal?: AbortSignal };
    await expectRejection(model.async.pred([[1, 1]], wrong), "INVALID_OPTION");
  });

  it("close of a fake waits for asynchronous calls and accepts no others", async () => {
    const model = CustomModel.fake({ pred: () => [[0.5]] });
    const call = model.async.pred([[1, 1]]);
    await model.close();
    expect((await call).item()).toBe(0.5);
    await expectRejection(model.async.pred([[1, 1]]), "DISPOSED");
  });
});

describe("a fake client rejects", () => {
  it("a fake rejects calls of methods without a function", async () => {
    const model = CustomModel.fake({});
    expect(expectError(() => model.pred([[1, 1]]), "NOT_FAKED").message).toBe(
      "NOT_FAKED: pred(): no function was passed for it. Pass one to `fake()`.",
    );
    await expectRejection(model.async.pred([[1, 1]]), "NOT_FAKED");
    expectError(() => model.run("pred", { inputs: [[1, 1]] }), "NOT_FAKED");
    await expect(fit(model.train, [[[1, 1]], [[1]]], { progress: false })).rejects.toThrow("NOT_FAKED");
  });

  it("a fake rejects methods that need TensorFlow, and writes nothing", () => {
    const model = CustomModel.fake({ pred: () => [[1]] });
    const path = `${tempFolder()}/saved`;
    const refused: readonly (() => unknown)[] = [
      () => model.save(path),
      () => model.saveWeights(path),
      () => model.restore(path),
      () => model.variables(),
      () => model.devices(),
      () => model.trace(() => model.pred([[1, 1]])),
    ];
    for (const run of refused) expectError(run, "NOT_FAKED");
    expect(existsSync(path)).toBe(false);
    expect(() => model.warmUp()).not.toThrow();
  });

  it("a fake rejects trainings that save weights before the first step, unless a test has replaced what saves them", async () => {
    let steps = 0;
    const model = CustomModel.fake({ train: () => 1 / ++steps });
    const train = (): Promise<unknown> =>
      fit(model.train, [[[1, 1]], [[1]]], {
        progress: false,
        epochs: 2,
        earlyStopping: { monitor: "loss", mode: "min", restoreBest: true },
        checkpoints: { directory: `${tempFolder()}/checkpoint` },
      });
    await expectRejection(train(), "NOT_FAKED");
    const saveWeights = vi.spyOn(model, "saveWeights").mockReturnValue();
    await expectRejection(train(), "NOT_FAKED");
    expect(steps).toBe(0);
    const save = vi.spyOn(model, "save").mockReturnValue();
    const restore = vi.spyOn(model, "restore").mockReturnValue({} as never);
    await train();
    expect(steps).toBe(2);
    expect([save, saveWeights, restore].map((spy) => spy.mock.calls.length)).toEqual([2, 2, 1]);
  });

  it("a fake rejects results that the model could not return", () => {
    const wrong: readonly [unknown, string][] = [
      [[[1, 2]], 'the fake of pred(): output "output" must be float32 [1, 1], got [1, 2]'],
      [["1"], 'the fake of pred(): output "output" must be float32 [1, 1], got [1]'],
      [Promise.resolve([[1]]), "the fake of pred() returned a promise. Return the result itself"],
      [Promise.reject(new Error("also no second error")), "the fake of pred() returned a promise"],
      [Tensor.from("int32", [[1]]), 'output "output" must be float32 [1, 1], got a tensor of int32 [1, 1]'],
      [undefined, 'the fake of pred() returned nothing for output "output"'],
    ];
    for (const [result, message] of wrong) {
      const model = CustomModel.fake({ pred: () => result as number[][] });
      expect(expectError(() => model.pred([[1, 1]]), "INVALID_RESULT").message).toContain(message);
    }
    const several: readonly [unknown, string][] = [
      [1, 'must return an object with "loss", "mae"'],
      [{ loss: 1 }, 'returned nothing for output "mae"'],
      [{ loss: 1, mae: 1, acc: 1 }, 'returned "acc", which is not an output'],
      [{ loss: 1, mae: [1] }, 'output "mae" must be float32 scalar'],
    ];
    for (const [result, message] of several) {
      const model = Regression.fake({ train: () => result as { loss: number; mae: number } });
      expect(expectError(() => model.train([[1, 2]], [[1]], 1), "INVALID_RESULT").message).toContain(message);
    }
    const ragged = { left: { indices: [], values: [], shape: [0, 0] }, right: [1, 2], total: 1, x: 1 };
    const deep = Composite.fake({ deep: () => ragged as never });
    expect(
      expectError(() => deep.deep([], { indices: [], values: [], shape: [0, 0] }, [1, 2]), "INVALID_RESULT").message,
    ).toContain('output "x" must be ragged int64 [?, ?, ?]');
  });

  it.each<[string, unknown, ErrorCode, string]>([
    ["a misspelled method", { prd: () => 1 }, "INVALID_ARGUMENT", 'unknown method "prd". Did you mean "pred"?'],
    ["data for a function", { pred: [[1]] }, "INVALID_ARGUMENT", "pred must be a function"],
    ["a value that is not an object", null, "INVALID_ARGUMENT", "takes an object of functions"],
    ["a function", () => 1, "INVALID_ARGUMENT", "takes an object of functions"],
    ["an array", [() => 1], "INVALID_ARGUMENT", "takes an object of functions"],
  ])("fake() rejects %s", (_, methods, code, message) => {
    expect(expectError(() => CustomModel.fake(methods as object), code).message).toContain(message);
  });

  it("a fake rejects calls after it was disposed", async () => {
    const model = CustomModel.fake({ pred: () => [[1]] });
    {
      using _ = model;
    }
    model.dispose();
    expect(model.disposed).toBe(true);
    expectError(() => model.pred([[1, 1]]), "DISPOSED");
    expectError(() => model.save("x"), "DISPOSED");
    await expectRejection(model.async.pred([[1, 1]]), "DISPOSED");
    await model.close();
  });
});

it("a signature called fake gets another method name", () => {
  const folder = join(tempFolder(), "fakes");
  const tensors = [{ key: "fake", dtype: 1, shape: [2], tensor: "x:0" }];
  const signatures = [{ key: "fake", methodName: "", inputs: tensors, outputs: tensors }];
  writeModel(folder, { tags: ["serve"], tensorflowVersion: "", signatures });
  const { className, methods, text } = generate(folder);
  expect([className, methods]).toEqual(["Fakes", ["fake_"]]);
  expect(text).toContain("static fake(methods: FakesFakes): Fakes {");
  expect(typeErrors({ "fakes.ts": text })).toEqual([]);
});

describe("a test", () => {
  /** Code that a test is for: it loads the model itself. */
  function forecast(x: number): number {
    using model = CustomModel.load("models/that-is-not-there");
    return model.pred([[x, x]]).item();
  }

  it("a test replaces load with a fake in one line", () => {
    const load = vi.spyOn(CustomModel, "load").mockImplementation(() => CustomModel.fake({ pred: () => [[0.5]] }));
    try {
      expect([forecast(1), forecast(2)]).toEqual([0.5, 0.5]);
      expect(load).toHaveBeenCalledWith("models/that-is-not-there");
    } finally {
      load.mockRestore();
    }
    expectError(() => forecast(1), "MODEL_NOT_FOUND");
  });

  it("a test spies on a method, and replaces methods that a fake does not support", () => {
    using model = CustomModel.fake({ pred: () => [[0.5]] });
    const pred = vi.spyOn(model, "pred");
    const save = vi.spyOn(model, "save").mockReturnValue();
    model.pred([[1, 2]]);
    model.save("models/trained");
    expect(pred).toHaveBeenCalledWith([[1, 2]]);
    expect(save).toHaveBeenCalledOnce();
  });
});

it("types accept matching fakes and reject others", () => {
  const names = readdirSync(new URL("../../../../generated", import.meta.url));
  const files = Object.fromEntries(
    names.map((name) => [name, readFileSync(new URL(`../../../../generated/${name}`, import.meta.url), "utf8")]),
  );
  const use = readFileSync(new URL("../../../typings/use-fake.ts", import.meta.url), "utf8");
  expect(typeErrors({ ...files, "use-fake.ts": use })).toEqual([]);
});
