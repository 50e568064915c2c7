import { orOutOfMemory } from "../../tensor/allocate-zeros.js";
import { allocate, dtypeInfo, type NumericDType, type TypedArrays, viewAs } from "../../tensor/dtype.js";
import { elementCount } from "../../tensor/shape.js";
import { loadKoffi } from "./library/koffi.js";

/** TensorFlow copies memory that begins elsewhere (`EIGEN_MAX_ALIGN_BYTES`, the width of an AVX-512 register). */
const ALIGNMENT = 64;

/** Below this size a copy costs less than a tensor made for one call. */
const LEAST_BYTES = 1024;

/** Position of the first aligned byte in each buffer that was made here. */
const aligned = new WeakMap<ArrayBufferLike, number>();

/**
 * Allocates zeroed memory of JavaScript's that TensorFlow can read in place. It is an ordinary ArrayBuffer with some bytes
 * to spare: the engine frees it and knows its size, and it may be transferred like any other.
 *
 * @throws SavedModelError `TF_RESOURCE_EXHAUSTED`, or `LIBRARY_INVALID` when koffi cannot be loaded
 */
export function allocateAligned<D extends NumericDType>(dtype: D, shape: readonly number[]): TypedArrays[D] {
  const count = elementCount(shape);
  const bytes = count * dtypeInfo(dtype).bytes;
  return orOutOfMemory(dtype, shape, () => {
    if (bytes < LEAST_BYTES) return allocate(dtype, count);
    const buffer = new ArrayBuffer(bytes + ALIGNMENT);
    const address = loadKoffi().address(new Uint8Array(buffer));
    const start = (ALIGNMENT - Number(address % BigInt(ALIGNMENT))) % ALIGNMENT;
    aligned.set(buffer, start);
    return viewAs(dtype, buffer, start, count);
  });
}

/**
 * Returns true if TensorFlow can read these elements in place: they lie in aligned memory that no other thread can
 * write to.
 */
export function isAligned(elements: ArrayBufferView): boolean {
  if (elements.byteLength < LEAST_BYTES) return false;
  const start = aligned.get(elements.buffer);
  return start !== undefined && (elements.byteOffset - start) % ALIGNMENT === 0;
}
