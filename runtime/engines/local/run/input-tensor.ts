import { SavedModelError } from "../../../base/errors.js";
import { byteLengthOf, isDetached } from "../../../tensor/detached.js";
import { type AnyTypedArray, type DTypeInfo, type NumericDType, viewAs } from "../../../tensor/dtype.js";
import type { Flattened } from "../../../tensor/flatten.js";
import { elementCount, formatShape, isShape } from "../../../tensor/shape.js";
import { BlockMemory, PackedStrings, pinBlock, type StringBlock } from "../../../tensor/string-block.js";
import { StringPacker } from "../../../tensor/write-strings.js";
import { type NativeApi, nonNull } from "../native/c-api.js";
import type { Pointer } from "../native/c-functions.js";
import { MAX_SHORT, STRING_BYTES } from "./string-layout.js";
import {
  deleteStrings,
  emptyStrings,
  initStrings,
  isBlock,
  NoMemoryForStrings,
  viewStrings,
  writeStrings,
} from "./string-tensor.js";

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
  /** The same memory as an array, which is made when it is written for the second time: it costs as much as ten copies. */
  #view: AnyTypedArray | undefined;
  #shape: readonly number[] = [];
  #count = 0;
  /** True if elements of the string tensor may own memory that they must free. */
  #ownsTexts = false;
  /** The block that the elements of the string tensor are views of. */
  #block: StringBlock | undefined;
  /** For blocks of strings that were not encoded into one. */
  readonly #memory = new BlockMemory();
  /** True once TensorFlow has held what it was fed for longer than a run. */
  #isHeld = false;
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
   * @param mayView returns true if strings are only moved, and nothing holds them once the results of the run have been
   * read; many are then views of one block. By default each element has a copy of its own, which TensorFlow may keep.
   * @throws SavedModelError `INVALID_SHAPE` for a shape that no tensor may have, `INVALID_SIZE` when the number of
   * elements has changed, `TF_RESOURCE_EXHAUSTED` when out of memory
   */
  write(value: Flattened, mayView?: () => boolean): Pointer {
    const { shape } = value;
    const isReused = this.#canReuse(shape);
    const tensor = isReused ? nonNull(this.#tensor, "tensor") : this.#allocate(shape);
    if (this.#dtype.kind === "string") {
      this.#writeStrings(value, mayView);
      return tensor;
    }
    const { elements } = value;
    if (ArrayBuffer.isView(elements)) this.#copyNumbers(elements, isReused);
    return tensor;
  }

  /**
   * Makes sure, when a run has ended and its results are deleted, that TensorFlow has let go of what its strings are views
   * of. It should have. If not, that memory is left alone for as long as it may be read, and strings are copied from now on.
   */
  settle(): void {
    if (this.#block === undefined || this.#tensor === null) return;
    if (this.#api.TF_TensorMaybeMove(this.#tensor) !== null) return;
    pinBlock(this.#block);
    this.#isHeld = true;
    this.release();
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
    if (this.#dtype.kind === "string") deleteStrings(this.#api, { tensor: this.#tensor, count, block: this.#block });
    else this.#api.TF_DeleteTensor(this.#tensor);
    this.#tensor = null;
    this.#view = undefined;
    this.#block = undefined;
  }

  #canReuse(shape: readonly number[]): boolean {
    if (this.#tensor === null || !sameShape(shape, this.#shape)) return false;
    return this.#api.TF_TensorMaybeMove(this.#tensor) !== null;
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
    if (byteLengthOf(elements) !== bytes) throw this.#countError(bytes / this.#dtype.bytes);
  }

  #copyNumbers(elements: AnyTypedArray, isReused: boolean): void {
    const bytes = this.#count * this.#dtype.bytes;
    this.#requireBytes(elements, bytes);
    if (this.#data === null || bytes === 0) return;
    if (isReused) this.#view ??= viewMemory(this.#api, this.#dtype, this.#data, bytes);
    // Arrays of one type are copied byte by byte: no NaN changes.
    if (this.#view === undefined) this.#api.memcpy(this.#data, elements, bytes);
    else (this.#view as Uint8Array).set(elements as Uint8Array);
  }

  #writeStrings(value: Flattened, mayView?: () => boolean): void {
    const given = value instanceof PackedStrings ? value.block : undefined;
    const strings = given === undefined ? (value.elements as readonly Uint8Array[]) : [];
    const count = given?.ends.length ?? strings.length;
    if (count !== this.#count || strings.some(isDetached)) throw this.#countError(this.#count);
    const data = this.#data;
    if (data === null) return;
    try {
      const block = this.#canView(mayView) ? (given ?? this.#pack(strings)) : undefined;
      if (block !== undefined && this.#viewStrings(data, block)) return;
      if (this.#block !== undefined) emptyStrings(this.#api, data, this.#count);
      this.#block = undefined;
      const mayOwn = this.#ownsTexts;
      // Also when not all could be written.
      this.#ownsTexts = true;
      const texts = given?.toViews() ?? strings;
      this.#ownsTexts = writeStrings(this.#api, data, texts, byteLengthOf, mayOwn);
    } catch (error) {
      const isFull = error instanceof NoMemoryForStrings || error instanceof RangeError;
      throw isFull ? this.#memoryError(this.#shape) : error;
    }
  }

  #viewStrings(data: Pointer, block: StringBlock): boolean {
    if (!viewStrings(this.#api, data, block, this.#ownsTexts)) return false;
    this.#ownsTexts = false;
    this.#block = block;
    return true;
  }

  #canView(mayView: (() => boolean) | undefined): boolean {
    return isBlock(this.#api, this.#count) && !this.#isHeld && mayView?.() === true;
  }

  /** Copies strings into one block, unless all are short enough for the elements to hold them. */
  #pack(strings: readonly Uint8Array[]): StringBlock | undefined {
    if (strings.every(({ length }) => length <= MAX_SHORT)) return undefined;
    const packer = new StringPacker(strings.length, this.#memory);
    packer.add(strings);
    return packer.finish();
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

/** Returns native memory as an array; undefined where JavaScript may not have such memory, as in Electron. */
function viewMemory(api: NativeApi, { name }: DTypeInfo, data: Pointer, bytes: number): AnyTypedArray | undefined {
  const buffer = name === "string" ? undefined : api.viewMemory(data, bytes);
  return buffer && viewAs(name as NumericDType, buffer);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}
