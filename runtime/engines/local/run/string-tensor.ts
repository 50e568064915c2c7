import { allocateUnfilled } from "../../../tensor/dtype.js";
import { allocateBlock, StringBlock } from "../../../tensor/string-block.js";
import { loadKoffi } from "../library/koffi.js";
import { type NativeApi, nonNull } from "../native/c-api.js";
import type { Pointer } from "../native/c-functions.js";
import { hasKnownLayout, packShort, packViews, STRING_BYTES, StringElements } from "./string-layout.js";

/** A string tensor that this package made. TensorFlow does not free what its elements point to; we have to. */
interface StringTensor {
  readonly tensor: Pointer;
  /** Number of elements, from the first, that may own memory. */
  readonly count: number;
  /** Memory that elements are views of. */
  readonly block?: StringBlock | undefined;
}

const ELEMENT_BYTES = BigInt(STRING_BYTES);

/** Tensors that TensorFlow still holds, for example because a variable was assigned from them. */
let held: StringTensor[] = [];

/** Deletes a string tensor and the memory of its elements, at once or as soon as TensorFlow has released it. */
export function deleteStrings(api: NativeApi, tensor: StringTensor): void {
  const waiting = [...held, tensor];
  held = [];
  for (const candidate of waiting) if (!tryDelete(api, candidate)) held.push(candidate);
}

function tryDelete(api: NativeApi, { tensor, count }: StringTensor): boolean {
  if (api.TF_TensorMaybeMove(tensor) === null) return false;
  if (count > 0) freeStrings(api, nonNull(api.TF_TensorData(tensor), "tensor data"), count);
  api.TF_DeleteTensor(tensor);
  return true;
}

/** From this many elements on, they are moved as one block. */
const LEAST_BLOCK = 4;

/**
 * TensorFlow ends the process when out of memory for a string that it copies, so memory is checked every so many bytes.
 */
const LEAST_PROOF_BYTES = 2 ** 16;

/** Out of memory for the copy of a string. */
export class NoMemoryForStrings extends Error {}

/** Initializes the memory of a new tensor with empty strings. */
export function initStrings(api: NativeApi, data: Pointer, count: number): void {
  let element = data;
  for (let index = 0; index < count; index++, element += ELEMENT_BYTES) api.TF_StringInit(element);
}

/**
 * Writes the elements of a string tensor of this package's.
 *
 * @param sizeOf returns the number of bytes of a string
 * @param mayOwn true if elements may point to memory of strings that they held before
 * @returns true if they may do so from now on
 * @throws NoMemoryForStrings when out of memory; some of them are written then
 */
export function writeStrings(
  api: NativeApi,
  data: Pointer,
  texts: readonly Uint8Array[],
  sizeOf: (text: Uint8Array) => number,
  mayOwn: boolean,
): boolean {
  const packed = isBlock(api, texts.length) ? packShort(texts, sizeOf) : undefined;
  let element = data;
  if (packed === undefined) {
    let unproven = 0;
    for (const text of texts) {
      const size = sizeOf(text);
      unproven += size;
      if (unproven >= LEAST_PROOF_BYTES) {
        if (!api.hasMemory(unproven)) throw new NoMemoryForStrings();
        unproven = 0;
      }
      api.TF_StringCopy(element, text, size);
      element += ELEMENT_BYTES;
    }
    return true;
  }
  if (mayOwn) freeStrings(api, data, texts.length);
  api.memcpy(data, packed, packed.byteLength);
  return false;
}

/** Returns true if so many elements are moved as one block. */
export function isBlock(api: NativeApi, count: number): boolean {
  return count >= LEAST_BLOCK && hasKnownLayout(api);
}

function freeStrings(api: NativeApi, data: Pointer, count: number): void {
  let element = data;
  for (let index = 0; index < count; index++, element += ELEMENT_BYTES) api.TF_StringDealloc(element);
}

/**
 * Makes all elements views of a block, where {@link isBlock}. The block has to be kept unchanged for as long as anything
 * may read the tensor, or an element that was copied from it, because TensorFlow copies a view as a view. So this is for
 * graphs that only move strings and leave nothing behind (docs/decisions/0036-strings-as-views-of-one-block.md):
 *
 * - What outlives a run could be read by a later one: variables, tables, queues, staging areas, files, batches that several
 *   runs share. All of these count as writes.
 * - What is made for one run is freed with it, but for an iterator whose run fails. Graphs that make iterators are excluded.
 * - Tensors of a run (results that are the input's own memory, lists, captured arguments, datasets without an iterator) are
 *   gone when it ends. Results are read before the block is overwritten, and an asynchronous run has its own block.
 * - A view owns nothing, so one that is leaked or freed late is not read.
 *
 * @param mayOwn true if elements may own memory of strings that they held before
 * @returns false if its address is too large a number; nothing is written then
 */
export function viewStrings(api: NativeApi, data: Pointer, block: StringBlock, mayOwn: boolean): boolean {
  const count = block.ends.length;
  const address = Number(loadKoffi().address(block.bytes));
  if (!Number.isSafeInteger(address + block.bytes.length)) return false;
  if (mayOwn) freeStrings(api, data, count);
  api.memcpy(data, packViews(block, address), count * STRING_BYTES);
  return true;
}

/** Makes all elements empty strings, whatever they were. They must not own memory. */
export function emptyStrings(api: NativeApi, data: Pointer, count: number): void {
  // What TF_StringInit writes; only where the layout is known are elements anything else without owning memory.
  api.memcpy(data, new Uint8Array(count * STRING_BYTES), count * STRING_BYTES);
}

/** From this size on, large pages are worth asking for. */
const HUGE_BYTES = 8 * 2 ** 20;

/**
 * Copies the bytes of the elements of a string tensor.
 *
 * @throws RangeError when out of memory
 */
export function readStrings(api: NativeApi, tensor: Pointer, count: number): StringBlock {
  const ends = new Float64Array(count);
  if (count === 0) return new StringBlock(allocateBlock(0).subarray(0, 0), ends);
  const first = nonNull(api.TF_TensorData(tensor), "tensor data");
  const elements = isBlock(api, count) ? new StringElements(api, first, count) : undefined;
  const elementAt = (index: number): Pointer => first + BigInt(index) * ELEMENT_BYTES;
  let total = 0;
  for (let index = 0; index < count; index++) {
    total += elements?.sizeOf(index) ?? Number(api.TF_StringGetSize(elementAt(index)));
    ends[index] = total;
  }
  const bytes = allocateUnfilled("uint8", total) as Uint8Array<ArrayBuffer>;
  if (total >= HUGE_BYTES) api.adviseHugePages(bytes);
  const target = Number(loadKoffi().address(bytes));
  // Strings that lie one after another are copied at once: those of an input that a model passes on, for one.
  let run: { from: number; start: number; end: number } | undefined;
  const copyRun = (): void => {
    if (run !== undefined) api.memcpy(target + run.start, run.from, run.end - run.start);
    run = undefined;
  };
  let index = 0;
  let start = 0;
  for (const end of ends) {
    const size = end - start;
    if (size > 0 && elements?.copyShort(index, bytes, start, size) !== true) {
      const address = elements?.addressOf(index);
      if (address === undefined) {
        const source = nonNull(api.TF_StringGetDataPointer(elementAt(index)), "string data");
        api.memcpy(bytes.subarray(start, end), source, size);
      } else if (run !== undefined && run.end === start && run.from + run.end - run.start === address) {
        run.end = end;
      } else {
        copyRun();
        run = { from: address, start, end };
      }
    }
    start = end;
    index++;
  }
  copyRun();
  return new StringBlock(bytes, ends);
}
