import { type InspectOptions, inspect } from "node:util";
import { withCallerStack } from "../base/caller-stack.js";
import { SavedModelError } from "../base/errors.js";
import { mark } from "../base/package-copies.js";
import { type DType, dtypeInfo, isDType, slotsOf } from "./dtype.js";
import { gather, scatter } from "./gather.js";
import { chooseEdges, nestElements, printElements } from "./print-elements.js";
import { elementCount, equalShapes, formatSizes } from "./shape.js";
import { stageSparse } from "./sparse-value.js";
import { copyElements, notConstructible, Tensor } from "./tensor.js";
import type { AnyNestedLike, AnyShape, Nested, Scalar, Shape, SparseParts } from "./types.js";

/** Key that only this module has: a constructor that is called from elsewhere throws. */
const CONSTRUCT: unique symbol = Symbol("construct");

/** More elements than a dense tensor is made of. */
const MAX_DENSE = 2 ** 31;

/**
 * Tensor most of whose elements are zero (or empty, or false), as `tf.SparseTensor`: the other values and their
 * indices.
 */
export class SparseTensor<D extends DType = DType, S extends Shape = AnyShape> {
  readonly dtype: D;
  /** Index of each value, `[n, rank]`. */
  readonly indices: Tensor<"int64", [number, number]>;
  /** `[n]` */
  readonly values: Tensor<D, [number]>;
  /** Shape of the whole tensor; `dense_shape` in TensorFlow. */
  readonly shape: S;

  private constructor(indices: Tensor, values: Tensor<D>, shape: S, key: typeof CONSTRUCT) {
    // JavaScript can pass any value.
    if (key !== CONSTRUCT) {
      throw notConstructible("SparseTensor", "`SparseTensor.from(dtype, { indices, values, shape })`");
    }
    this.dtype = values.dtype;
    // The caller has checked their ranks.
    this.indices = indices as Tensor<"int64", [number, number]>;
    this.values = values as Tensor<D, [number]>;
    this.shape = Object.freeze([...shape]) as Shape as S;
  }

  /**
   * Makes a sparse tensor of its parts, which are brought into row-major order.
   *
   * @param dtype a name of `tf.dtypes`
   * @param parts `indices` `[n, rank]`, `values` `[n]`, and the `shape` of the whole tensor
   * @throws SavedModelError `INVALID_SHAPE` when the parts do not fit each other, `OUT_OF_RANGE` when an index lies
   * outside of the shape or is duplicated, and the codes of a call's inputs
   */
  static from<D extends DType, S extends Shape>(
    dtype: D,
    parts: Omit<SparseParts<D, S>, "shape"> & { readonly shape: S },
  ): SparseTensor<D, S> {
    return withCallerStack(SparseTensor.from, () => {
      const call = "SparseTensor.from()";
      if (!isDType(dtype)) throw new SavedModelError("INVALID_DTYPE", `${call}: unknown dtype ${String(dtype)}`);
      const { indices, values, shape } = stageSparse(
        parts,
        { key: "data", dtype: dtypeInfo(dtype), shape: null },
        call,
      );
      // The elements may be the caller's arrays.
      const [ownIndices, ownValues] = [indices, values].map(copyOf) as [Tensor, Tensor<D>];
      return new SparseTensor(ownIndices, ownValues, shape as Shape as S, CONSTRUCT);
    });
  }

  /**
   * Makes a sparse tensor of the elements of a dense one that are not zero, empty or false.
   *
   * @throws SavedModelError the codes of {@link Tensor.from}; `INVALID_ARGUMENT` for a value that is not a tensor
   */
  static fromDense<D extends DType, S extends Shape>(dense: Tensor<D, S>): SparseTensor<D, S>;
  static fromDense<D extends DType>(dtype: D, data: AnyNestedLike<D>): SparseTensor<D>;
  static fromDense(dense: Tensor | DType, data?: AnyNestedLike<DType>): SparseTensor {
    const tensor = typeof dense === "string" ? Tensor.from(dense, data ?? []) : dense;
    if (!Tensor.is(tensor)) {
      throw new SavedModelError("INVALID_ARGUMENT", "SparseTensor.fromDense(): expected a Tensor, or a dtype and data");
    }
    const elements = Tensor.elementsOf(tensor);
    const places: number[] = [];
    const slots = slotsOf(tensor.dtype);
    for (let slot = 0; slot < elements.length; slot++) {
      const place = Math.floor(slot / slots);
      // Either part of a complex element keeps it.
      if (!isZero(elements[slot]) && places.at(-1) !== place) places.push(place);
    }
    const indices = places.flatMap((place) => placeOf(place, tensor.shape));
    const rank = tensor.shape.length;
    return new SparseTensor(
      Tensor.own("int64", [places.length, rank], BigInt64Array.from(indices, BigInt)),
      Tensor.own(tensor.dtype, [places.length], gather(tensor.dtype, elements, places)),
      tensor.shape,
      CONSTRUCT,
    );
  }

