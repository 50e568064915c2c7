import { describe, expect, it } from "vitest";
import { Composite } from "../../../generated/composite.js";
import { Counter } from "../../../generated/counter.js";
import { CustomModel } from "../../../generated/custom-model.js";
import { Dtypes } from "../../../generated/dtypes.js";
import { Example } from "../../../generated/example.js";
import { Regression } from "../../../generated/regression.js";
import { inspect } from "../../../generator/index.js";
import { Model, RaggedTensor, type SignatureInfo, type Tensor } from "../../../runtime/index.js";
import { expectError } from "../../support/errors.js";
import { modelFolder } from "../../support/temp.js";

const CLIENTS = {
  composite: Composite,
  counter: Counter,
  custom_model: CustomModel,
  dtypes: Dtypes,
  example: Example,
  regression: Regression,
};
const NAMES = Object.keys(CLIENTS) as (keyof typeof CLIENTS)[];

/** The callable signatures that `inspect` shows. */
function inspected(name: string): readonly SignatureInfo[] {
  return inspect(modelFolder(name)).signatures.filter(({ unsupported }) => unsupported === undefined);
}

/** The properties that a client can know without reading the model. */
function known(signatures: readonly SignatureInfo[]): unknown {
  return signatures.map(({ key, inputs, outputs }) => ({
    key,
    inputs: inputs.map(({ key, dtype, shape, encoding, components, optional, example }) => {
      return { key, dtype, shape, encoding, roles: components?.map(({ role }) => role), optional, example };
    }),
    outputs: outputs.map(({ key, dtype, shape, encoding }) => ({ key, dtype, shape, encoding })),
  }));
}

describe("signatures", () => {
  it.each(NAMES)("%s: signatures of a client are those of inspect, in the order of its methods' arguments", (name) => {
    using model = CLIENTS[name].load();
    expect(known(model.signatures)).toEqual(known(inspected(name)));
    // The model tells more than the client knows.
    const tensors = model.signatures.flatMap(({ outputs }) => outputs.map(({ tensor }) => tensor));
    expect(tensors).toEqual(inspected(name).flatMap(({ outputs }) => outputs.map(({ tensor }) => tensor)));
  });

  it.each(NAMES)("%s: signatures of a fake are those of the client", (name) => {
    using fake = (CLIENTS[name].fake as (methods: object) => Model)({});
    expect(known(fake.signatures)).toEqual(known(inspected(name)));
  });

  it.each(NAMES)(
    "%s: signatures of a model without a client are those of inspect, except for example features and effects",
    (name) => {
      using model = Model.load(modelFolder(name));
      const plain = inspect(modelFolder(name)).signatures.map(({ inputs, writes: _, ...signature }) => {
        return { ...signature, inputs: inputs.map(({ example: _, ...input }) => input) };
      });
      expect(model.signatures).toEqual(plain);
    },
  );
});

describe("a method", () => {
  it("a method called on the class instead of a model is rejected", () => {
    const { message } = expectError(() => Counter.prototype.increment(1), "INVALID_ARGUMENT");
    expect(message).toContain("increment() was called on an object that is not a loaded model");
  });
});

describe("a model without a client", () => {
  const rows = [[1, 2, 3], [], [4]];
  const asp = { indices: [[0, 2]], values: [1], shape: [4, 3] };

  it("a model without a client takes ragged and sparse inputs as one value", () => {
    using model = Model.load(modelFolder("composite"));
    for (const zrows of [rows, RaggedTensor.from("float32", rows)]) {
      const { twice, dense } = model.run("mix", { zrows, scale: 1, asp });
      expect(twice?.toArray()).toEqual([[2, 4, 6], [], [8]]);
      expect((dense as Tensor).toArray()).toEqual([
        [0, 0, 1],
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ]);
    }
  });

  it("a model without a client takes components too, but not both for one signature", async () => {
    using model = Model.load(modelFolder("composite"));
    const parts = {
      zrows: [1, 2, 3, 4],
      zrows_1: [0, 3, 3, 4],
      scale: 1,
      asp: asp.indices,
      asp_1: asp.values,
      asp_2: asp.shape,
    };
    expect(model.run("mix", parts).twice?.toArray()).toEqual([[2, 4, 6], [], [8]]);
    expect((await model.runAsync("mix", parts)).twice?.toArray()).toEqual([[2, 4, 6], [], [8]]);
    expectError(
      () => model.run("mix", { zrows: [1], scale: 1, asp: asp.indices, asp_1: [1], asp_2: [4, 3] }),
      "MISSING_INPUT",
    );
    expectError(() => model.run("mix", { ...parts, asp_3: [1] }), "UNKNOWN_INPUT");
  });
});
