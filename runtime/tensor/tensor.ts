import { type InspectOptions, inspect, TextDecoder } from "node:util";
import { withCallerStack } from "../base/caller-stack.js";
import { SavedModelError } from "../base/errors.js";
import { itemAt } from "../base/item-at.js";
import { describeForeign, mark, ONE_COPY } from "../base/package-copies.js";
import { allocateZeros } from "./allocate-zeros.js";
import { describe, stage } from "./check-value.js";
import { DETACHED_FIX, isDetached, LOST_DATA } from "./detached.js";
import { type AnyTypedArray, type DType, dtypeInfo, isDType, type NumericDType, type TypedArrays } from "./dtype.js";
import { valueAt } from "./element-value.js";
import { equalElements } from "./equal-elements.js";
import { bytesElement, chooseEdges, nestElements, printElements, shortFloat32 } from "./print-elements.js";
import { elementCount, equalShapes, formatShape, formatSizes, isNestable, isShape, SHAPE_RULE } from "./shape.js";
import { StringBlock } from "./string-block.js";
import type { AnyNestedLike, AnyShape, Nested, Scalar, Shape, TensorData } from "./types.js";

/** The elements of a tensor as they are kept: a typed array, or the bytes of each string. */
export type Elements = TensorData<NumericDType> | readonly Uint8Array[];

/** Key that only this module has: a constructor that is called from elsewhere throws. */
const CONSTRUCT: unique symbol = Symbol("construct");

/** Data that a tensor can be made from. */
type DataLike<D extends DType> = AnyNestedLike<D>;

/** `[1, 2]` for the `readonly [1, 2]` that a const type parameter makes of a literal. */
type Writable<S extends Shape> = { -readonly [Axis in keyof S]: S[Axis] };

/** More rows without an element in them than are printed. */
const MAX_PRINTED_ROWS = 1000;

/**
 * A dense tensor in JavaScript memory: a dtype, a shape and elements in row-major order.
 *
 * Dtype and shape never change. The tensor owns its elements: results are copied out of TensorFlow.
 */
export class Tensor<D extends DType = DType, S extends Shape = AnyShape> {
  /** Name in `tf.dtypes`, such as `float32`. */
  readonly dtype: D;
  /** Size of each dimension; `[]` is a scalar. */
  readonly shape: S;
  /**
   * An enumerable property, not a `#private` one: assertion libraries compare those, and must not take tensors with
   * different elements for equal.
   */
  declare private readonly elements: Elements;
  /** Strings of a result, and their elements once they are read. */
  #block: StringBlock | undefined;
  #views: readonly Uint8Array[] | undefined;
  #strings: readonly string[] | undefined;

  private constructor(dtype: D, shape: S, elements: Elements | StringBlock, key: typeof CONSTRUCT) {
    // JavaScript can pass any value.
    if (key !== CONSTRUCT) throw notConstructible("Tensor", "`Tensor.from(dtype, data, shape)`");
    this.dtype = dtype;
    this.shape = Object.isFrozen(shape) ? shape : (Object.freeze([...shape]) as Shape as S);
    if (elements instanceof StringBlock) {
      this.#block = elements;
      Object.defineProperty(this, "elements", LAZY);
    } else {
      this.elements = elements;
    }
  }

