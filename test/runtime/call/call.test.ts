import { describe, expect, it } from "vitest";
import { CustomModel } from "../../../generated/custom-model.js";
import { Dtypes } from "../../../generated/dtypes.js";
import { Regression } from "../../../generated/regression.js";
import { Text } from "../../../generated/text.js";
import { Model, Tensor } from "../../../runtime/index.js";
import { expectError } from "../../support/errors.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

describe("synchronous calls", () => {
  it("returns a scalar as a number, several outputs as an object", () => {
    using model = Regression.load();
    const { loss, mae } = model.train([[1, 2]], [[3]], 0.1);
    expect([typeof loss, typeof mae]).toEqual(["number", "number"]);
  });

  it("all signatures share the variables", () => {
    using model = Regression.load();
    const before = model.weights();
    model.train([[1, 2]], [[3]], 0.1);
    expect(model.weights().w.toArray()).not.toEqual(before.w.toArray());
  });

  it("returns copies: a result does not change with the variable that it was read from", () => {
    using model = Regression.load();
    const { w } = model.weights();
    const before = w.toArray();
    model.train([[1, 2]], [[3]], 0.1);
    expect(w.toArray()).toEqual(before);
    w.data.fill(100);
    expect(model.weights().w.data).not.toContain(100);
  });

  it("accepts a result as an input", () => {
    using model = Dtypes.load();
    const y = model.float32([1, 2]);
    expect(model.float32(y).toArray()).toEqual([1, 2]);
  });

  it("accepts inputs of changing sizes", () => {
    using model = Dtypes.load();
    for (const size of [1, 1000, 0, 3, 100_000, 3]) {
      const x = Float32Array.from({ length: size }, (_, index) => index);
      expect(model.float32(x).data).toEqual(x);
    }
  });

  it("takes and returns strings of every size", () => {
    using model = Dtypes.load();
    for (const texts of [["a"], ["é".repeat(1000), "", "a\0b"], [], ["x".repeat(100_000)], ["short", "s"]]) {
      expect(model.string(texts).data).toEqual(texts);
    }
  });

  it("accepts omitted optional inputs", () => {
    using model = Dtypes.load();
    // y = x · scale + offset, with scale = 2 and offset = [0.5] by default.
    expect(model.withDefault([1, 2]).toArray()).toEqual([2.5, 4.5]);
    expect(model.withDefault([1, 2], undefined, [10]).toArray()).toEqual([12, 14]);
    expect(model.withDefault([1, 2], 3).toArray()).toEqual([3.5, 6.5]);
    expect(model.withDefault([1, 2]).toArray()).toEqual([2.5, 4.5]);
  });

  it("names the signature and the raw key of an invalid input", () => {
    using model = CustomModel.load();
    const error = expectError(() => model.train([[1, 1, 1]] as never, [[0]]), "INVALID_SHAPE");
    expect(error.message).toBe('INVALID_SHAPE: train(): input "training_input" must be float32 [1, 2], got [1, 3]');
  });

  it("rejects a missing and an extra input", () => {
    using model = CustomModel.load();
    const train = model.train as (...inputs: unknown[]) => unknown;
    const missing = expectError(() => train.call(model, [[1, 1]]), "MISSING_INPUT");
    expect(missing.message).toBe('MISSING_INPUT: train(): input "training_target" (float32 [1, 1]) is missing');
    const extra = expectError(() => train.call(model, [[1, 1]], [[0]], 1), "TOO_MANY_INPUTS");
    expect(extra.message).toBe('TOO_MANY_INPUTS: train() takes 2 ("training_input", "training_target"), got 3');
  });

  it("rejects a tensor of another dtype or shape", () => {
    using model = CustomModel.load();
    expectError(() => model.pred(Tensor.from("float64", [[1, 2]]) as never), "INVALID_DTYPE");
    expectError(() => model.pred(Tensor.from("float32", [[1, 2, 3]])), "INVALID_SHAPE");
    expectError(() => model.pred(Tensor.from("float32", [1, 2])), "INVALID_RANK");
  });

  it("changes nothing when a later input is invalid", () => {
    using model = Regression.load();
    const before = model.weights().w.toArray();
    expectError(() => model.train([[1, 2]], [[3]], "fast" as never), "INVALID_DTYPE");
    expect(model.weights().w.toArray()).toEqual(before);
  });

  it("reports TensorFlow's errors, and works afterwards", () => {
    using model = Regression.load();
    const error = expectError(
      () =>
        model.train(
          [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
          [[3], [4]],
          0.1,
        ),
      "TF_INVALID_ARGUMENT",
    );
    expect(error.message).toMatch(/^TF_INVALID_ARGUMENT: train\(\): TensorFlow failed: /);
    expect(error.cause).toMatchObject({ status: "INVALID_ARGUMENT" });
    expect(model.train([[1, 2]], [[3]], 0.1).loss).toBeGreaterThan(0);
  });

  it("rejects shapes that no tensor may have", () => {
    using model = Dtypes.load();
    for (const shape of [[-1, -1], [0.5, 2], [2 ** 40, 2 ** 40, 0], new Array<number>(300).fill(1), "no", null]) {
      expectError(() => Tensor.from("float32", [1], shape as number[]), "INVALID_SHAPE");
      expectError(() => Tensor.from("float32", [1]).reshape(shape as number[]), "INVALID_SHAPE");
    }
    expect(model.unknownRank(Tensor.from("float32", [], [0, 2 ** 40])).shape).toEqual([0, 2 ** 40]);
  });

  it("rejects detached data", () => {
    using model = Dtypes.load();
    const x = Tensor.from("float32", new Float32Array(100));
    structuredClone(x.data, { transfer: [x.data.buffer] });
    expect(expectError(() => model.float32(x), "INVALID_SIZE").message).toContain('float32(): input "x"');
  });

  it("rejects data that misreports its size", () => {
    using model = Dtypes.load();
    class Liar extends Float32Array {
      override get length(): 2 {
        return 2;
      }
    }
    expectError(() => model.float32(new Liar(1000)), "INVALID_SIZE");
    expectError(() => model.float32(Object.setPrototypeOf(new Uint8Array(8), Float32Array.prototype)), "INVALID_SIZE");
    expectError(() => model.float32(Object.create(Tensor.prototype) as never), "INVALID_DTYPE");
  });

  it("survives data that disposes or calls the model while it is read", () => {
    const model = Dtypes.load();
    const calling = [1, 2];
    Object.defineProperty(calling, 0, { get: () => model.float32([7, 8]).data[0] });
    expect(model.float32(calling).toArray()).toEqual([7, 2]);
    const disposing = [1, 2];
    Object.defineProperty(disposing, 0, {
      get: () => {
        model.dispose();
        return 1;
      },
    });
    expectError(() => model.float32(disposing), "DISPOSED");
  });

  it("reports a scalar that is not UTF-8, and returns its bytes through run()", () => {
    using model = Text.load();
    const name = Uint8Array.of(0xff);
    const error = expectError(() => model.greet(name), "NOT_TEXT");
    expect(error.message).toContain('greet(): output "greeting" is not valid UTF-8');
    const { greeting } = model.run("greet", { name });
    expect((greeting as Tensor<"string">).bytes[0]).toContain(0xff);
  });

  it("rejects calls after dispose", () => {
    const model = CustomModel.load();
    model.dispose();
    model.dispose();
    expect(model.disposed).toBe(true);
    const error = expectError(() => model.pred([[1, 1]]), "DISPOSED");
    expect(error.message).toBe("DISPOSED: pred(): the model was disposed");
    expectError(() => model.save(tempFolder()), "DISPOSED");
  });
});

describe("run", () => {
  it("run() takes and returns raw keys", () => {
    using model = Model.load(modelFolder("regression"));
    expect(Object.keys(model.run("train", { x: [[1, 2]], target: [[3]], learning_rate: 0.1 }))).toEqual([
      "loss",
      "mae",
    ]);
  });

  it("run() rejects arguments that are not a key and an object", () => {
    using model = Model.load(modelFolder("custom_model"));
    expectError(() => model.run(5 as never), "INVALID_ARGUMENT");
    expectError(() => model.run("pred", null as never), "INVALID_ARGUMENT");
  });

  it("run() rejects a misspelled signature and a misspelled input by name", () => {
    using model = Model.load(modelFolder("custom_model"));
    expect(expectError(() => model.run("trian"), "SIGNATURE_NOT_FOUND").message).toContain('Did you mean "train"?');
    const error = expectError(() => model.run("pred", { input: [[1, 1]] }), "UNKNOWN_INPUT");
    expect(error.message).toBe('UNKNOWN_INPUT: pred() has no input "input". Did you mean "inputs"?');
  });

  it("run() ignores inherited properties", () => {
    using model = Model.load(modelFolder("custom_model"));
    expectError(() => model.run("pred", Object.create({ inputs: [[1, 1]] })), "MISSING_INPUT");
  });

  it("run() reports why a signature cannot be called", () => {
    using model = Model.load(modelFolder("dtypes"));
    const error = expectError(() => model.run("no_outputs", { x: [1] }), "SIGNATURE_UNSUPPORTED");
    expect(error.message).toContain("it has no outputs, so there is nothing to run");
  });

  it("run() returns own properties for hostile names", () => {
    using model = Model.load(modelFolder("names"));
    for (const { key, inputs, outputs } of model.signatures) {
      const values = Object.fromEntries(inputs.map((input) => [input.key, input.shape?.length === 0 ? 1 : [1]]));
      const results = model.run(key, values);
      expect(Object.keys(results).sort()).toEqual(outputs.map((output) => output.key).sort());
    }
  });
});
