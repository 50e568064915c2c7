import { expect } from "vitest";
import { Tensor } from "../../runtime/index.js";
import { type GoldenTensor, toTensor } from "./golden-cases.js";

export {
  type GoldenCall,
  type GoldenCase,
  type GoldenTensor,
  goldenParts,
  readCalls,
  readCases,
  toTensor,
} from "./golden-cases.js";

/** Compares a result with its golden: floats to `rtol`, everything else exactly. */
export function expectGolden(actual: unknown, golden: GoldenTensor, what: string, rtol = 1e-4): void {
  if (golden.data === null) return;
  const expected = toTensor(golden);
  if (golden.shape.length === 0 && !(actual instanceof Tensor)) {
    expectElements(partsOf(actual), partsOf(expected.item()), golden.dtype, what, rtol);
    return;
  }
  expect(actual, what).toBeInstanceOf(Tensor);
  const tensor = actual as Tensor;
  expect(`${tensor}`, what).toBe(`${expected}`);
  if (golden.dtype === "string") expect(tensor.bytes, what).toEqual(expected.bytes);
  else expectElements(elements(tensor), elements(expected), golden.dtype, what, rtol);
}

/** The numbers that a plain value consists of. */
function partsOf(value: unknown): readonly unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value) : [value];
}

function elements(tensor: Tensor): readonly unknown[] {
  return Array.from(tensor.data as ArrayLike<unknown>);
}

function expectElements(
  actual: readonly unknown[],
  expected: readonly unknown[],
  dtype: string,
  what: string,
  rtol: number,
): void {
  expect(actual.length, what).toBe(expected.length);
  const isFloat = /^(float|complex)/.test(dtype);
  for (const [index, want] of expected.entries()) {
    const got = actual[index];
    if (isFloat && typeof got === "number" && typeof want === "number" && Number.isFinite(want)) {
      expect(Math.abs(got - want), `${what}[${index}]: ${got} is not ${want}`).toBeLessThanOrEqual(
        1e-6 + rtol * Math.abs(want),
      );
    } else {
      expect(Object.is(got, want), `${what}[${index}]: ${String(got)} is not ${String(want)}`).toBe(true);
    }
  }
}
