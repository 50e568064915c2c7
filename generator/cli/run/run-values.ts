import { SavedModelError } from "../../../runtime/base/errors.js";
import type { ExampleFeature } from "../../../runtime/saved-model/signature-info.js";
import { type DType, type DTypeInfo, dtypeInfo } from "../../../runtime/tensor/dtype.js";
import { MAX_RANK } from "../../../runtime/tensor/shape.js";
import { decodeText, Tensor } from "../../../runtime/tensor/tensor.js";
import type { AnyTensor } from "../../../runtime/tensor/types.js";

/** Converts an element of JSON to what the runtime accepts; an unknown one is kept for the runtime to reject. */
type Converter = (element: unknown) => unknown;

const converters: { readonly [Kind in DTypeInfo["kind"]]?: Converter } = {
  float: toFloat,
  half: toFloat,
  bfloat: toFloat,
  complex: toComplex,
  bigint: toBigint,
  string: toBytes,
};

/**
 * Converts the JSON value of an input where JSON has no notation: "NaN", "Infinity" and "-Infinity" for floats, decimal
 * strings for 64-bit integers, `{"b64": …}` for strings that are not UTF-8. In examples, for each feature.
 *
 * @throws SavedModelError `OUT_OF_RANGE` or `INVALID_DTYPE`
 */
export function fromJson(value: unknown, dtype: DType, features: readonly ExampleFeature[] = []): unknown {
  const convert = converters[dtypeInfo(dtype).kind];
  if (convert === undefined) return value;
  if (features.length === 0 && isSparse(value)) return { ...value, values: mapElements(value.values, convert, 0) };
  return mapElements(value, (element) => fromExample(convert(element), features), 0);
}

function fromExample(element: unknown, features: readonly ExampleFeature[]): unknown {
  if (features.length === 0 || typeof element !== "object" || element instanceof Uint8Array || element === null)
    return element;
  const entries = Object.entries(element).map(([key, value]) => {
    const feature = features.find((feature) => feature.key === key);
    return [key, feature === undefined ? value : fromJson(value, feature.dtype)];
  });
  return Object.fromEntries(entries);
}

/** Converts nested elements. Values nested too deeply for any tensor are kept: the runtime rejects them. */
function mapElements(value: unknown, convert: Converter, depth: number): unknown {
  if (!Array.isArray(value)) return convert(value);
  return depth > MAX_RANK ? value : value.map((item) => mapElements(item, convert, depth + 1));
}

function isSparse(value: unknown): value is { readonly values: readonly unknown[] } {
  return typeof value === "object" && value !== null && "values" in value && Array.isArray(value.values);
}

const SPECIAL: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function toFloat(element: unknown): unknown {
  if (typeof element === "number" && !Number.isFinite(element)) {
    throw new SavedModelError("OUT_OF_RANGE", "it has a number beyond the largest float64", {
      fix: 'Write infinities as strings: "Infinity", "-Infinity".',
    });
  }
  return SPECIAL.get(element) ?? element;
}

/** Converts the parts of a complex number; any other content of the object is kept for the runtime to reject. */
function toComplex(element: unknown): unknown {
  if (typeof element !== "object" || element === null) return toFloat(element);
  return Object.fromEntries(Object.entries(element).map(([key, part]) => [key, toFloat(part)]));
}

function toBigint(element: unknown): unknown {
  return typeof element === "string" && /^-?[0-9]{1,40}$/.test(element) ? BigInt(element) : element;
}

function toBytes(element: unknown): unknown {
  if (typeof element !== "object" || element === null) return element;
  const [[key, text] = [], ...others] = Object.entries(element);
  if (key !== "b64" || typeof text !== "string" || others.length > 0) return element;
  const bytes = Buffer.from(text, "base64");
  // Buffer.from skips characters that are not base64.
  if (bytes.toString("base64").replaceAll("=", "") !== text.replace(/={1,2}$/, "")) {
    throw new SavedModelError("INVALID_DTYPE", 'it has a {"b64": …} that is not base64');
  }
  return bytes;
}

/**
 * Returns the elements of a tensor as nested plain values, those of a sparse one as its parts; a string that is not
 * UTF-8 is `{ b64: "…" }`.
 */
export function toPlain(tensor: AnyTensor): unknown {
  if (Tensor.is(tensor)) return nest(plainElements(tensor), tensor.shape);
  if ("rowSplits" in tensor) {
    const rows = toPlain(tensor.values) as readonly unknown[];
    return tensor.rowSplits.reduceRight<readonly unknown[]>(
      (below, splits) => splits.slice(1).map((end, row) => below.slice(splits[row], end)),
      rows,
    );
  }
  // Indices count elements, and so are safe integers.
  const indices = nest(Array.from(tensor.indices.data, Number), tensor.indices.shape);
  return { indices, values: toPlain(tensor.values), shape: tensor.shape };
}

function plainElements(tensor: Tensor): readonly unknown[] {
  if (tensor.dtype === "string") return (tensor as Tensor<"string">).bytes.map(textOrBase64);
  return tensor.reshape([tensor.size]).toArray() as readonly unknown[];
}

function nest(flat: readonly unknown[], shape: readonly number[]): unknown {
  let next = 0;
  const build = (axis: number): unknown => {
    const size = shape[axis];
    return size === undefined ? flat[next++] : Array.from({ length: size }, () => build(axis + 1));
  };
  return build(0);
}

function textOrBase64(bytes: Uint8Array): unknown {
  try {
    return decodeText(bytes);
  } catch {
    return { b64: Buffer.from(bytes).toString("base64") };
  }
}
