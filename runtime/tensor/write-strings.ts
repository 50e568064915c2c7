import { byteLengthOf, isDetached } from "./detached.js";
import type { Flattened } from "./flatten.js";
import { type BlockMemory, PackedStrings, StringBlock } from "./string-block.js";
import type { BadElement } from "./write-elements.js";

/** From this many strings on, they are encoded into one block. */
const LEAST_BLOCK = 4;

/** Shorter strings are joined and encoded together, several times as fast. */
const LEAST_ALONE = 2 ** 10;
const MAX_JOINED = 2 ** 14;

/** No UTF-16 code unit takes more bytes in UTF-8. */
const MAX_UNIT_BYTES = 3;

/** Strings, as text or bytes, that are checked and brought into row-major order. */
export class StringRows {
  /** Number of strings in all rows. */
  readonly #count: number;
  readonly #memory: BlockMemory | undefined;
  readonly #elements: Uint8Array[] = [];
  #packer: StringPacker | undefined;

  /**
   * @param count number of strings in all rows
   * @param memory for a block; without it, each string is separate
   */
  constructor(count: number, memory?: BlockMemory) {
    this.#count = count;
    this.#memory = memory;
  }

  /** Checks the strings of a row, and adds them; stops at the first bad one. */
  push(row: ArrayLike<unknown>): BadElement | undefined {
    // Read once: what is checked is what is encoded.
    const values = Array.from(row);
    let index = 0;
    for (const value of values) {
      const problem = problemOf(value);
      if (problem !== undefined) return { problem, index };
      index++;
    }
    const strings = values as (string | Uint8Array)[];
    const [first] = strings;
    const elements = this.#elements;
    // Bytes are not copied: they are fed as they are.
    if (this.#memory !== undefined && elements.length === 0 && typeof first === "string") {
      if (this.#count >= LEAST_BLOCK) this.#packer ??= new StringPacker(this.#count, this.#memory);
    }
    const packer = this.#packer;
    if (packer === undefined) {
      for (const value of strings) elements.push(typeof value === "string" ? Buffer.from(value) : value);
      return undefined;
    }
    try {
      packer.add(strings);
      return undefined;
    } catch (error) {
      // No code of the caller's runs in there.
      if (error instanceof RangeError) return { problem: "TF_RESOURCE_EXHAUSTED", index: 0 };
      throw error;
    }
  }

  /** Returns the strings of all rows. */
  finish(shape: readonly number[]): Flattened {
    if (this.#packer === undefined) return { shape, elements: this.#elements };
    return new PackedStrings(shape, this.#packer.finish());
  }
}

function problemOf(value: unknown): BadElement["problem"] | undefined {
  // A lone surrogate has no UTF-8 form; the encoder would replace it silently.
  if (typeof value === "string") return value.isWellFormed() ? undefined : "INVALID_UTF8";
  if (!(value instanceof Uint8Array)) return "INVALID_DTYPE";
  // It would pass for an empty string.
  return isDetached(value) ? "INVALID_SIZE" : undefined;
}

/** Writes strings into one block. */
export class StringPacker {
  readonly #memory: BlockMemory;
  readonly #ends: Float64Array;
  #count = 0;
  #block: Buffer = Buffer.alloc(0);
  #length = 0;
  /** Short strings that are encoded together, and the number of their code units. */
  #joined: string[] = [];
  #units = 0;

  /**
   * @param count number of strings
   * @param memory holds the result
   */
  constructor(count: number, memory: BlockMemory) {
    this.#ends = new Float64Array(count);
    this.#memory = memory;
  }

  /**
   * Adds strings that are well-formed, or bytes.
   *
   * @throws RangeError when out of memory
   */
  add(strings: readonly (string | Uint8Array)[]): void {
    let size = 0;
    for (const value of strings) size += typeof value === "string" ? value.length : byteLengthOf(value);
    // Enough where all is ASCII, with so much to spare that hardly any string has to be measured.
    this.#reserve(size + Math.min(2 * size, MAX_UNIT_BYTES * MAX_JOINED));
    for (const value of strings) {
      if (typeof value === "string" && value.length < LEAST_ALONE) {
        if (this.#units + value.length > MAX_JOINED) this.#flush();
        this.#joined.push(value);
        this.#units += value.length;
        continue;
      }
      this.#flush();
      if (typeof value === "string") {
        this.#encode(value);
      } else {
        const bytes = byteLengthOf(value);
        this.#reserve(bytes);
        this.#block.set(value, this.#length);
        this.#length += bytes;
      }
      this.#end(this.#length);
    }
    this.#flush();
  }

  /** Returns the strings. */
  finish(): StringBlock {
    const { buffer, byteOffset } = this.#block;
    return new StringBlock(new Uint8Array(buffer as ArrayBuffer, byteOffset, this.#length), this.#ends);
  }

  #flush(): void {
    const joined = this.#joined;
    if (joined.length === 0) return;
    let end = this.#length;
    const isAscii = this.#encode(joined.join("")) === this.#units;
    for (const text of joined) {
      end += isAscii ? text.length : Buffer.byteLength(text);
      this.#end(end);
    }
    this.#joined = [];
    this.#units = 0;
  }

  /** Encodes a string, and returns the number of its bytes. */
  #encode(text: string): number {
    if (this.#block.length - this.#length < MAX_UNIT_BYTES * text.length) this.#reserve(Buffer.byteLength(text));
    const bytes = this.#block.write(text, this.#length);
    this.#length += bytes;
    return bytes;
  }

  #end(offset: number): void {
    this.#ends[this.#count++] = offset;
  }

  /** Makes room for so many bytes more. */
  #reserve(bytes: number): void {
    const block = this.#block;
    const needed = this.#length + bytes;
    if (needed <= block.length) return;
    const size = Math.max(needed, 2 * this.#length);
    const { buffer, byteLength } = this.#memory.take(size);
    this.#block = Buffer.from(buffer, 0, byteLength);
    this.#block.set(block.subarray(0, this.#length));
  }
}
