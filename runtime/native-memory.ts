import { markAsUntransferable } from "node:worker_threads";
import { allocate, dtypeInfo, type NumericDType, type TypedArrays, viewAs } from "./dtype.js";
import { SavedModelError } from "./errors.js";
import { loadKoffi } from "./library/koffi.js";
import { nativeApi } from "./native/api.js";
import type { Pointer } from "./native/ffi.js";
import { elementCount, formatShape } from "./shape.js";

/** A tensor of TensorFlow's whose memory JavaScript sees as an ArrayBuffer. */
interface NativeTensor {
  readonly tensor: Pointer;
  readonly dtype: NumericDType;
  readonly shape: readonly number[];
}

const natives = new WeakMap<ArrayBufferLike, NativeTensor>();

// The memory is given back when no typed array holds the buffer any more.
const collected = new FinalizationRegistry<Pointer>((tensor) => nativeApi().TF_DeleteTensor(tensor));

/** Typed arrays of few bytes lie in the engine's own memory, which asking for their buffer would change. */
const LEAST_BYTES = 1024;

/**
 * Zeroed memory of TensorFlow's, in which a tensor can be made up that is then fed without being copied. Where the engine
 * allows no such memory (Electron), and for what is too small to gain, it is memory of JavaScript's.
 *
 * @throws SavedModelError `TF_RESOURCE_EXHAUSTED`, or an error of the library
 */
export function allocateNative<D extends NumericDType>(dtype: D, shape: readonly number[]): TypedArrays[D] {
  const count = elementCount(shape);
  const { code, bytes } = dtypeInfo(dtype);
  const size = count * bytes;
  if (size < LEAST_BYTES) return allocate(dtype, count);
  const api = nativeApi();
  const tensor = api.TF_AllocateTensor(code, BigInt64Array.from(shape, BigInt), shape.length, size);
  const data = tensor === null ? null : api.TF_TensorData(tensor);
  if (tensor === null || data === null) {
    throw new SavedModelError("TF_RESOURCE_EXHAUSTED", `there is no memory for ${dtype} ${formatShape(shape)}`);
  }
  const buffer = viewOf(data, size);
  if (buffer === undefined) {
    api.TF_DeleteTensor(tensor);
    return allocate(dtype, count);
  }
  natives.set(buffer, { tensor, dtype, shape: [...shape] });
  collected.register(buffer, tensor);
  // Elsewhere it would outlive the memory.
  markAsUntransferable(buffer);
  const elements = viewAs(dtype, buffer);
  new Uint8Array(buffer).fill(0);
  return elements;
}

function viewOf(data: Pointer, size: number): ArrayBuffer | undefined {
  try {
    return loadKoffi().view(data, size);
  } catch {
    return undefined;
  }
}

/** The native tensor that these are all the elements of, in this shape. It stays the elements' own. */
export function nativeTensorOf(
  elements: ArrayBufferView,
  dtype: string,
  shape: readonly number[],
): Pointer | undefined {
  if (elements.byteLength < LEAST_BYTES) return undefined;
  const native = natives.get(elements.buffer);
  if (native === undefined || native.dtype !== dtype || elements.byteLength !== elements.buffer.byteLength)
    return undefined;
  return native.shape.join() === shape.join() ? native.tensor : undefined;
}
