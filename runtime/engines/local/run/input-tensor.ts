import { SavedModelError } from "../../../base/errors.js";
import { intrinsicByteLength, isDetached } from "../../../tensor/detached.js";
import type { AnyTypedArray, DTypeInfo } from "../../../tensor/dtype.js";
import type { Flattened } from "../../../tensor/flatten.js";
import { elementCount, formatShape, isShape } from "../../../tensor/shape.js";
import type { Elements } from "../../../tensor/tensor.js";
import type { NativeApi } from "../native/c-api.js";
import type { Pointer } from "../native/c-functions.js";
import { STRING_BYTES } from "./string-layout.js";
import { deleteStrings, initStrings, NoMemoryForStrings, writeStrings } from "./string-tensor.js";

/** An input that may be fed in place. */
export interface InPlace extends Flattened {
  readonly elements: AnyTypedArray;
}

/**
 * The native tensor of one input. Its memory is written again by the next call, unless the shape changed or TensorFlow
 * kept the memory (a variable can take over the buffer that it was assigned from).
 */
export class Feed {
  readonly #api: NativeApi;
  readonly #dtype: DTypeInfo;
  /** Description for messages: `train(): input "x"`. */
  readonly #name: string;
  #tensor: Pointer | null = null;
  /** Null where there are no elements. */
  #data: Pointer | null = null;
  #shape: readonly number[] = [];
  #count = 0;
  /** True if elements of the string tensor may point to memory that they must free. */
  #ownsTexts = false;
  /** True if TensorFlow releases the tensor when a run ends; undefined until one has shown it. */
  #isLetGo: boolean | undefined;

  constructor(api: NativeApi, dtype: DTypeInfo, name: string) {
    this.#api = api;
    this.#dtype = dtype;
    this.#name = name;
  }

  /**
   * Copies a checked input into native memory, and returns its tensor, which this feed still owns.
   *
   * @throws SavedModelError `INVALID_SHAPE` for a shape that no tensor may have, `INVALID_SIZE` when the number of
   * elements has changed, `TF_RESOURCE_EXHAUSTED` when out of memory
   */
  write({ shape, elements }: Flattened): Pointer {
    const tensor = this.#reuse(shape) ?? this.#allocate(shape);
    if (ArrayBuffer.isView(elements)) this.#copyNumbers(elements);
    else this.#copyStrings(elements);
    return tensor;
  }

  /** True if TensorFlow releases what it is fed when a run ends; undefined until {@link Feed.observe} has seen it. */
  get isLetGo(): boolean | undefined {
    return this.#isLetGo;
  }

  /** Notes after a run, whose results are deleted, whether TensorFlow still holds the tensor that was written for it. */
  observe(): void {
    if (this.#tensor === null) return;
    this.#isLetGo = this.#api.TF_TensorMaybeMove(this.#tensor) !== null;
    // From now on the elements are fed in place.
    if (this.#isLetGo) this.release();
  }

  /**
   * Makes a tensor in the memory of the elements themselves, which the caller deletes while it still holds them.
   *
   * @throws SavedModelError the codes of {@link Feed.write}
   */
  share({ shape, elements }: InPlace): Pointer {
    this.#requireShape(shape);
    const bytes = elementCount(shape) * this.#dtype.bytes;
    this.#requireBytes(elements, bytes);
    const { TF_NewTensor, keep } = this.#api;
    const dimensions = BigInt64Array.from(shape, BigInt);
    const tensor = TF_NewTensor(this.#dtype.code, dimensions, shape.length, elements, bytes, keep, null);
    if (tensor === null) throw this.#memoryError(shape);
    return tensor;
  }

  /** Frees the native memory. */
  release(): void {
    if (this.#tensor === null) return;
    const count = this.#ownsTexts ? this.#count : 0;
    if (this.#dtype.kind === "string") deleteStrings(this.#api, { tensor: this.#tensor, count });
    else this.#api.TF_DeleteTensor(this.#tensor);
    this.#tensor = null;
  }

  #reuse(shape: readonly number[]): Pointer | undefined {
    if (this.#tensor === null || !sameShape(shape, this.#shape)) return undefined;
    return this.#api.TF_TensorMaybeMove(this.#tensor) ?? undefined;
  }

  #allocate(shape: readonly number[]): Pointer {
    this.#requireShape(shape);
    this.release();
    const { code, kind } = this.#dtype;
    const bytes = kind === "string" ? STRING_BYTES : this.#dtype.bytes;
    const count = elementCount(shape);
    const tensor = this.#api.TF_AllocateTensor(code, BigInt64Array.from(shape, BigInt), shape.length, count * bytes);
    if (tensor === null) throw this.#memoryError(shape);
    const data = this.#api.TF_TensorData(tensor);
    if (data === null && count > 0) {
      this.#api.TF_DeleteTensor(tensor);
      throw this.#memoryError(shape);
    }
    this.#tensor = tensor;
    this.#data = data;
    this.#shape = [...shape];
    this.#count = count;
    if (kind === "string" && data !== null) initStrings(this.#api, data, count);
    this.#ownsTexts = false;
    return tensor;
  }

  #requireShape(shape: readonly number[]): void {
    if (isShape(shape)) return;
    throw new SavedModelError("INVALID_SHAPE", `${this.#name}: no tensor can have the shape ${formatShape(shape)}`);
  }

  /** Counted by the engine: a buffer may have been transferred, and `length` may be a subclass's own. */
  #requireBytes(elements: ArrayBufferView, bytes: number): void {
    if (intrinsicByteLength(elements) !== bytes) throw this.#countError(bytes / this.#dtype.bytes);
  }

  #copyNumbers(elements: ArrayBufferView): void {
    const bytes = this.#count * this.#dtype.bytes;
    this.#requireBytes(elements, bytes);
    if (this.#data !== null && bytes > 0) this.#api.memcpy(this.#data, elements, bytes);
  }

  #copyStrings(elements: Exclude<Elements, ArrayBufferView>): void {
    if (elements.length !== this.#count || elements.some(isDetached)) throw this.#countError(this.#count);
    if (this.#data === null) return;
    const mayOwn = this.#ownsTexts;
    // Also when not all could be written.
    this.#ownsTexts = true;
    try {
      this.#ownsTexts = writeStrings(this.#api, this.#data, elements, intrinsicByteLength, mayOwn);
    } catch (error) {
      throw error instanceof NoMemoryForStrings ? this.#memoryError(this.#shape) : error;
    }
  }

  #memoryError(shape: readonly number[]): SavedModelError {
    const what = `${this.#dtype.name} ${formatShape(shape)}`;
    return new SavedModelError("TF_RESOURCE_EXHAUSTED", `${this.#name}: out of memory allocating ${what}`);
  }

  #countError(count: number): SavedModelError {
    return new SavedModelError(
      "INVALID_SIZE",
      `${this.#name}: expected ${count} elements, but they were detached or changed while being read`,
      {
        fix: "Do not transfer or change data before the call has read it.",
      },
    );
  }
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}
