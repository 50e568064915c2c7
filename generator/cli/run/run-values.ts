import { SavedModelError } from "../../../runtime/base/errors.js";
import type { ExampleFeature } from "../../../runtime/saved-model/signature-info.js";
import { type DType, type DTypeInfo, dtypeInfo } from "../../../runtime/tensor/dtype.js";
import { MAX_RANK } from "../../../runtime/tensor/shape.js";
import { decodeText, Tensor } from "../../../runtime/tensor/tensor.js";
import type { AnyTensor } from "../../../runtime/tensor/types.js";

/** Makes of an element as JSON has it what the runtime takes; what it does not know is left for the runtime to refuse. */
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
 * The value of an input out of JSON, where JSON has no word for it: "NaN", "Infinity" and "-Infinity" for floats, decimal
 * text for integers of 64 bits, `{"b64": …}` for strings that are no text. In examples, of each feature.
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

/** What is nested too deeply for any tensor is left as it is: the runtime refuses it. */
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

/** Parts as the runtime takes them; whatever else is in the object is for the runtime to refuse. */
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
  // Buffer.from skips what is no base64.
  if (bytes.toString("base64").replaceAll("=", "") !== text.replace(/={1,2}$/, "")) {
    throw new SavedModelError("INVALID_DTYPE", 'it has a {"b64": …} that is not base64');
  }
  return bytes;
}

/**
 * The elements of a tensor as nested plain values, those of a sparse one as its parts; a string that is no text is
 * `{ b64: "…" }`.
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
  // Indices are counts of elements, and so safe integers.
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
