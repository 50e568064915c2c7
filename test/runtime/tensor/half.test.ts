import { describe, expect, it } from "vitest";
import { bfloatToNumber, halfToNumber, numberToBfloat, numberToHalf } from "../../../runtime/tensor/half.js";

describe("float16", () => {
  it("float16 round-trips every pattern except NaNs", () => {
    for (let pattern = 0; pattern < 65536; pattern++) {
      const value = halfToNumber(pattern);
      if (!Number.isNaN(value)) expect(numberToHalf(value)).toBe(pattern);
    }
  });

  // Patterns by numpy.float16 of NumPy 2.4.
  it.each([
    [1, 0x3c00],
    [-0, 0x8000],
    [65504, 0x7bff],
    [65519.99, 0x7bff],
    [Number.POSITIVE_INFINITY, 0x7c00],
    [Number.NaN, 0x7e00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [2 ** -25 * 1.0001, 0x0001],
    [2049, 0x6800],
    [2051, 0x6802],
    [0.1, 0x2e66],
    [2 ** -14 - 2 ** -26, 0x0400],
  ])("float16 rounds %d to the nearest, ties to even", (value, pattern) => {
    expect(numberToHalf(value)).toBe(pattern);
  });
});

describe("bfloat16", () => {
  it("bfloat16 round-trips every pattern except NaNs", () => {
    for (let pattern = 0; pattern < 65536; pattern++) {
      const value = bfloatToNumber(pattern);
      if (!Number.isNaN(value)) expect(numberToBfloat(value)).toBe(pattern);
    }
  });

  it.each([
    [1, 0x3f80],
    [1.00390625, 0x3f80],
    [1.01171875, 0x3f82],
    [Number.NaN, 0x7fc0],
  ])("bfloat16 rounds %d to the nearest, ties to even", (value, pattern) => {
    expect(numberToBfloat(value)).toBe(pattern);
  });
});
