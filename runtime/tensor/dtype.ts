import { constants } from "node:buffer";

/** Dtypes that this runtime supports. Names are those of `tf.dtypes`. */
export type DType =
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "complex64"
  | "complex128"
  | "qint8"
  | "qint16"
  | "qint32"
  | "quint8"
  | "quint16"
  | "bool"
  | "string";

/** Typed array that holds the elements of each numeric dtype, as they lie in memory. */
export interface TypedArrays {
  /** IEEE 754 binary16 bit patterns. */
  float16: Uint16Array<ArrayBuffer>;
  /** bfloat16 bit patterns. */
  bfloat16: Uint16Array<ArrayBuffer>;
  float32: Float32Array<ArrayBuffer>;
  float64: Float64Array<ArrayBuffer>;
  int8: Int8Array<ArrayBuffer>;
  int16: Int16Array<ArrayBuffer>;
  int32: Int32Array<ArrayBuffer>;
  int64: BigInt64Array<ArrayBuffer>;
  uint8: Uint8Array<ArrayBuffer>;
  uint16: Uint16Array<ArrayBuffer>;
  uint32: Uint32Array<ArrayBuffer>;
  uint64: BigUint64Array<ArrayBuffer>;
  /** Two per element: the real part and then the imaginary one. */
  complex64: Float32Array<ArrayBuffer>;
  /** Two per element: the real part and then the imaginary one. */
  complex128: Float64Array<ArrayBuffer>;
  /** The quantised numbers themselves, as in every quantised dtype: their scale is not part of a tensor. */
  qint8: Int8Array<ArrayBuffer>;
  qint16: Int16Array<ArrayBuffer>;
  qint32: Int32Array<ArrayBuffer>;
  quint8: Uint8Array<ArrayBuffer>;
  quint16: Uint16Array<ArrayBuffer>;
  /** One byte per element, 0 or 1. */
  bool: Uint8Array<ArrayBuffer>;
}

/** A dtype whose elements have a fixed size. */
export type NumericDType = keyof TypedArrays;

/** A dtype of numbers with an imaginary part. */
export type ComplexDType = "complex64" | "complex128";

export type AnyTypedArray = TypedArrays[NumericDType];

/** Representation of the elements of a dtype in JavaScript, which decides how they are checked and converted. */
type ElementKind = "float" | "half" | "bfloat" | "integer" | "bigint" | "complex" | "bool" | "string";

export interface DTypeInfo {
  readonly name: DType;
  /** Value of TensorFlow's `DataType` enum (tensorflow/core/framework/types.proto). */
  readonly code: number;
  readonly kind: ElementKind;
  /** Bytes per element in memory; 0 for strings, whose elements differ in length. */
  readonly bytes: number;
  /** Smallest and largest value of an integer dtype. */
  readonly range?: readonly [min: number, max: number] | readonly [min: bigint, max: bigint];
}

const table: readonly DTypeInfo[] = [
  { name: "float32", code: 1, kind: "float", bytes: 4 },
  { name: "float64", code: 2, kind: "float", bytes: 8 },
  { name: "int32", code: 3, kind: "integer", bytes: 4, range: [-(2 ** 31), 2 ** 31 - 1] },
  { name: "uint8", code: 4, kind: "integer", bytes: 1, range: [0, 255] },
  { name: "int16", code: 5, kind: "integer", bytes: 2, range: [-32768, 32767] },
  { name: "int8", code: 6, kind: "integer", bytes: 1, range: [-128, 127] },
  { name: "string", code: 7, kind: "string", bytes: 0 },
  { name: "complex64", code: 8, kind: "complex", bytes: 8 },
  { name: "int64", code: 9, kind: "bigint", bytes: 8, range: [-(2n ** 63n), 2n ** 63n - 1n] },
  { name: "bool", code: 10, kind: "bool", bytes: 1 },
  { name: "qint8", code: 11, kind: "integer", bytes: 1, range: [-128, 127] },
  { name: "quint8", code: 12, kind: "integer", bytes: 1, range: [0, 255] },
  { name: "qint32", code: 13, kind: "integer", bytes: 4, range: [-(2 ** 31), 2 ** 31 - 1] },
  { name: "bfloat16", code: 14, kind: "bfloat", bytes: 2 },
  { name: "qint16", code: 15, kind: "integer", bytes: 2, range: [-32768, 32767] },
  { name: "quint16", code: 16, kind: "integer", bytes: 2, range: [0, 65535] },
  { name: "uint16", code: 17, kind: "integer", bytes: 2, range: [0, 65535] },
  { name: "complex128", code: 18, kind: "complex", bytes: 16 },
  { name: "float16", code: 19, kind: "half", bytes: 2 },
  { name: "uint32", code: 22, kind: "integer", bytes: 4, range: [0, 2 ** 32 - 1] },
  { name: "uint64", code: 23, kind: "bigint", bytes: 8, range: [0n, 2n ** 64n - 1n] },
];

