import type { DTypeInfo } from "../dtype.js";
import { SavedModelError } from "../errors.js";
import type { NativeApi } from "../native/api.js";
import type { Pointer } from "../native/ffi.js";
import { elementCount, formatShape, isShape } from "../shape.js";
import type { Elements } from "../tensor.js";
import { isDetached } from "./detached.js";
import type { Flattened } from "./nested.js";
import { deleteStrings, initStrings, writeStrings } from "./strings.js";

/**
 * The native tensor of one input. Its memory is written again by the next call, unless the shape changed or TensorFlow
 * kept the memory (a variable can take over the buffer that it was assigned from).
 */
export class Feed {
  readonly #api: NativeApi;
  readonly #dtype: DTypeInfo;
  /** What it is, for messages: `train(): input "x"`. */
  readonly #name: string;
  #tensor: Pointer | null = null;
  #data: Pointer = 0n;
  #shape: readonly number[] = [];
  #count = 0;
  /** Whether elements of the string tensor may point to memory that is theirs to free. */
  #ownsTexts = false;

  constructor(api: NativeApi, dtype: DTypeInfo, name: string) {
    this.#api = api;
    this.#dtype = dtype;
    this.#name = name;
  }

  /**
   * Copies a checked input into native memory, and returns its tensor, which stays this feed's own.
   *
   * @throws SavedModelError `INVALID_SHAPE` for a shape that no tensor may have, `INVALID_SIZE` when the elements are not
   * as many as they were, `TF_RESOURCE_EXHAUSTED` when there is no memory
   */
  write({ shape, elements }: Flattened): Pointer {
    const tensor = this.#reuse(shape) ?? this.#allocate(shape);
    if (ArrayBuffer.isView(elements)) this.#copyNumbers(elements);
    else this.#copyStrings(elements);
    return tensor;
  }

  /** Gives the native memory back. */
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
    if (!isShape(shape)) {
      throw new SavedModelError("INVALID_SHAPE", `${this.#name}: no tensor may have the shape ${formatShape(shape)}`);
    }
    this.release();
    const { code, bytes, kind, name } = this.#dtype;
    const count = elementCount(shape);
    const tensor = this.#api.TF_AllocateTensor(code, BigInt64Array.from(shape, BigInt), shape.length, count * bytes);
    if (tensor === null) {
      const what = `${name} ${formatShape(shape)}`;
      throw new SavedModelError("TF_RESOURCE_EXHAUSTED", `${this.#name}: there is no memory for ${what}`);
    }
    this.#tensor = tensor;
    this.#data = this.#api.TF_TensorData(tensor) ?? 0n;
    this.#shape = [...shape];
    this.#count = count;
    if (kind === "string") initStrings(this.#api, this.#data, count);
    this.#ownsTexts = false;
    return tensor;
  }

  #copyNumbers(elements: ArrayBufferView): void {
    const bytes = this.#count * this.#dtype.bytes;
    // Counted by the engine: a buffer may have been transferred, and `length` may be a subclass's own.
    if (intrinsicByteLength(elements) !== bytes) throw this.#countError();
    if (bytes > 0) this.#api.memcpy(this.#data, elements, bytes);
  }

  #copyStrings(elements: Exclude<Elements, ArrayBufferView>): void {
    if (elements.length !== this.#count || elements.some(isDetached)) throw this.#countError();
    const mayOwn = this.#ownsTexts;
    // Also when not all could be written.
    this.#ownsTexts = true;
    this.#ownsTexts = writeStrings(this.#api, this.#data, elements, intrinsicByteLength, mayOwn);
  }

  #countError(): SavedModelError {
    return new SavedModelError(
      "INVALID_SIZE",
      `${this.#name}: its elements are no longer there, or not ${this.#count}`,
      {
        fix: "Data that was transferred to another thread is gone here; data may not change while it is read.",
      },
    );
  }
}

const byteLengthOfTypedArray = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  "byteLength",
)?.get;

function intrinsicByteLength(view: ArrayBufferView): number {
  return byteLengthOfTypedArray?.call(view) as number;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}