  /**
   * Makes a tensor from a scalar, nested arrays or a flat typed array, which is a vector. The data is copied.
   *
   * @param dtype a name of `tf.dtypes`
   * @param data nested arrays, whose nesting gives the shape
   * @throws SavedModelError with the codes of a call's inputs (`INVALID_DTYPE`, `INVALID_SHAPE`, …)
   */
  static from<D extends DType>(dtype: D, data: DataLike<D>): Tensor<D, AnyShape>;
  /**
   * Makes a tensor of a given shape. The data is copied.
   *
   * @param dtype a name of `tf.dtypes`
   * @param data nested arrays of that shape; or a flat array, typed or not, in row-major order
   * @param shape the shape
   * @throws SavedModelError with the codes of a call's inputs (`INVALID_DTYPE`, `INVALID_SHAPE`, …)
   */
  static from<D extends DType, const S extends Shape>(dtype: D, data: DataLike<D>, shape: S): Tensor<D, Writable<S>>;
  static from(dtype: DType, data: DataLike<DType>, shape?: Shape): Tensor {
    return withCallerStack(Tensor.from, () => {
      if (!isDType(dtype)) throw new SavedModelError("INVALID_DTYPE", `Tensor.from(): unknown dtype ${String(dtype)}`);
      if (shape !== undefined && !isShape(shape))
        throw new SavedModelError("INVALID_SHAPE", `Tensor.from(): ${SHAPE_RULE}`);
      const flat = shape && flatLength(data);
      if (flat !== undefined && flat !== elementCount(shape ?? [])) {
        const wanted = `${dtype} ${formatShape(shape ?? null)}`;
        throw new SavedModelError(
          "INVALID_SIZE",
          `Tensor.from(): ${wanted} cannot be made from a flat array of ${flat}`,
        );
      }
      const spec = { key: "data", dtype: dtypeInfo(dtype), shape: flat === undefined ? (shape ?? null) : [flat] };
      const staged = stage(data, spec, "Tensor.from()");
      // The elements may be the caller's array.
      return new Tensor(dtype, shape ?? staged.shape, copyElements(staged.elements), CONSTRUCT);
    });
  }

  /**
   * Makes a tensor of zeros, to be filled through {@link Tensor.data}.
   *
   * @deprecated `model.allocate` gives memory that the model's engine reads without a copy.
   * @param dtype a name of `tf.dtypes`, not `string`
   * @throws SavedModelError `INVALID_DTYPE`, `INVALID_SHAPE`, `TF_RESOURCE_EXHAUSTED`
   */
  static allocate<D extends NumericDType, const S extends Shape>(dtype: D, shape: S): Tensor<D, Writable<S>> {
    return withCallerStack(Tensor.allocate, () => Tensor.zeros("Tensor.allocate()", dtype, shape, allocateZeros));
  }

  /**
   * @internal Makes a tensor of zeros.
   *
   * @param call for messages
   * @param make allocates its elements
   */
  static zeros<D extends NumericDType, const S extends Shape>(
    call: string,
    dtype: D,
    shape: S,
    make: (dtype: D, shape: S) => TypedArrays[D],
  ): Tensor<D, Writable<S>> {
    if (!isDType(dtype) || (dtype as DType) === "string") {
      throw new SavedModelError("INVALID_DTYPE", `${call}: ${String(dtype)} is not a numeric dtype`);
    }
    if (!isShape(shape)) throw new SavedModelError("INVALID_SHAPE", `${call}: ${SHAPE_RULE}`);
    return new Tensor(dtype, shape as Shape as Writable<S>, make(dtype, shape), CONSTRUCT);
  }

  /** @internal Takes ownership of `elements`, which must fit `dtype` and `shape`. */
  static own<D extends DType, S extends Shape>(dtype: D, shape: S, elements: Elements | StringBlock): Tensor<D, S> {
    return new Tensor(dtype, shape, elements, CONSTRUCT);
  }

  /** @internal Returns true for a tensor; not for a mere object with its prototype. */
  static is(value: unknown): value is Tensor {
    return typeof value === "object" && value !== null && #strings in value;
  }

  /**
   * @internal Returns the elements as they are kept, for feeding. @throws SavedModelError `INVALID_SIZE` when they are
   * detached
   */
  static elementsOf(tensor: Tensor): Elements {
    if (Tensor.isDetached(tensor)) {
      throw new SavedModelError("INVALID_SIZE", `the tensor ${tensor} is ${LOST_DATA}`, { fix: DETACHED_FIX });
    }
    return tensor.elements;
  }

  /** @internal Returns the elements of a tensor that was made of a block. */
  static viewsOf(tensor: Tensor): Elements {
    tensor.#views ??= tensor.#block?.toViews() ?? [];
    return tensor.#views;
  }

