import type { DefaultValue } from "./description.js";
import { dtypeName } from "./dtype.js";
import { type Message, toNumber } from "./proto/decode.js";
import { elementCount, isShape } from "./shape.js";

/** More elements than a person would read in a comment. */
const MAX_ELEMENTS = 16;

type Element = number | boolean | string;

/** The value in a TensorProto, where it is small and plain; undefined for any other. */
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
    return size === undefined ? (elements[next++] ?? 0) : Array.from({ length: size }, () => build(axis + 1));
  };
  return build(0);
}

/** Elements are listed one by one, the last of them standing for the rest, or given as the bytes of the whole tensor. */
function readElements(tensor: Message<"TensorProto">, count: number): readonly Element[] | undefined {
  const { dtype, tensorContent } = tensor;
  if (tensorContent.length > 0) return contentElements(dtypeName(dtype), tensorContent, count);
  const listed = listedElements(tensor) ?? [];
  const last = listed.at(-1);
  return last === undefined ? [] : Array.from({ length: count }, (_, index) => listed[index] ?? last);
}

/** JSON has no word for it. */
function isUnprintable(element: Element): boolean {
  return typeof element === "number" && !Number.isFinite(element);
}

function listedElements(tensor: Message<"TensorProto">): readonly Element[] | undefined {
  switch (dtypeName(tensor.dtype)) {
    case "float32":
      return tensor.floatVal;
    case "float64":
      return tensor.doubleVal;
    case "int64":
      return tensor.int64Val.map(String);
    case "bool":
      return tensor.boolVal;
    case "string":
      return tensor.stringVal.map((bytes) => Buffer.from(bytes).toString());
    case "int8":
    case "int16":
    case "int32":
    case "uint8":
    case "uint16":
      return tensor.intVal;
    default:
      return undefined;
  }
}

function contentElements(dtype: string, content: Uint8Array, count: number): readonly Element[] | undefined {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const read = (bytes: number, at: (offset: number) => Element): readonly Element[] | undefined =>
    content.byteLength === bytes * count ? Array.from({ length: count }, (_, index) => at(index * bytes)) : undefined;
  switch (dtype) {
    case "float32":
      return read(4, (offset) => view.getFloat32(offset, true));
    case "float64":
      return read(8, (offset) => view.getFloat64(offset, true));
    case "int32":
      return read(4, (offset) => view.getInt32(offset, true));
    case "int64":
      return read(8, (offset) => String(view.getBigInt64(offset, true)));
    default:
      return undefined;
  }
}
