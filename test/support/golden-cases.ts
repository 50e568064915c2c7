import { readdirSync, readFileSync } from "node:fs";
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
      case "quint16":
        return Uint16Array.from(data, Number);
      case "float32":
      case "complex64":
        return floats(data, new Float32Array(data.length));
      case "float64":
      case "complex128":
        return floats(data, new Float64Array(data.length));
      case "int8":
      case "qint8":
        return Int8Array.from(data, Number);
      case "int16":
      case "qint16":
        return Int16Array.from(data, Number);
      case "int32":
      case "qint32":
        return Int32Array.from(data, Number);
      case "uint8":
      case "quint8":
        return Uint8Array.from(data, Number);
      case "uint32":
        return Uint32Array.from(data, Number);
      default:
        throw new Error(`no golden encoding for ${dtype}`);
    }
  };
  return flat() as never;
}

/** The numbers of a golden; a NaN other than the usual one is there as its bits, which a number might not keep. */
function floats<T extends Float32Array | Float64Array>(data: GoldenTensor["data"] & object, into: T): T {
  const view = new DataView(into.buffer);
  const bytes = into.BYTES_PER_ELEMENT;
  for (const [index, value] of data.entries()) {
    if (typeof value !== "string" || !value.startsWith("0x")) into[index] = Number(value);
    else if (bytes === 4) view.setUint32(index * bytes, Number(value), true);
    else view.setBigUint64(index * bytes, BigInt(value), true);
  }
  return into;
}
