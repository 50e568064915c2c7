import { afterEach, describe, expect, it, vi } from "vitest";
import { CustomModel } from "../../../../generated/custom-model.js";
import { type LoadOptions, Model, type Tensor } from "../../../../runtime/index.js";
import { expectError } from "../../../support/errors.js";
import { BOOL, FLOAT, integer, STRING, shape, type, writeGraphModel } from "../../../support/graph-model.js";
import { modelFolder } from "../../../support/temp.js";

const LARGE = 4096;

afterEach(() => {
  vi.restoreAllMocks();
});

/** `put(x, keep)` gives x, and assigns it to a variable if `keep` is true; `get()` gives what the variable holds. */
function variableModel(dtype: number, options: LoadOptions = {}): Model {
  const T = { T: type(dtype) };
  const folder = writeGraphModel(
    {
      x: ["Placeholder", [], { dtype: type(dtype) }],
      keep: ["Placeholder", [], { dtype: type(BOOL), shape: shape([]) }],
      variable: ["VarHandleOp", [], { dtype: type(dtype), shape: shape(null) }],
      chosen: ["Switch", ["x", "keep"], T],
      assign: ["AssignVariableOp", ["variable", "chosen:1"], { dtype: type(dtype) }],
      kept: ["Identity", ["chosen:1", "^assign"], T],
      merged: ["Merge", ["chosen", "kept"], { ...T, N: integer(2) }],
      read: ["ReadVariableOp", ["variable"], { dtype: type(dtype) }],
    },
    {
      put: {
        inputs: { x: ["x:0", dtype, null], keep: ["keep:0", BOOL, []] },
        outputs: { y: ["merged:0", dtype, null] },
      },
      get: { inputs: {}, outputs: { value: ["read:0", dtype, null] } },
    },
  );
  return Model.load(folder, options);
}

/** A client whose calls can be made by name. */
class Client extends Model {
  override call(signature: string, inputs: readonly unknown[]): unknown {
    return super.call(signature, inputs);
  }
}

const heldBy = (model: Model): unknown => (model.run("get").value as Tensor).toArray();

describe("a variable that was assigned from an input", () => {
  it("a variable keeps its value when the next call reuses the input's shape without assigning", () => {
    using model = variableModel(FLOAT);
    model.run("put", { x: [1, 2, 3], keep: true });
    for (const value of [7, 8, 9]) {
      const { y } = model.run("put", { x: [value, value, value], keep: false });
      expect((y as Tensor).toArray()).toEqual([value, value, value]);
      expect(heldBy(model)).toEqual([1, 2, 3]);
    }
    model.run("put", { x: [4, 5, 6], keep: true });
    expect(heldBy(model)).toEqual([4, 5, 6]);
  });

  it.each([
    ["a signature", {}],
    ["a signature named in readOnly", { readOnly: ["put"] }],
  ])("a variable keeps its value when a tensor of `allocate` that %s assigned is filled again", (_, options) => {
    using model = variableModel(FLOAT, options);
    const x = model.allocate("float32", [LARGE]);
    const value = (): number => (model.run("get").value as Tensor<"float32">).data[LARGE - 1] ?? Number.NaN;
    // The runs without an assignment would show that TensorFlow lets go of the input.
    for (const keep of [false, false, true, true]) {
      x.data.fill(1);
      model.run("put", { x, keep });
      x.data.fill(9);
    }
    expect(value()).toBe(1);
    for (let count = 0; count < 200; count++) model.allocate("float32", [LARGE]).data.fill(5);
    expect(value()).toBe(1);
  });

  it("a variable keeps its strings while calls of other shapes release theirs", () => {
    using model = variableModel(STRING);
    const long = "a string that is longer than the 22 bytes which an element holds itself";
    const kept = [long, "short", "", `${long}!`, `${long}?`];
    model.run("put", { x: kept, keep: true });
    for (let length = 1; length <= 20; length++) {
      const x = Array.from({ length }, (_, index) => `${long} ${length}.${index}`);
      expect((model.run("put", { x, keep: false }).y as Tensor).toArray()).toEqual(x);
      expect(heldBy(model)).toEqual(kept);
    }
  });
});