  /** @internal Takes the parts that a model returned. */
  static own<D extends DType>(indices: Tensor, values: Tensor<D>, shape: Shape): SparseTensor<D> {
    return new SparseTensor(indices, values, shape, CONSTRUCT);
  }

  /**
   * Returns true if another value is a sparse tensor of the same shape, with the same indices in the same order, and
   * with values that are equal: see {@link Tensor.equals}.
   */
  equals(other: unknown): boolean {
    return (
      other instanceof SparseTensor &&
      equalShapes(other.shape, this.shape) &&
      this.indices.equals(other.indices) &&
      this.values.equals(other.values)
    );
  }

  /**
   * Returns the whole tensor, with zeros, empty strings or false where it has no value.
   *
   * @throws SavedModelError `INVALID_SIZE` when it would have more than 2^31 elements, `OUT_OF_RANGE` when a model
   * returned an index outside of the shape
   */
  toDense(): Tensor<D, S> {
    const { dtype, shape } = this as SparseTensor;
    const count = elementCount(shape);
    if (!(count <= MAX_DENSE)) throw new SavedModelError("INVALID_SIZE", `${this} is too large to be made dense`);
    const axes = shape.map((size, axis) => ({ size, stride: elementCount(shape.slice(axis + 1)) }));
    const indices = this.indices.data;
    const places = Array.from({ length: this.values.size }, (_, value) =>
      axes.reduce((place, { size, stride }, axis) => {
        const index = Number(indices[value * shape.length + axis]);
        // A model's own result is not checked before.
        if (!(index >= 0 && index < size)) throw outsideOf(this, index, axis);
        return place + index * stride;
      }, 0),
    );
    const elements = scatter(dtype, Tensor.elementsOf(this.values), places, count);
    return Tensor.own(this.dtype, this.shape, elements);
  }

  /** Returns the whole tensor as nested arrays: see {@link SparseTensor.toDense}. */
  toArray(): Nested<Scalar<D>, S> {
    return this.toDense().toArray();
  }

  /** Returns the value for `JSON.stringify`: the parts, with 64-bit integers as decimal strings. */
  toJSON(): unknown {
    return {
      indices: this.indices.toArray().map((index) => index.map(Number)),
      values: this.values,
      shape: this.shape,
    };
  }

  /** `float32 [2, 3]` */
  toString(): string {
    return `${this.dtype} ${formatSizes(this.shape)}`;
  }

  static {
    mark(SparseTensor.prototype, "SparseTensor");
    Object.defineProperty(SparseTensor.prototype, inspect.custom, {
      value(this: SparseTensor, _depth: number, options: InspectOptions): string {
        const most = chooseEdges(this.indices.shape);
        const indices = nestElements(this.indices.shape, most, (index) => Number(this.indices.data[index]));
        const shown = { indices, values: Tensor.shown(this.values, most) };
        return `SparseTensor<${this}> ${printElements(shown, options)}`;
      },
    });
  }
}

function outsideOf(tensor: SparseTensor, index: number, axis: number): SavedModelError {
  return new SavedModelError("OUT_OF_RANGE", `${tensor} has a value at index ${index} of dimension ${axis}`);
}

function copyOf(tensor: Tensor): Tensor {
  return Tensor.own(tensor.dtype, tensor.shape, copyElements(Tensor.elementsOf(tensor)));
}

function isZero(element: number | bigint | Uint8Array | undefined): boolean {
  return element instanceof Uint8Array ? element.length === 0 : Number(element) === 0;
}

/** Returns the index along each axis of an element in row-major order. */
function placeOf(element: number, shape: Shape): readonly number[] {
  const place: number[] = [];
  let rest = element;
  for (const size of shape.toReversed()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return place;
}
