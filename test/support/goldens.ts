import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { type AnyTensor, type DType, RaggedTensor, SparseTensor, Tensor } from "../../runtime/index.js";

/** A tensor in a golden file; the encodings are explained in test/models/README.md. */
export interface GoldenTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | string | boolean)[] | null;
}

export interface GoldenCall {
  readonly signature: string;
  /** Of third-party goldens. */
  readonly tags?: readonly string[];
  readonly inputs: Readonly<Record<string, GoldenTensor>>;
  readonly outputs: Readonly<Record<string, GoldenTensor>>;
}

export interface GoldenCase {
  readonly name: string;
  readonly calls: readonly GoldenCall[];
}

/** The cases of a model of this repository. Each starts from a fresh load; its calls run one after another. */
export function readCases(model: string): readonly GoldenCase[] {
  const file = new URL(`../models/${model}.golden.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { cases: GoldenCase[] }).cases;
}

/** The calls of a third-party model: each from a fresh load. */
export function readCalls(folder: string): readonly GoldenCall[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(readFileSync(`${folder}/${file}`, "utf8")) as GoldenCall);
}

/** The tensor that a golden states. */
export function toTensor({ dtype, shape, data }: GoldenTensor): Tensor {
  return Tensor.from(dtype as DType, toFlat(dtype, data ?? []), shape);
}

/** The tensors under which a golden has an output: a ragged or sparse one is there as its parts. */
export function goldenParts(key: string, output: AnyTensor): Readonly<Record<string, Tensor>> {
  if (output instanceof RaggedTensor) {
    const splits = output.rowSplits.map((part, axis) => [`${key}/row_splits_${axis}`, Tensor.from("int64", part)]);
    return { [`${key}/flat_values`]: output.values, ...Object.fromEntries(splits) };
  }
  if (output instanceof SparseTensor) {
    const shape = Tensor.from("int64", output.shape);
    return { [`${key}/dense_shape`]: shape, [`${key}/indices`]: output.indices, [`${key}/values`]: output.values };
  }
  return { [key]: output };
}

/** The elements of a golden, in the flat form that a tensor is made of. */
function toFlat(dtype: string, data: readonly (number | string | boolean)[]): never {
  const flat = (): unknown => {
    switch (dtype) {
      case "string":
        return data.map((text) => new Uint8Array(Buffer.from(String(text), "base64")));
      case "bool":
        return Uint8Array.from(data, Number);
      case "int64":
        return BigInt64Array.from(data, (value) => BigInt(Number.isInteger(value) ? Number(value) : String(value)));
      case "uint64":
        return BigUint64Array.from(data, (value) => BigInt(Number.isInteger(value) ? Number(value) : String(value)));
      case "float16":
      case "bfloat16":
      case "uint16":
        return Uint16Array.from(data, Number);
      case "float32":
        return Float32Array.from(data, Number);
      case "float64":
        return Float64Array.from(data, Number);
      case "int8":
        return Int8Array.from(data, Number);
      case "int16":
        return Int16Array.from(data, Number);
      case "int32":
        return Int32Array.from(data, Number);
      case "uint8":
        return Uint8Array.from(data, Number);
      case "uint32":
        return Uint32Array.from(data, Number);
      default:
        throw new Error(`no golden encoding for ${dtype}`);
    }
  };
  return flat() as never;
}

/** Compares a result with its golden: floats to `rtol`, everything else exactly. */
export function expectGolden(actual: unknown, golden: GoldenTensor, what: string, rtol = 1e-4): void {
  if (golden.data === null) return;
  const expected = toTensor(golden);
  if (golden.shape.length === 0 && !(actual instanceof Tensor)) {
    expectElements([actual], [expected.item()], golden.dtype, what, rtol);
    return;
  }
  expect(actual, what).toBeInstanceOf(Tensor);
  const tensor = actual as Tensor;
  expect(`${tensor}`, what).toBe(`${expected}`);
  if (golden.dtype === "string") expect(tensor.bytes, what).toEqual(expected.bytes);
  else expectElements(elements(tensor), elements(expected), golden.dtype, what, rtol);
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
  const isFloat = dtype === "float32" || dtype === "float64";
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
