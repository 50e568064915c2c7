import { describe, expect, it } from "vitest";
import { itemAt } from "../../../../runtime/base/item-at.js";
import { nonNull } from "../../../../runtime/engines/local/native/c-api.js";
import { expectError } from "../../../support/errors.js";

describe("nonNull", () => {
  it("nonNull returns an address", () => {
    expect(nonNull(16n, "graph")).toBe(16n);
  });

  it.each([null, 0n])("nonNull rejects %s, which means out of memory", (pointer) => {
    const error = expectError(() => nonNull(pointer, "graph"), "TF_RESOURCE_EXHAUSTED");
    expect(error.rawMessage).toBe("out of memory: TensorFlow returned no graph");
  });
});

describe("itemAt", () => {
  it("itemAt returns the item, whatever its value", () => {
    expect([itemAt([null, 0], 0), itemAt(BigUint64Array.of(7n), 0), itemAt("ab", 1)]).toEqual([null, 7n, "b"]);
  });

  it("itemAt rejects an index without an item", () => {
    expect(() => itemAt([1, 2], 2)).toThrow("no item 2 in an array of 2");
  });
});
