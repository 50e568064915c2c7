import type { DTypeInfo } from "../dtype.js";
import { type NativeApi, nonNull } from "../native/api.js";
import type { Pointer } from "../native/ffi.js";
import type { Elements } from "../tensor.js";
import type { Flattened } from "./nested.js";

/**
 * The native tensor of one input. Its memory is written again by the next call, unless the shape changed or TensorFlow
 * kept the memory (a variable can take over the buffer that it was assigned from).
 */
export class Feed {
  readonly #api: NativeApi;
  readonly #dtype: DTypeInfo;
  #tensor: Pointer | null = null;
  #data: Pointer | null = null;
  #shape: readonly number[] = [];

  constructor(api: NativeApi, dtype: DTypeInfo) {
    this.#api = api;
    this.#dtype = dtype;
  }

  /** Copies a checked input into native memory, and returns its tensor, which stays this feed's own. */
  write({ shape, elements }: Flattened): Pointer {
    const tensor = this.#reuse(shape) ?? this.#allocate(shape);
    if (this.#data !== null) copyIn(this.#api, this.#data, this.#dtype, elements);
    return tensor;
  }

  /** Gives the native memory back. */
  release(): void {
    if (this.#tensor === null) return;
    // TensorFlow does not free what the strings of a tensor that it did not make point to. While somebody else holds the
    // tensor they must stay.
    if (this.#dtype.kind === "string" && this.#isUnshared(this.#tensor)) this.#forEachString("TF_StringDealloc");
    this.#api.TF_DeleteTensor(this.#tensor);
    this.#tensor = null;
  }

  #reuse(shape: readonly number[]): Pointer | undefined {
    if (this.#tensor === null || !sameShape(shape, this.#shape) || !this.#isUnshared(this.#tensor)) return undefined;
    return this.#tensor;
  }

  #allocate(shape: readonly number[]): Pointer {
    this.release();
    const dimensions = BigInt64Array.from(shape, BigInt);
    const count = shape.reduce((product, size) => product * size, 1);
    const { code, bytes } = this.#dtype;
    const tensor = this.#api.TF_AllocateTensor(code, dimensions, shape.length, count * bytes);
    this.#tensor = nonNull(tensor, "tensor");
    this.#data = this.#api.TF_TensorData(this.#tensor);
    this.#shape = [...shape];
    if (this.#dtype.kind === "string") this.#forEachString("TF_StringInit");
    return this.#tensor;
  }

  #isUnshared(tensor: Pointer): boolean {
    return this.#api.TF_TensorMaybeMove(tensor) !== null;
  }

  #forEachString(touch: "TF_StringInit" | "TF_StringDealloc"): void {
    const count = this.#shape.reduce((product, size) => product * size, 1);
    for (let index = 0; index < count; index++) {
      this.#api[touch]((this.#data ?? 0n) + BigInt(index * this.#dtype.bytes));
    }
  }
}

function copyIn(api: NativeApi, data: Pointer, dtype: DTypeInfo, elements: Elements): void {
  if (ArrayBuffer.isView(elements)) {
    if (elements.byteLength > 0) api.memcpy(data, elements, elements.byteLength);
    return;
  }
  elements.forEach((bytes, index) => {
    api.TF_StringCopy(data + BigInt(index * dtype.bytes), bytes, bytes.length);
  });
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}
