import { itemAt } from "../base/item-at.js";
import { type AnyTypedArray, allocate, dtypeInfo, dtypeName, isDType, type NumericDType } from "../tensor/dtype.js";
import { valueAt } from "../tensor/element-value.js";
import { elementCount, isShape } from "../tensor/shape.js";
import { type Message, toNumber } from "./proto/decode.js";
import type { ComplexDefault, DefaultValue } from "./signature-info.js";

/** Maximum number of elements in a comment. */
const MAX_ELEMENTS = 16;
/** Maximum length of a string in a comment. */
const MAX_STRING_BYTES = 1000;

type Element = number | boolean | string | ComplexDefault;

/** Returns the value of a TensorProto, where it is small and plain; undefined for any other. */
export function readDefault(tensor: Message<"TensorProto">): DefaultValue | undefined {
  const shape = (tensor.tensorShape?.dim ?? []).map(({ size }) => toNumber(size));
  // A zero beside a huge size makes few elements of many arrays.
  if (!isShape(shape) || shape.some((size) => size > MAX_ELEMENTS)) return undefined;
  if (elementCount(shape) > MAX_ELEMENTS) return undefined;
  const elements = readElements(tensor, elementCount(shape));
  if (elements?.length !== elementCount(shape) || elements.some(isUnprintable)) return undefined;
  let next = 0;
  const build = (axis: number): DefaultValue => {
    const size = shape[axis];
    return size === undefined ? itemAt(elements, next++) : Array.from({ length: size }, () => build(axis + 1));
  };
  return build(0);
}

/** Elements are listed one by one, the last of them standing for the rest, or given as the bytes of the whole tensor. */
function readElements(tensor: Message<"TensorProto">, count: number): readonly Element[] | undefined {
  const dtype = dtypeName(tensor.dtype);
  if (!isDType(dtype)) return undefined;
  if (tensor.tensorContent.length > 0) {
    return dtype === "string" ? undefined : contentElements(dtype, tensor.tensorContent, count);
  }
  const listed = dtype === "string" ? listedTexts(tensor, count) : listedElements(dtype, tensor);
  const last = listed?.at(-1);
  return listed && last !== undefined ? Array.from({ length: count }, (_, index) => listed[index] ?? last) : listed;
}

/** JSON has no word for it. */
function isUnprintable(element: Element): boolean {
  if (typeof element === "object") return isUnprintable(element.re) || isUnprintable(element.im);
  return typeof element === "number" && !Number.isFinite(element);
}

/** Returns at most as many strings as there are elements; undefined where one is long. */
function listedTexts({ stringVal }: Message<"TensorProto">, count: number): readonly string[] | undefined {
  const needed = stringVal.slice(0, Math.max(1, count));
  if (needed.some((bytes) => bytes.length > MAX_STRING_BYTES)) return undefined;
  return needed.map((bytes) => Buffer.from(bytes).toString());
}

function listedElements(dtype: NumericDType, tensor: Message<"TensorProto">): readonly Element[] | undefined {
  switch (dtype) {
    case "float32":
      return tensor.floatVal;
    case "float64":
      return tensor.doubleVal;
    case "complex64":
      return pairs(tensor.scomplexVal);
    case "complex128":
      return pairs(tensor.dcomplexVal);
    case "float16":
    case "bfloat16": {
      const patterns = Uint16Array.from(tensor.halfVal);
      return Array.from(patterns, (_, index) => plainAt(dtype, patterns, index));
    }
    case "int64":
      return tensor.int64Val.map(String);
    case "bool":
      return tensor.boolVal;
    case "uint32":
      return tensor.uint32Val.map(toNumber);
    case "uint64":
      return tensor.uint64Val.map((value) => `${BigInt.asUintN(64, BigInt(String(value)))}`);
    default:
      return tensor.intVal;
  }
}

/** The complex numbers of a list of real and imaginary parts. */
function pairs(parts: readonly number[]): readonly Element[] {
  return Array.from({ length: parts.length / 2 }, (_, index) => ({
    re: itemAt(parts, 2 * index),
    im: itemAt(parts, 2 * index + 1),
  }));
}

function contentElements(dtype: NumericDType, content: Uint8Array, count: number): readonly Element[] | undefined {
  if (content.byteLength !== count * dtypeInfo(dtype).bytes) return undefined;
  const elements = allocate(dtype, count);
  new Uint8Array(elements.buffer).set(content);
  return Array.from({ length: count }, (_, index) => plainAt(dtype, elements, index));
}

function plainAt(dtype: NumericDType, elements: AnyTypedArray, index: number): Element {
  const value = valueAt(dtype, elements, index);
  return typeof value === "bigint" ? `${value}` : value;
}
