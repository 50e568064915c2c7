import { itemAt } from "../../base/item-at.js";
import type { DenseValue } from "../../engine.js";
import { type DTypeInfo, dtypeInfo } from "../../tensor/dtype.js";
import { elementCount, isShape } from "../../tensor/shape.js";
import type { ServedSignature } from "../remote/compare-served.js";
import type { WireCall, WireInput, WireTensor } from "../remote/remote-engine.js";
import { bytesOf, decodeStrings, encodeStrings, fromBytes, isScalarLike } from "../remote/tensor-bytes.js";
import { datatypeOf } from "./datatypes.js";

/** An input as it travels. */
export interface SentTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** An output as it came, without its elements. */
export interface ReceivedTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/**
 * Describes the inputs of a call. A scalar travels as one element of the rank that the server says: Triton has no scalars.
 */
export function sentTensors({ inputs, served }: WireCall): readonly SentTensor[] {
  return inputs.map(({ key, dtype, value }) => ({
    name: key,
    datatype: datatypeOf(dtype) ?? dtype.name,
    shape: value.shape.length > 0 ? value.shape : scalarShape(key, served),
  }));
}

function scalarShape(key: string, served: ServedSignature | undefined): readonly number[] {
  const shape = served?.inputs?.find((input) => input.key === key)?.shape ?? [];
  return shape.map(() => 1);
}

/** Returns the bytes of an input in the raw form. */
export function rawBytes({ dtype, value }: WireInput): Uint8Array<ArrayBuffer> {
  return dtype.kind === "string" ? encodeStrings(value.elements as readonly Uint8Array[]) : bytesOf(value);
}

/**
 * Finds an output by its name, and reads it.
 *
 * @param received outputs of the answer, in its own order
 * @param read reads the elements of the output at an index of the answer
 * @throws RangeError when the answer lacks the output, or has another dtype
 */
export function findOutput<T extends ReceivedTensor>(
  { key, dtype, shape }: WireTensor,
  received: readonly T[],
  read: (tensor: T, index: number, dtype: DTypeInfo) => DenseValue,
): DenseValue {
  const index = received.findIndex(({ name }) => name === key);
  if (index < 0) throw new RangeError(`it has no output ${JSON.stringify(key)}`);
  const tensor = itemAt(received, index);
  const expected = datatypeOf(dtype);
  const name = `output ${JSON.stringify(key)}`;
  if (tensor.datatype !== expected) throw new RangeError(`${name} is ${tensor.datatype}, not ${expected}`);
  if (!isShape(tensor.shape)) throw new RangeError(`${name} has the shape ${JSON.stringify(tensor.shape)}`);
  const value = read(tensor, index, dtypeInfo(dtype.name));
  return shape?.length === 0 && isScalarLike(value.shape) ? { ...value, shape: [] } : value;
}

/** Reads an output in the raw form. @throws RangeError */
export function fromRaw(dtype: DTypeInfo, shape: readonly number[], bytes: Uint8Array): DenseValue {
  if (dtype.kind !== "string") return fromBytes(dtype, shape, bytes);
  return { shape, elements: decodeStrings(bytes, elementCount(shape)) };
}
