import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CustomModel } from "../../../generated/custom-model.js";
import { Regression } from "../../../generated/regression.js";
import { minMax, oneHot, parseCsv, readCsv, readNpz, Scaler, split, zScore } from "../../../runtime/data/index.js";
import {
  decodeNpy,
  encodeNpy,
  evaluate,
  fit,
  Model,
  predict,
  RaggedTensor,
  SavedModelError,
  SparseTensor,
  Tensor,
} from "../../../runtime/index.js";
import { modelFolder } from "../../support/temp.js";

const here = fileURLToPath(import.meta.url);
const wrong = [[1, 2, 3]] as never;

/** The functions on the stack, with what is not in this file marked. */
function framesOf(error: unknown): readonly string[] {
  expect(error).toBeInstanceOf(SavedModelError);
  const { name, message, stack = "" } = error as SavedModelError;
  expect(stack.startsWith(`${name}: ${message}\n`)).toBe(true);
  const frames = stack.slice(name.length + message.length + 3).split("\n");
  return frames.map((frame) =>
    frame.includes(here) ? (/at (?:async )?(?:\w+\.)*(\w+)(?: \[as \w+\])? \(/.exec(frame)?.[1] ?? "?") : frame,
  );
}

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("stacks of errors", () => {
  using loaded = CustomModel.load();
  const fake = CustomModel.fake({ pred: () => [[1]] });

  // The function called by a test is on top of the stack, under its own name.
  const calls: readonly (readonly [string, () => unknown])[] = [
    [
      "a method",
      function top() {
        return fake.pred(wrong);
      },
    ],
    [
      "a method that was taken from its model",
      function top() {
        const { pred } = fake;
        return pred(wrong);
      },
    ],
    [
      "a missing signature",
      function top() {
        return fake.run("prd", {});
      },
    ],
    [
      "run()",
      function top() {
        return fake.run("pred", { inputs: 1 });
      },
    ],
    [
      "load()",
      function top() {
        return CustomModel.load("/nowhere");
      },
    ],
    [
      "Model.load()",
      function top() {
        return Model.load("/nowhere");
      },
    ],
    [
      "fake()",
      function top() {
        return CustomModel.fake(3 as never);
      },
    ],
    [
      "save()",
      function top() {
        return fake.save("/nowhere");
      },
    ],
    [
      "restore()",
      function top() {
        return fake.restore("/nowhere");
      },
    ],
    [
      "variables()",
      function top() {
        return fake.variables();
      },
    ],
    [
      "warmUp()",
      function top() {
        return fake.warmUp("prd");
      },
    ],
    [
      "Tensor.from()",
      function top() {
        return Tensor.from("float32", ["a"] as never);
      },
    ],
    [
      "Tensor.allocate()",
      function top() {
        return Tensor.allocate("float32", [-1]);
      },
    ],
    [
      "Tensor.item()",
      function top() {
        return Tensor.from("float32", [1, 2]).item();
      },
    ],
    [
      "RaggedTensor.from()",
      function top() {
        return RaggedTensor.from("float32", [["a"]] as never);
      },
    ],
    [
      "decodeNpy()",
      function top() {
        return decodeNpy(new Uint8Array(3));
      },
    ],
    [
      "encodeNpy()",
      function top() {
        return encodeNpy(3 as never);
      },
    ],
    [
      "parseCsv()",
      function top() {
        return parseCsv("a,b\n1\n");
      },
    ],
    [
      "Table.column()",
      function top() {
        return parseCsv("a\n1\n").column("b");
      },
    ],
    [
      "Table.tensor()",
      function top() {
        return parseCsv("a\n1\n").tensor("float32", "b");
      },
    ],
    [
      "split()",
      function top() {
        return split([[1, 2, 3]], { validation: 0.5, seed: -1 });
      },
    ],
    [
      "oneHot()",
      function top() {
        return oneHot(["a"], ["b"]);
      },
    ],
    [
      "minMax()",
      function top() {
        return minMax([[Number.NaN]]);
      },
    ],
    [
      "zScore()",
      function top() {
        return zScore([[Number.NaN]]);
      },
    ],
    [
      "Scaler.transform()",
      function top() {
        return minMax([[1]]).transform([[1, 2]]);
      },
    ],
    [
      "Scaler.inverse()",
      function top() {
        return minMax([[1]]).inverse([[1, 2]]);
      },
    ],
    [
      "Scaler.fromJSON()",
      function top() {
        return Scaler.fromJSON(3);
      },
    ],
    [
      "SparseTensor.from()",
      function top() {
        return SparseTensor.from("float32", {} as never);
      },
    ],
  ];

  it.each(calls)("the stack begins at the caller of %s", (_, call) => {
    expect(framesOf(caught(call))[0]).toBe("top");
  });

  it("the stack begins at the caller of a method that fails in TensorFlow", () => {
    using model = CustomModel.load();
    expect(
      framesOf(
        caught(function top() {
          return model.pred(wrong);
        }),
      )[0],
    ).toBe("top");
  });

  it("the stack begins at the program's own override", () => {
    class Own extends CustomModel {
      static make(): Own {
        return new Own(
          { name: "Own", directory: "", tags: [], signatures: [{ key: "pred", inputs: [], outputs: [] }] },
          { fake: {} },
        );
      }
      override pred(...inputs: never[]): never {
        return super.pred(...(inputs as unknown as [never])) as never;
      }
    }
    expect(framesOf(caught(() => Own.make().pred(1 as never)))[0]).toBe("pred");
  });

  it("the stack begins at the caller of a call made while another one reads its values", () => {
    const row = new Proxy([1, 2], {
      get: function inner(target, key) {
        return key === "1" ? fake.pred(wrong) : Reflect.get(target, key);
      },
    });
    expect(
      framesOf(
        caught(function top() {
          return fake.pred([row] as never);
        }),
      )[0],
    ).toBe("inner");
  });

  it("the stack has as many frames as the engine keeps", () => {
    const deep = (depth: number): unknown => (depth === 0 ? fake.pred(wrong) : deep(depth - 1));
    expect(framesOf(caught(() => deep(20)))).toEqual(Array.from({ length: Error.stackTraceLimit }, () => "deep"));
  });

  const started: readonly (readonly [string, () => Promise<unknown>])[] = [
    [
      "an asynchronous method",
      function top() {
        return fake.async.pred(wrong);
      },
    ],
    [
      "too many inputs of it",
      function top() {
        return fake.async.pred(...([[[1, 2]], {}, 3] as never as [never]));
      },
    ],
    [
      "a call that was aborted before",
      function top() {
        return fake.async.pred([[1, 2]], { signal: AbortSignal.abort() });
      },
    ],
    [
      "runAsync()",
      function top() {
        return fake.runAsync("pred", {});
      },
    ],
    [
      "a result of a fake",
      function top() {
        return CustomModel.fake({ pred: () => [1] as never }).async.pred([[1, 2]]);
      },
    ],
    [
      "a result of a fake by key",
      function top() {
        return CustomModel.fake({ pred: () => [1] as never }).runAsync("pred", { inputs: [[1, 2]] });
      },
    ],
    [
      "readCsv()",
      function top() {
        return readCsv("/nowhere.csv");
      },
    ],
    [
      "readNpz()",
      function top() {
        return readNpz("/nowhere.npz");
      },
    ],
    [
      "predict()",
      function top() {
        return predict(fake.pred, [wrong]);
      },
    ],
    [
      "evaluate(), for its options",
      function top() {
        return evaluate(Regression.fake({}).evaluate, [[[1]], [[1]]], { batchSize: 0 });
      },
    ],
    [
      "fit(), for its options",
      function top() {
        return fit(fake.train, [[[1, 1]], [[1]]], { epochs: 0.5 });
      },
    ],
    [
      "fit(), for its columns",
      function top() {
        return fit(Regression.fake({ train: () => ({ loss: 1, mae: 1 }) }).train, [wrong, [[1]], 0.1], {
          progress: false,
        });
      },
    ],
    [
      "fit(), for a batch",
      function top() {
        return fit(
          Regression.fake({ train: () => ({ loss: 1, mae: 1 }) }).train,
          () => [[wrong, [[1]], 0.1]] as never,
          { progress: false },
        );
      },
    ],
  ];

  it.each(started)("the stack begins at the caller of asynchronous %s", async (_, call) => {
    const error: unknown = await call().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(framesOf(error)[0]).toBe("top");
  });

  it("the stack begins at the caller of an asynchronous method that fails in TensorFlow, batched or not, with an error subscriber", async () => {
    const batching = { pred: { maxBatch: 4 } };
    using model = Regression.load(modelFolder("regression"), { batching });
    using plain = Regression.load();
    for (const one of [model, plain]) {
      const error: unknown = await (function top() {
        return one.async.pred([[1]] as never);
      })().catch((reason: unknown) => reason);
      expect(framesOf(error)[0]).toBe("top");
    }
  });

  it("the stack is kept if the frame of the method is not on it", () => {
    const call: unknown = Reflect.get(loaded, "call");
    const error = caught(() => Reflect.apply(call as () => unknown, fake, ["pred", [wrong]]));
    expect(framesOf(error).length).toBeGreaterThan(0);
  });
});

describe("an error", () => {
  const error = caught(() => CustomModel.fake({}).pred([[1, 1]])) as SavedModelError;

  it("an error has no `fix` property if no fix is known", () => {
    expect(Object.hasOwn(new SavedModelError("BUSY", "no"), "fix")).toBe(false);
    expect(error.fix).toBe("Pass one to `fake()`.");
  });

  it("an error has a category", () => {
    const categories = (
      ["INVALID_UTF8", "MODEL_CORRUPT", "LIBRARY_INVALID", "QUEUE_FULL", "INVALID_OPTION"] as const
    ).map((code) => new SavedModelError(code, "").category);
    expect(categories).toEqual(["input", "model", "library", "busy", "internal"]);
  });

  it("a lone surrogate in an input is an input error, in a result it is not", () => {
    const utf8 = caught(() => Tensor.from("string", ["\ud800"])) as SavedModelError;
    const bytes = caught(() => Tensor.from("string", [new Uint8Array([255])]).data) as SavedModelError;
    expect([utf8.category, bytes.category]).toEqual(["input", "model"]);
  });

  it("a message has a bounded length and keeps its end", () => {
    const { message, rawMessage, fix } = new SavedModelError("LOAD_FAILED", `a${"b".repeat(1e6)}c`, {
      fix: `d${"e".repeat(1e6)}f`,
    });
    expect([rawMessage.length, fix?.length]).toEqual([4000, 2000]);
    expect(message).toMatch(/^LOAD_FAILED: ab+ … b+c\. de+ … e+f$/);
  });

  it("a message about very many inputs is short", () => {
    const inputs = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`${"x".repeat(200)}${index}`, 1]));
    const unknown = caught(() => CustomModel.fake({}).run("pred", inputs)) as SavedModelError;
    expect(unknown.message.length).toBeLessThan(1000);
  });
});
