import { itemAt } from "../../base/item-at.js";
import type { DenseValue } from "../../engine.js";
import { type Fields, type Message, toBigInt, toNumber } from "../../saved-model/proto/decode.js";
import { allocate, type DTypeInfo, dtypeName, type NumericDType } from "../../tensor/dtype.js";
import { elementCount, isShape } from "../../tensor/shape.js";
import { bytesOf, fromBytes } from "./tensor-bytes.js";

/** Returns a value as a TensorProto: numbers as bytes, strings one by one. */
export function toTensorProto({ code, kind }: DTypeInfo, value: DenseValue): Fields<"TensorProto"> {
  const tensorShape = { dim: value.shape.map((size) => ({ size })) };
  if (kind === "string") {
    return { dtype: code, tensorShape, stringVal: value.elements as readonly Uint8Array[] };
  }
  return { dtype: code, tensorShape, tensorContent: bytesOf(value) };
}

/**
 * Reads a TensorProto.
 *
 * @param maxBytes limit on its size: a few bytes may stand for a large tensor of equal elements
 * @throws RangeError when it is not a tensor of the dtype
 */
export function fromTensorProto(proto: Message<"TensorProto">, dtype: DTypeInfo, maxBytes: number): DenseValue {
  if (proto.dtype !== dtype.code) throw new RangeError(`it is ${dtypeName(proto.dtype)}, not ${dtype.name}`);
  const shape = (proto.tensorShape?.dim ?? []).map(({ size }) => toNumber(size));
  if (!isShape(shape)) throw new RangeError(`it has the shape ${JSON.stringify(shape)}`);
  const count = elementCount(shape);
  if (count * Math.max(1, dtype.bytes) > maxBytes) {
    throw new RangeError(`its ${count} elements take more bytes than \`maxMessageBytes\` allows`);
  }
  const { tensorContent } = proto;
  if (dtype.kind === "string") {
    const strings = tensorContent.length > 0 ? stringsIn(tensorContent, count) : filled(proto.stringVal, count, EMPTY);
    return { shape, elements: strings.map((bytes) => new Uint8Array(bytes)) };
  }
  if (tensorContent.length > 0) return fromBytes(dtype, shape, tensorContent);
  const elements = allocate(dtype.name as NumericDType, count);
  const parts = dtype.kind === "complex" ? 2 : 1;
  const listed = listedElements(dtype, proto);
  if (listed.length > elements.length || listed.length % parts !== 0) {
    throw new RangeError(`expected ${elements.length} elements, got ${listed.length}`);
  }
  for (let index = 0; index < elements.length; index++) {
    // The last element stands for the rest.
    const at = index < listed.length ? index : listed.length - parts + (index % parts);
    // One dtype has one kind of array and one kind of elements; the compiler sees a union of all.
    (elements as { [index: number]: unknown })[index] = listed.length === 0 ? zeroOf(dtype) : itemAt(listed, at);
  }
  return { shape, elements };
}

const EMPTY = new Uint8Array();

function zeroOf({ kind }: DTypeInfo): number | bigint {
  return kind === "bigint" ? 0n : 0;
}

/** Returns as many elements as there are, the last of those that are listed standing for the rest. */
function filled<T>(listed: readonly T[], count: number, empty: T): readonly T[] {
  if (listed.length > count) throw new RangeError(`expected ${count} elements, got ${listed.length}`);
  const last = listed.at(-1) ?? empty;
  return Array.from({ length: count }, (_, index) => listed[index] ?? last);
}

/** Strings in one piece: the lengths of all, each a varint, and then their bytes. */
function stringsIn(content: Uint8Array, count: number): readonly Uint8Array[] {
  let at = 0;
  const lengths: number[] = [];
  while (lengths.length < count) {
    let length = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = content[at++];
      if (byte === undefined || scale > 2 ** 35) throw new RangeError("the lengths of its strings cannot be read");
      length += (byte % 128) * scale;
      if (byte < 128) break;
    }
    lengths.push(length);
  }
  return lengths.map((length) => {
    const end = at + length;
    if (end > content.length) throw new RangeError("a string is longer than the bytes that are left");
    const bytes = content.subarray(at, end);
    at = end;
    return bytes;
  });
}

function listedElements({ name }: DTypeInfo, proto: Message<"TensorProto">): readonly (number | bigint)[] {
  switch (name) {
    case "float32":
      return proto.floatVal;
    case "float64":
      return proto.doubleVal;
    case "complex64":
      return proto.scomplexVal;
    case "complex128":
      return proto.dcomplexVal;
    case "float16":
    case "bfloat16":
      return proto.halfVal;
    case "int64":
      return proto.int64Val.map(toBigInt);
    case "uint64":
      return proto.uint64Val.map(toBigInt);
    case "uint32":
      return proto.uint32Val.map(toNumber);
    case "bool":
      return proto.boolVal.map(Number);
    default:
      return proto.intVal;
  }
}
