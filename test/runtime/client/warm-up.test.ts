import { describe, expect, it } from "vitest";
import { Composite } from "../../../generated/composite.js";
import { CustomModel } from "../../../generated/custom-model.js";
import { Dtypes } from "../../../generated/dtypes.js";
import { Spin } from "../../../generated/spin.js";
import { Text } from "../../../generated/text.js";
import { expectError } from "../../support/errors.js";

describe("warmUp", () => {
  it("warmUp changes nothing, and leaves the signatures as they were", () => {
    using warm = CustomModel.load();
    using cold = CustomModel.load();
    warm.warmUp();
    warm.warmUp("train");
    expect(warm.pred([[1, 1]]).toArray()).toEqual(cold.pred([[1, 1]]).toArray());
    expect(warm.train([[1, 1]], [[2]])).toBe(cold.train([[1, 1]], [[2]]));
  });

  it.each([
    ["of every dtype", Dtypes],
    ["with ragged and sparse arguments", Composite],
    ["with strings and tables", Text],
    ["without inputs", Spin],
  ])("warmUp takes signatures %s", (_, Client) => {
    using model = Client.load() as Dtypes | Composite | Text | Spin;
    model.warmUp();
    if (model instanceof Spin) expect(model.turned()).toBe(0n);
    if (model instanceof Text) expect(model.greet("you")).toBe("Hello, you!");
  });

  it("warmUp rejects unknown signatures, and a disposed model", () => {
    const model = CustomModel.load();
    expectError(() => model.warmUp("predd"), "SIGNATURE_NOT_FOUND");
    model.dispose();
    expectError(() => model.warmUp(), "DISPOSED");
  });
});