describe("an output that is an input of the call", () => {
  const folder = (): string =>
    writeGraphModel(
      {
        x: ["Placeholder", [], { dtype: type(FLOAT) }],
        zero: [
          "Const",
          [],
          { dtype: type(FLOAT), value: { tensor: { dtype: FLOAT, tensorShape: {}, floatVal: [3] } } },
        ],
        bias: ["PlaceholderWithDefault", ["zero"], { dtype: type(FLOAT), shape: shape([]) }],
        sum: ["AddV2", ["x", "bias"], { T: type(FLOAT) }],
      },
      {
        f: {
          inputs: { x: ["x:0", FLOAT, [-1]], bias: ["bias:0", FLOAT, []] },
          defaults: { bias: { dtype: FLOAT, tensorShape: {}, floatVal: [3] } },
          outputs: { a_sum: ["sum:0", FLOAT, [-1]], same: ["x:0", FLOAT, [-1]], used: ["bias:0", FLOAT, []] },
        },
      },
    );
  const run = (model: Model, inputs: Readonly<Record<string, unknown>>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(model.run("f", inputs)).map(([key, value]) => [key, (value as Tensor).toArray()]),
    );

  it("an output that is an input is read from the fed value, and others from fetched values", () => {
    using model = Model.load(folder());
    for (const bias of [10, 20]) {
      expect(run(model, { x: [5, 6], bias })).toEqual({ a_sum: [5 + bias, 6 + bias], same: [5, 6], used: bias });
      // Inputs that may be omitted are fetched then.
      expect(run(model, { x: [5, 6] })).toEqual({ a_sum: [8, 9], same: [5, 6], used: 3 });
    }
  });

  it("an output that is an input fed in place is copied", () => {
    using model = Model.load(folder());
    const x = model.allocate("float32", [LARGE]);
    for (const value of [1, 2, 3]) {
      x.data.fill(value);
      const { same, a_sum } = model.run("f", { x, bias: 1 });
      x.data.fill(99);
      expect((same as Tensor).data[LARGE - 1]).toBe(value);
      expect((a_sum as Tensor).data[LARGE - 1]).toBe(value + 1);
    }
  });
});

describe("a call within a call", () => {
  it("a nested call does not change the values that the outer one has read", () => {
    using model = CustomModel.load();
    const expected = model.pred([[2, 4]]).toArray();
    const row = [2];
    Object.defineProperty(row, 1, {
      enumerable: true,
      get: () => {
        model.pred([[100, 100]]);
        return 4;
      },
    });
    expect(model.pred([row as unknown as [number, number]]).toArray()).toEqual(expected);
  });
});

describe("invalid values for TensorFlow", () => {
  it("rejects a byte other than 0 and 1 in a typed row of booleans", () => {
    const folder = writeGraphModel(
      { x: ["Placeholder", [], { dtype: type(BOOL) }], y: ["Identity", ["x"], { T: type(BOOL) }] },
      { f: { inputs: { x: ["x:0", BOOL, [-1, 2]] }, outputs: { y: ["y:0", BOOL, [-1, 2]] } } },
    );
    using model = Model.load(folder);
    const run = (...x: readonly Uint8Array[]): unknown => (model.run("f", { x }).y as Tensor).toArray();
    expect(run(Uint8Array.of(0, 1), Uint8Array.of(1, 1))).toEqual([
      [false, true],
      [true, true],
    ]);
    const error = expectError(() => run(Uint8Array.of(0, 1), Uint8Array.of(1, 2)), "OUT_OF_RANGE");
    expect(error.rawMessage).toContain("[1][1]");
  });

  it("rejects another shape if the signature promises a scalar", () => {
    const folder = writeGraphModel(
      { x: ["Placeholder", [], { dtype: type(FLOAT) }], y: ["Identity", ["x"], { T: type(FLOAT) }] },
      { f: { inputs: { x: ["x:0", FLOAT, null] }, outputs: { y: ["y:0", FLOAT, []] } } },
    );
    using model = Client.load(folder) as Client;
    expect(model.call("f", [1.5])).toBe(1.5);
    for (const x of [[1, 2], [1], [[1]], new Float32Array()]) {
      const error = expectError(() => model.call("f", [x]), "INVALID_RESULT");
      expect(error.rawMessage).toContain('f(): output "y" must be a scalar, got [');
    }
  });

  it("rejects the index of an output that the operation does not have", () => {
    const nodes = { x: ["Placeholder", [], { dtype: type(FLOAT) }] } as const;
    const outputs = { y: ["x:1", FLOAT, null] } as const;
    const folder = writeGraphModel(nodes, { f: { inputs: { x: ["x:0", FLOAT, null] }, outputs } });
    using model = Model.load(folder);
    const error = expectError(() => model.run("f", { x: 1 }), "SIGNATURE_UNSUPPORTED");
    expect(error.rawMessage).toContain('output "y" is the tensor "x:1", which is not in the graph');
  });

  // The elements of one input are the caller's own while another is read.
  it.each([
    ["x", "offset"],
    ["offset", "x"],
  ])("rejects the elements of %s that are transferred while %s is read", (flat, other) => {
    using model = Model.load(modelFolder("dtypes"));
    const elements = new Float32Array(1);
    const values = Object.defineProperty([0], 0, {
      get: () => {
        if (elements.length > 0) structuredClone(elements.buffer, { transfer: [elements.buffer] });
        return 1;
      },
    });
    expectError(() => model.run("with_default", { [flat]: elements, [other]: values }), "INVALID_SIZE");
  });

  it("accepts an empty flat array if one dimension is 0 and another unknown", () => {
    const folder = writeGraphModel(
      { x: ["Placeholder", [], { dtype: type(FLOAT) }], y: ["Identity", ["x"], { T: type(FLOAT) }] },
      { f: { inputs: { x: ["x:0", FLOAT, [-1, 0]] }, outputs: { y: ["y:0", FLOAT, [-1, 0]] } } },
    );
    using model = Model.load(folder);
    expect((model.run("f", { x: new Float32Array() }).y as Tensor).shape).toEqual([0, 0]);
    expectError(() => model.run("f", { x: new Float32Array(2) }), "INVALID_SIZE");
  });
});