  /** @internal Returns true if the caller has transferred the memory of elements to another thread. */
  static isDetached(tensor: Tensor): boolean {
    if (tensor.#block !== undefined) return isDetached(tensor.#block.bytes);
    const { elements } = tensor;
    return ArrayBuffer.isView(elements) ? isDetached(elements) : elements.some(isDetached);
  }

  /**
   * @internal Returns the elements as they are printed: nested arrays, or the corners of these.
   *
   * @param most maximum number of items of each axis
   */
  static shown(tensor: Tensor, most: number = chooseEdges(tensor.shape), row?: number): unknown {
    const { dtype, elements, size } = tensor;
    if (Tensor.isDetached(tensor)) return elements;
    if (size === 0 && !isNestable(tensor.shape, MAX_PRINTED_ROWS)) return elements;
    const element = ArrayBuffer.isView(elements)
      ? (index: number) => {
          const value = valueAt(dtype as NumericDType, elements as AnyTypedArray, index);
          return dtype === "float32" ? shortFloat32(Number(value)) : value;
        }
      : (index: number) => textOrBytes(itemAt(elements, index));
    if (row === undefined) return nestElements(tensor.shape, most, element);
    const inner = tensor.shape.slice(1);
    return nestElements(inner, most, element, row * elementCount(inner));
  }

  /** Number of elements. */
  get size(): number {
    return elementCount(this.shape);
  }

  /**
   * Elements in row-major order: a typed array, or strings.
   *
   * float16 and bfloat16 are given as their bit patterns, complex elements as two numbers each, the real and the imaginary
   * part; {@link Tensor.toArray} converts them.
   *
   * @throws SavedModelError `NOT_TEXT` when a string element is not valid UTF-8: see {@link Tensor.bytes}
   */
  get data(): TensorData<D> {
    // The constructor's contract: `elements` is what TensorData<D> says.
    return (this.dtype === "string" ? this.#text() : this.elements) as TensorData<D>;
  }

  /** Returns the bytes of each string element, valid UTF-8 or not; only for dtype string. */
  get bytes(): D extends "string" ? readonly Uint8Array[] : never {
    if (this.dtype !== "string") {
      throw new SavedModelError("INVALID_DTYPE", `a ${this.dtype} tensor has no bytes per element`);
    }
    return this.elements as never;
  }

  /**
   * Returns the value of a tensor of one element, of any rank.
   *
   * @throws SavedModelError `INVALID_SIZE` for another number of elements, or when `data` was transferred to another thread;
   * `NOT_TEXT` when a string element is not valid UTF-8
   */
  item(): Scalar<D> {
    return withCallerStack(Tensor.prototype.item, () => {
      if (this.size !== 1) {
        throw new SavedModelError("INVALID_SIZE", `item() expected exactly one element, got ${this}`);
      }
      Tensor.elementsOf(this);
      return this.#at(0);
    });
  }

  /**
   * Returns the elements as nested arrays, numbers for float16 and bfloat16, `{ re, im }` for complex; a plain value
   * for a scalar.
   *
   * @throws SavedModelError `INVALID_SIZE` for more than 2^25 empty rows without elements, or when `data` was
   * transferred to another thread; `NOT_TEXT` when a string element is not valid UTF-8
   */
  toArray(): Nested<Scalar<D>, S> {
    Tensor.elementsOf(this);
    if (!isNestable(this.shape)) {
      throw new SavedModelError("INVALID_SIZE", `${this} has no elements, and too many rows to convert to arrays`);
    }
    let next = 0;
    const build = (axis: number): unknown => {
      const size = this.shape[axis];
      if (size === undefined) return this.#at(next++);
      const rows: unknown[] = [];
      for (let index = 0; index < size; index++) rows.push(build(axis + 1));
      return rows;
    };
    return build(0) as Nested<Scalar<D>, S>;
  }

  /**
   * Returns the value for `JSON.stringify`: {@link Tensor.toArray}, with 64-bit integers as decimal strings. NaN and
   * the infinities become null, as in JSON.
   *
   * @throws SavedModelError the codes of {@link Tensor.toArray}
   */
  toJSON(): unknown {
    const plain = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(plain);
      return typeof value === "bigint" ? `${value}` : value;
    };
    return plain(this.toArray());
  }

  /** Returns the same elements with another shape of the same size. */
  reshape<const T extends Shape>(shape: T): Tensor<D, Writable<T>> {
    return withCallerStack(Tensor.prototype.reshape, () => {
      if (!isShape(shape)) throw new SavedModelError("INVALID_SHAPE", `reshape(): ${SHAPE_RULE}`);
      if (elementCount(shape) !== this.size) {
        throw new SavedModelError("INVALID_SHAPE", `${this} cannot be reshaped to ${formatShape(shape)}`);
      }
      return new Tensor(this.dtype, shape as Shape as Writable<T>, this.elements, CONSTRUCT);
    });
  }

  /**
   * Returns true if another value is a tensor of the same dtype and shape whose elements are equal: numbers as in
   * `Array.prototype.includes` (`NaN` equals `NaN`, and `0` equals `-0`), complex numbers part by part, strings byte by byte.
   * Nothing is rounded.
   *
   * @throws SavedModelError `INVALID_SIZE` when the elements of one of the two were transferred to another thread
   */
  equals(other: unknown): boolean {
    if (!Tensor.is(other) || other.dtype !== this.dtype || !equalShapes(other.shape, this.shape)) return false;
    return equalElements(this.dtype, Tensor.elementsOf(this), Tensor.elementsOf(other));
  }

  /** `float32 [1, 2]` */
  toString(): string {
    return `${this.dtype} ${formatSizes(this.shape)}`;
  }

  static {
    mark(Tensor.prototype, "Tensor");
    // Printed as dtype, shape and nested elements, or the corners of many; strings that are not text are shown as their
    // bytes, and of any number of empty rows none.
    Object.defineProperty(Tensor.prototype, inspect.custom, {
      value(this: Tensor, _depth: number, options: InspectOptions): string {
        return `Tensor<${this}> ${printElements(Tensor.shown(this), options)}`;
      },
    });
  }

  #at(index: number): Scalar<D> {
    const { dtype } = this as Tensor;
    if (dtype === "string") return this.#text()[index] as Scalar<D>;
    return valueAt(dtype, this.elements as AnyTypedArray, index) as Scalar<D>;
  }

