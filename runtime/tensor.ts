import { type InspectOptions, inspect, TextDecoder } from "node:util";
import { bfloatToNumber, halfToNumber } from "./call/half.js";
import { stage } from "./call/stage.js";
import { type DType, dtypeInfo, isDType, type NumericDType } from "./dtype.js";
import { SavedModelError } from "./errors.js";
import { elementCount, formatShape } from "./shape.js";
import type { AnyShape, FlatLike, Nested, Scalar, ScalarLike, Shape, TensorData } from "./types.js";

/** The elements of a tensor as they are kept: a typed array, or the bytes of each string. */
export type Elements = TensorData<NumericDType> | readonly Uint8Array[];

/**
 * A dense tensor in JavaScript memory: a dtype, a shape and elements in row-major order.
 *
 * Dtype and shape never change. The elements are the tensor's own: results are copied out of TensorFlow.
 */
export class Tensor<D extends DType = DType, S extends Shape = AnyShape> {
  /** A name of `tf.dtypes`, such as `float32`. */
  readonly dtype: D;
  /** The size of each dimension; `[]` is a scalar. */
  readonly shape: S;
  readonly #elements: Elements;
  #strings: readonly string[] | undefined;

  private constructor(dtype: D, shape: S, elements: Elements) {
    this.dtype = dtype;
    this.shape = Object.freeze([...shape]) as Shape as S;
    this.#elements = elements;
  }

  /**
   * Makes a tensor from a scalar, nested arrays or a flat typed array. The data is copied.
   *
   * @param dtype a name of `tf.dtypes`
   * @param data nested arrays, whose nesting gives the shape; or a flat array, typed or not, for which `shape` is needed
   * unless it is a vector
   * @param shape the shape, if it is not to be taken from `data`
   * @throws {@link SavedModelError} with the codes of a call's inputs (`INVALID_DTYPE`, `INVALID_SHAPE`, …)
   */
  static from<D extends DType, const S extends Shape = AnyShape>(
    dtype: D,
    data: Nested<ScalarLike<D>, AnyShape> | FlatLike<D>,
    shape?: S,
  ): Tensor<D, S> {
    if (!isDType(dtype)) throw new SavedModelError("INVALID_DTYPE", `Tensor.from(): ${String(dtype)} is no dtype`);
    const isFlat = Array.isArray(data) && shape !== undefined && !data.some(Array.isArray);
    const spec = { key: "data", dtype: dtypeInfo(dtype), shape: isFlat ? [elementCount(shape)] : (shape ?? null) };
    const staged = stage(data, spec, "Tensor.from()");
    // Staged data may be the caller's own array, and the shape was checked against S where S was given.
    return new Tensor(dtype, (shape ?? staged.shape) as Shape as S, copyElements(staged.elements));
  }

  /** @internal Takes ownership of `elements`, which must fit `dtype` and `shape`. */
  static own<D extends DType, S extends Shape>(dtype: D, shape: S, elements: Elements): Tensor<D, S> {
    return new Tensor(dtype, shape, elements);
  }

  /** @internal The elements as they are kept, for feeding. */
  static elementsOf(tensor: Tensor): Elements {
    return tensor.#elements;
  }

  /** The number of elements. */
  get size(): number {
    return elementCount(this.shape);
  }

  /**
   * The elements in row-major order: a typed array, or strings.
   *
   * float16 and bfloat16 are given as their bit patterns; {@link Tensor.toArray} converts them to numbers.
   *
   * @throws {@link SavedModelError} `INVALID_UTF8` when a string element is not valid UTF-8: see {@link Tensor.bytes}
   */
  get data(): TensorData<D> {
    // The constructor's contract: `elements` is what TensorData<D> says.
    return (this.dtype === "string" ? this.#text() : this.#elements) as TensorData<D>;
  }

  /** The bytes of each string element, whether or not they are text; only for dtype string. */
  get bytes(): D extends "string" ? readonly Uint8Array[] : never {
    if (this.dtype !== "string") {
      throw new SavedModelError("INVALID_DTYPE", `a ${this.dtype} tensor has no bytes per element`);
    }
    return this.#elements as never;
  }

  /** The value of a tensor of one element, whatever its rank. */
  item(): Scalar<D> {
    if (this.size !== 1) {
      throw new SavedModelError("INVALID_SIZE", `item() needs exactly one element, this is ${this}`);
    }
    return this.#at(0);
  }

  /** The elements as nested arrays, numbers for float16 and bfloat16; a plain value for a scalar. */
  toArray(): Nested<Scalar<D>, S> {
    let next = 0;
    const build = (axis: number): unknown => {
      const size = this.shape[axis];
      return size === undefined ? this.#at(next++) : Array.from({ length: size }, () => build(axis + 1));
    };
    return build(0) as Nested<Scalar<D>, S>;
  }

  /** The same elements under another shape of the same size. */
  reshape<const T extends Shape>(shape: T): Tensor<D, T> {
    if (shape.some((size) => !Number.isSafeInteger(size) || size < 0) || elementCount(shape) !== this.size) {
      throw new SavedModelError("INVALID_SHAPE", `${this} cannot be reshaped to ${formatShape(shape)}`);
    }
    return new Tensor(this.dtype, [...shape] as Shape as T, this.#elements);
  }

  /** `float32 [1, 2]` */
  toString(): string {
    return `${this.dtype} ${formatShape(this.shape)}`;
  }

  static {
    // Printed as dtype, shape and nested elements; strings that are not text are shown as their bytes.
    Object.defineProperty(Tensor.prototype, inspect.custom, {
      value(this: Tensor, _depth: number, options: InspectOptions): string {
        let shown: unknown = this.#elements;
        try {
          shown = this.toArray();
        } catch (error) {
          if (!(error instanceof SavedModelError)) throw error;
        }
        return `Tensor<${this}> ${inspect(shown, { ...options, depth: null })}`;
      },
    });
  }

  #at(index: number): Scalar<D> {
    return scalarAt(this.dtype, this.dtype === "string" ? this.#text() : this.#elements, index) as Scalar<D>;
  }

  #text(): readonly string[] {
    this.#strings ??= (this.#elements as readonly Uint8Array[]).map(decodeText);
    return this.#strings;
  }
}

function scalarAt(dtype: DType, elements: Elements | readonly string[], index: number): unknown {
  const element = elements[index];
  if (dtype === "bool") return element !== 0;
  if (dtype === "float16") return halfToNumber(element as number);
  if (dtype === "bfloat16") return bfloatToNumber(element as number);
  return element;
}

const utf8: TextDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text in a string element. @throws {@link SavedModelError} `INVALID_UTF8` */
function decodeText(bytes: Uint8Array, index?: number): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    const where = index === undefined ? "a string" : `the string at position ${index}`;
    throw new SavedModelError("INVALID_UTF8", `${where} is not valid UTF-8`, {
      fix: "Read it as bytes: `tensor.bytes`.",
      cause,
    });
  }
}

function copyElements(elements: Elements): Elements {
  if (!ArrayBuffer.isView(elements)) return elements.map((bytes) => Uint8Array.from(bytes));
  return elements.slice();
}