const byName: ReadonlyMap<string, DTypeInfo> = new Map(table.map((info) => [info.name, info]));
const byCode: ReadonlyMap<number, DTypeInfo> = new Map(table.map((info) => [info.code, info]));

/** Names of the `DataType` values that the runtime does not support, for messages and `inspect`. */
const otherNames: ReadonlyMap<number, string> = new Map([
  [0, "invalid"],
  [20, "resource"],
  [21, "variant"],
  [24, "float8_e5m2"],
  [25, "float8_e4m3fn"],
  [26, "float8_e4m3fnuz"],
  [27, "float8_e4m3b11fnuz"],
  [28, "float8_e5m2fnuz"],
  [29, "int4"],
  [30, "uint4"],
  [31, "int2"],
  [32, "uint2"],
  [33, "float4_e2m1fn"],
]);

/** A reference dtype of TensorFlow 1 (`DT_FLOAT_REF`) is the plain dtype's code plus 100; its values are plain ones. */
const REFERENCE_OFFSET = 100;

/** Returns the name of any value of the `DataType` enum; a reference dtype has the name of the plain one. */
export function dtypeName(code: number): string {
  const plain = code > REFERENCE_OFFSET ? code - REFERENCE_OFFSET : code;
  return byCode.get(plain)?.name ?? otherNames.get(plain) ?? `dtype ${code}`;
}

/** Returns true if the runtime supports the dtype with this name. */
export function isDType(name: string): name is DType {
  return byName.has(name);
}

export function dtypeInfo(dtype: DType): DTypeInfo {
  const info = byName.get(dtype);
  if (info === undefined) throw new TypeError(`unknown dtype ${dtype}`);
  return info;
}

/** Returns true if the elements of a dtype have an imaginary part. */
export function isComplex(dtype: DType): dtype is ComplexDType {
  return dtype === "complex64" || dtype === "complex128";
}

/** Returns the number of items of its typed array that an element takes: two for a complex one. */
export function slotsOf(dtype: DType): 1 | 2 {
  return isComplex(dtype) ? 2 : 1;
}

/** Returns a new, zeroed typed array for `length` elements. */
export function allocate<D extends NumericDType>(dtype: D, length: number): TypedArrays[D] {
  return new constructors[dtype](length * slotsOf(dtype));
}

/** Like {@link allocate}, for memory that is filled at once: zeroing it would take as long again. */
export function allocateUnfilled<D extends NumericDType>(dtype: D, length: number): TypedArrays[D] {
  const bytes = length * slotsOf(dtype) * constructors[dtype].BYTES_PER_ELEMENT;
  // Typed arrays of wide elements may be larger than a Buffer.
  return bytes > constants.MAX_LENGTH ? allocate(dtype, length) : viewAs(dtype, Buffer.allocUnsafeSlow(bytes).buffer);
}

/** Returns the `length` elements in a buffer starting at `byteOffset`; all of its elements by default. */
export function viewAs<D extends NumericDType>(
  dtype: D,
  buffer: ArrayBuffer,
  byteOffset = 0,
  length?: number,
): TypedArrays[D] {
  return new constructors[dtype](buffer, byteOffset, length && length * slotsOf(dtype));
}

/** Returns a typed array itself; or one over the same memory, of a `Buffer`, clamped array or other subclass. */
export function asPlainArray<D extends NumericDType>(dtype: D, array: AnyTypedArray): TypedArrays[D] {
  const { prototype } = constructors[dtype] as { readonly prototype: unknown };
  if (Object.getPrototypeOf(array) === prototype) return array as TypedArrays[D];
  return viewAs(dtype, array.buffer, array.byteOffset, array.length / slotsOf(dtype));
}

type Constructors = {
  readonly [D in NumericDType]: {
    new (length: number): TypedArrays[D];
    new (buffer: ArrayBuffer, byteOffset: number, length?: number): TypedArrays[D];
    readonly BYTES_PER_ELEMENT: number;
  };
};

const constructors: Constructors = {
  float16: Uint16Array,
  bfloat16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  complex64: Float32Array,
  complex128: Float64Array,
  qint8: Int8Array,
  qint16: Int16Array,
  qint32: Int32Array,
  quint8: Uint8Array,
  quint16: Uint16Array,
  bool: Uint8Array,
};

/** Returns true if `value` is a typed array of elements of `dtype` (a `Buffer` or clamped array counts as uint8). */
export function isTypedArrayOf(dtype: NumericDType, value: unknown): value is AnyTypedArray {
  return value instanceof constructors[dtype] || (dtype === "uint8" && value instanceof Uint8ClampedArray);
}