  #text(): readonly string[] {
    this.#strings ??= this.#block?.toTexts() ?? this.#decodeEach();
    return this.#strings;
  }

  /** Decodes the strings up to the one that is not text. @throws SavedModelError `NOT_TEXT` */
  #decodeEach(): readonly string[] {
    return (this.elements as readonly Uint8Array[]).map((bytes, index, all) =>
      decodeText(bytes, all.length === 1 ? undefined : index),
    );
  }
}

/** Property of a tensor that is made of a block. It is one for all: the engine would make a class of objects for each. */
const LAZY: PropertyDescriptor & ThisType<Tensor> = {
  enumerable: true,
  get() {
    return Tensor.viewsOf(this);
  },
};

/** Returns the error for a value that should be a tensor. */
export function notATensor(call: string, value: unknown): SavedModelError {
  const foreign = describeForeign(value);
  const options = foreign === undefined ? {} : { fix: ONE_COPY };
  return new SavedModelError(
    "INVALID_ARGUMENT",
    `${call}: expected a Tensor, got ${foreign ?? describe(value)}`,
    options,
  );
}

/** Returns the error for a constructor that only the package itself may call. */
export function notConstructible(name: string, use: string): SavedModelError {
  return new SavedModelError("INVALID_ARGUMENT", `new ${name}(): not a public constructor`, { fix: `Use ${use}.` });
}

/** Returns the length of an array that is not nested; undefined for anything else. */
function flatLength(data: unknown): number | undefined {
  return Array.isArray(data) && !data.some(Array.isArray) ? data.length : undefined;
}

const utf8: TextDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes a string element. @throws SavedModelError `NOT_TEXT` */
export function decodeText(bytes: Uint8Array, index?: number): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    const where = index === undefined ? "a string" : `the string at position ${index}`;
    throw new SavedModelError("NOT_TEXT", `${where} is not valid UTF-8`, {
      fix: "Read it as bytes: `tensor.bytes`.",
      cause,
    });
  }
}

/** Returns a string as it is printed. */
function textOrBytes(bytes: Uint8Array): unknown {
  try {
    return utf8.decode(bytes);
  } catch {
    return bytesElement(bytes);
  }
}

/** Returns a copy of the elements. */
export function copyElements(elements: Elements): Elements {
  if (!ArrayBuffer.isView(elements)) return elements.map((bytes) => Uint8Array.from(bytes));
  // A Buffer's own `slice` does not copy, and a clamped array becomes a plain one.
  const bytes: unknown = elements;
  if (bytes instanceof Uint8Array || bytes instanceof Uint8ClampedArray) return new Uint8Array(bytes);
  return elements.slice();
}
