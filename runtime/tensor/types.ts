import type { ComplexDType, DType, NumericDType, TypedArrays } from "./dtype.js";
import type { RaggedTensor } from "./ragged-tensor.js";
import type { SparseTensor } from "./sparse-tensor.js";
import type { Tensor } from "./tensor.js";

/** Shape as a type: a tuple of sizes, `number` where a size is unknown; {@link AnyShape} where the rank is unknown. */
export type Shape = readonly number[];

/** Shape of a tensor whose rank is unknown; not `[]`, which is a scalar. */
export type AnyShape = readonly number[];

/** A number with an imaginary part: an element of complex64 and complex128. */
export interface Complex {
  /** The real part. */
  readonly re: number;
  /** The imaginary part. */
  readonly im: number;
}

/** Type of one element of a dtype in an output. */
export type Scalar<D extends DType> = D extends "int64" | "uint64"
  ? bigint
  : D extends "bool"
    ? boolean
    : D extends "string"
      ? string
      : D extends ComplexDType
        ? Complex
        : number;

/**
 * Type of one element of a dtype in an input: wide integers also as safe integer numbers, strings also as bytes,
 * complex numbers also as real ones.
 */
export type ScalarLike<D extends DType> = D extends "int64" | "uint64"
  ? bigint | number
  : D extends "string"
    ? string | Uint8Array
    : D extends ComplexDType
      ? Complex | number
      : Scalar<D>;

/** Type of {@link Tensor.data}: the elements in row-major order. */
export type TensorData<D extends DType> = D extends NumericDType ? TypedArrays[D] : readonly string[];

/** A flat array that is accepted for a dtype, in row-major order; of a complex one, two numbers for each element. */
export type FlatLike<D extends DType> = D extends "uint8"
  ? Uint8Array | Uint8ClampedArray
  : D extends "float32" | "complex64"
    ? Float32Array
    : D extends "float64" | "complex128"
      ? Float64Array
      : D extends "int8" | "qint8"
        ? Int8Array
        : D extends "int16" | "qint16"
          ? Int16Array
          : D extends "int32" | "qint32"
            ? Int32Array
            : D extends "int64"
              ? BigInt64Array
              : D extends "bool" | "quint8"
                ? Uint8Array
                : D extends "uint16" | "quint16" | "float16" | "bfloat16"
                  ? Uint16Array
                  : D extends "uint32"
                    ? Uint32Array
                    : D extends "uint64"
                      ? BigUint64Array
                      : never;

/** The sizes whose items the compiler counts. */
type Counted = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16;

/** A tuple of `N` items. Beyond 16 only the run-time check counts them, so that large shapes stay cheap to compile. */
type List<T, N extends number> = N extends Counted ? ListOf<T, N> : T[];

type ListOf<T, N extends number, Items extends T[] = []> = Items["length"] extends N
  ? Items
  : ListOf<T, N, [...Items, T]>;

/** Arrays nested as deep as the rank says, or a plain value for rank 0. */
export type Nested<E, S extends Shape> = S extends readonly []
  ? E
  : S extends readonly [infer Size extends number, ...infer Rest extends Shape]
    ? List<Nested<E, Rest>, Size>
    : AnyNested<E>;

/** Arrays nested to any depth, or a plain value: possible data of an unknown rank. */
export type AnyNested<E> = E | AnyNested<E>[];

/** An array whose length the compiler does not know, such as a `number[]`; a literal or tuple has a property `0`. */
type UnknownLength<T> = readonly T[] & { readonly 0?: never };

/**
 * List with one item per index of an axis. Where the size is known, a literal of another length is rejected; an array
 * of a length that the compiler does not know is left to the run-time check.
 */
type ListLike<T, Size extends number> = number extends Size ? readonly T[] : Readonly<List<T, Size>> | UnknownLength<T>;

/**
 * Nested arrays that an input accepts. At run time the innermost rows may be typed arrays too; here they are omitted,
 * because the compiler would then explain every wrong row as not being a typed array.
 */
export type NestedLike<D extends DType, S extends Shape> = S extends readonly []
  ? ScalarLike<D>
  : S extends readonly [infer Size extends number, ...infer Rest extends Shape]
    ? ListLike<NestedLike<D, Rest>, Size>
    : AnyNestedLike<D>;

/** Arrays nested to any depth, plain values included: data that an unknown rank accepts. */
export type AnyNestedLike<D extends DType> = ScalarLike<D> | FlatLike<D> | readonly AnyNestedLike<D>[];

/**
 * Value that an input of this dtype and shape accepts: nested arrays (a plain value for a scalar), a flat typed array
 * in row-major order, or a {@link Tensor}. One unknown dimension is computed from the length of a flat array.
 *
 * @example `TensorLike<"float32", [1, 2]>` accepts `[[1, 2]]` and `new Float32Array([1, 2])`, not `[[1, 2, 3]]`.
 */
export type TensorLike<D extends DType, S extends Shape> =
  | NestedLike<D, S>
  | FlatLike<D>
  | Tensor<D, S extends readonly [] ? S : Shape>;

/**
 * Value that a ragged input accepts: nested arrays whose rows may differ in length where the shape has `number`, a
 * {@link RaggedTensor}, or a {@link Tensor} whose rows have equal lengths. At run time the innermost rows may be typed
 * arrays too.
 */
export type RaggedLike<D extends DType, S extends Shape> = NestedLike<D, S> | RaggedTensor<D> | Tensor<D, Shape>;

/** Parts of a sparse tensor: the indices of its values, the values, and the shape of the whole. */
export interface SparseParts<D extends DType, S extends Shape> {
  /** `[n, rank]` */
  readonly indices: TensorLike<"int64", [number, number]>;
  /** `[n]` */
  readonly values: TensorLike<D, [number]>;
  readonly shape: Readonly<S>;
}

/** Value that a sparse input accepts: a {@link SparseTensor}, or its parts. */
export type SparseLike<D extends DType, S extends Shape> = SparseTensor<D, Shape> | SparseParts<D, S>;

/** Any value that goes into or comes out of a model. */
export type AnyTensor = Tensor | RaggedTensor | SparseTensor;
