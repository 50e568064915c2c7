import { constants, isAscii, isUtf8 } from "node:buffer";
import { isDetached } from "./detached.js";
import type { Flattened } from "./flatten.js";

/**
 * The most bytes of short strings that are decoded together. The engine may keep them together for as long as one of them
 * is used, so this bounds what it keeps, as the pool of small buffers does.
 */
const TOGETHER_BYTES = 2 ** 13;

/** The bytes of strings, one after another in one block of memory. */
export class StringBlock {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offset of the end of each string, which is where the next one begins. */
  readonly ends: Float64Array;

  /** @param bytes those of the strings and no others, in memory that does not move: see {@link allocateBlock} */
  constructor(bytes: Uint8Array<ArrayBuffer>, ends: Float64Array) {
    this.bytes = bytes;
    this.ends = ends;
  }

  /** Returns the bytes of each string, in the memory of the block. */
  toViews(): readonly Uint8Array[] {
    const { buffer, byteOffset } = this.bytes;
    const views: Uint8Array[] = [];
    let start = 0;
    for (const end of this.ends) {
      views.push(new Uint8Array(buffer, byteOffset + start, end - start));
      start = end;
    }
    return views;
  }

  /** Decodes all strings; undefined if this is not possible for one of them. */
  toTexts(): readonly string[] | undefined {
    if (isDetached(this.bytes)) return undefined;
    const { buffer, byteOffset, byteLength } = this.bytes;
    const block = Buffer.from(buffer, byteOffset, byteLength);
    const decode = isAscii(block) ? decodeAscii : decodeUtf8;
    if (decode === decodeUtf8 && !this.#isUtf8()) return undefined;
    const texts: string[] = [];
    let ends: number[] = [];
    let start = 0;
    let last = 0;
    for (const end of this.ends) {
      if (end - last > constants.MAX_STRING_LENGTH) return undefined;
      if (end - start > TOGETHER_BYTES) {
        decode(block, start, ends, texts);
        ends = [];
        start = last;
      }
      ends.push(end);
      last = end;
    }
    decode(block, start, ends, texts);
    return texts;
  }

  /** Returns true if all strings are valid UTF-8: together they are, and none begins within a character. */
  #isUtf8(): boolean {
    const { bytes, ends } = this;
    return isUtf8(bytes) && ends.every((end) => ((bytes[end] ?? 0) & 0xc0) !== 0x80);
  }
}

function decodeAscii(block: Buffer, start: number, ends: readonly number[], texts: string[]): void {
  const all = block.toString("latin1", start, ends.at(-1) ?? start);
  let from = 0;
  for (const end of ends) {
    texts.push(all.slice(from, end - start));
    from = end - start;
  }
}

function decodeUtf8(block: Buffer, start: number, ends: readonly number[], texts: string[]): void {
  let from = start;
  for (const end of ends) {
    texts.push(block.toString("utf8", from, end));
    from = end;
  }
}

/** The engine may move smaller arrays, until their buffer is asked for. */
const LEAST_BYTES = 2 ** 10;

/**
 * Allocates memory that does not move, at least as large as asked for. It is not filled.
 *
 * @throws RangeError when out of memory
 */
export function allocateBlock(bytes: number): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = Buffer.allocUnsafeSlow(Math.max(bytes, LEAST_BYTES));
  return new Uint8Array(buffer, 0, byteLength);
}

/** More memory than this is not kept from call to call. */
const MAX_KEPT = 2 ** 26;

/** Memory that native code still refers to. */
const pinned = new WeakSet<ArrayBuffer>();

/** Memory for blocks, kept from call to call. */
export class BlockMemory {
  #kept: Uint8Array<ArrayBuffer> | undefined;

  /**
   * Returns memory of at least this size, which the next call overwrites.
   *
   * @throws RangeError when out of memory
   */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    const kept = this.#kept;
    if (kept !== undefined && !pinned.has(kept.buffer) && bytes <= kept.length && isWorthKeeping(kept, bytes)) {
      return kept;
    }
    const taken = allocateBlock(bytes);
    this.#kept = bytes > MAX_KEPT ? undefined : taken;
    return taken;
  }
}

/** Memory for the largest of many calls is not kept for small ones. */
function isWorthKeeping({ length }: Uint8Array, bytes: number): boolean {
  return length <= 2 ** 20 || length <= 4 * bytes;
}

/** Keeps a block from ever being overwritten. */
export function pinBlock({ bytes }: StringBlock): void {
  pinned.add(bytes.buffer);
}

/** Strings of an input that are in one block. Their views are made for whoever reads them one by one. */
export class PackedStrings implements Flattened {
  readonly shape: readonly number[];
  readonly block: StringBlock;
  #views: readonly Uint8Array[] | undefined;

  constructor(shape: readonly number[], block: StringBlock) {
    this.shape = shape;
    this.block = block;
  }

  get elements(): readonly Uint8Array[] {
    this.#views ??= this.block.toViews();
    return this.#views;
  }
}
