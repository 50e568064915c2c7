/** The most bytes that a varint of 64 bits takes. */
const VARINT_BYTES = 10;
/** A length takes 31 bits, as in protocol buffers. */
const MAX_LENGTH = 2 ** 31 - 1;
/** Messages and groups within each other, as many as protocol buffers allow. */
const MAX_DEPTH = 100;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads fields in protocol buffers' wire format, from bytes that nobody vouches for. */
export class WireReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #position: number;
  #end: number;
  /** The two halves of the last varint, as unsigned numbers. */
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, byteLength } = bytes;
    this.#bytes = bytes instanceof Buffer ? bytes : Buffer.from(buffer, byteOffset, byteLength);
    this.#view = new DataView(buffer, byteOffset, byteLength);
    this.#position = 0;
    this.#end = byteLength;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#end;
  }

  /**
   * Enters a message, or packed values: what is read then ends with it.
   *
   * @param depth the number of messages that it is in
   * @returns the end of what it is in, for {@link WireReader.leave}
   */
  enter(depth: number): number {
    if (depth > MAX_DEPTH) throw new Error("max depth exceeded");
    const outer = this.#end;
    const length = this.#length();
    this.#end = this.#position + length;
    return outer;
  }

  leave(outer: number): void {
    this.#end = outer;
  }

  /** Reads the number of a field, and its wire type in the lowest three bits. */
  tag(): number {
    this.#varint();
    const tag = this.#low;
    if (this.#high !== 0) throw new Error("invalid tag encoding");
    if (tag >>> 3 === 0) throw new Error("illegal tag: field number 0");
    return tag;
  }

  int32(): number {
    this.#varint();
    return this.#low | 0;
  }

  bool(): boolean {
    this.#varint();
    return this.#low !== 0 || this.#high !== 0;
  }

  /** A number, or a bigint where a number would be rounded. */
  int64(): number | bigint {
    this.#varint();
    return integerOf(this.#low, this.#high | 0);
  }

  sint64(): number | bigint {
    this.#varint();
    const sign = -(this.#low & 1);
    const low = (((this.#low >>> 1) | (this.#high << 31)) ^ sign) >>> 0;
    return integerOf(low, (this.#high >>> 1) ^ sign);
  }

  float(): number {
    return this.#view.getFloat32(this.#advance(4), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  /** A view of the bytes. */
  bytes(): Uint8Array {
    const length = this.#length();
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  string(): string {
    const length = this.#length();
    const start = this.#advance(length);
    const end = start + length;
    const bytes = this.#bytes;
    for (let index = start; index < end; index++) {
      if ((bytes[index] ?? 0) > 127) return utf8.decode(bytes.subarray(start, end));
    }
    return bytes.toString("latin1", start, end);
  }

  /**
   * Skips the value of a field.
   *
   * @param depth the number of messages and groups that it is in
   */
  skip(tag: number, depth = 0): void {
    if (depth > MAX_DEPTH) throw new Error("max depth exceeded");
    const type = tag & 7;
    if (type === 0) this.#varint();
    else if (type === 1) this.#advance(8);
    else if (type === 2) this.#advance(this.#length());
    else if (type === 5) this.#advance(4);
    else if (type === 3) this.#skipGroup(tag, depth);
    else throw new Error(`invalid wire type ${type} at offset ${this.#position}`);
  }

  #skipGroup(start: number, depth: number): void {
    for (;;) {
      const tag = this.tag();
      if ((tag & 7) !== 4) this.skip(tag, depth + 1);
      else if (tag >>> 3 === start >>> 3) return;
      else throw new Error("invalid end group tag");
    }
  }

  /** Reads a length, of as many bytes as there are. */
  #length(): number {
    this.#varint();
    const length = this.#low;
    if (this.#high !== 0 || length > MAX_LENGTH) throw new Error("invalid length encoding");
    this.#require(length);
    return length;
  }

  /** Passes over some bytes, and returns the index of the first. */
  #advance(count: number): number {
    this.#require(count);
    const start = this.#position;
    this.#position += count;
    return start;
  }

  #require(count: number): void {
    if (this.#position + count <= this.#end) return;
    throw new RangeError(`index out of range: ${this.#position} + ${count} > ${this.#end}`);
  }

  #varint(): void {
    let position = this.#position;
    const bytes = this.#bytes;
    const end = this.#end;
    const first = bytes[position];
    // Nearly all tags and lengths.
    if (first !== undefined && first < 128 && position < end) {
      this.#position = position + 1;
      this.#low = first;
      this.#high = 0;
      return;
    }
    let low = 0;
    let high = 0;
    for (let index = 0; index < VARINT_BYTES; index++, position++) {
      const byte = bytes[position];
      if (byte === undefined || position >= end) {
        throw new RangeError(`index out of range: ${position} + 1 > ${end}`);
      }
      const bits = byte & 127;
      // Bits 28 to 34 are in both halves.
      if (index < 5) low |= bits << (7 * index);
      if (index === 4) high = bits >>> 4;
      else if (index > 4) high |= bits << (7 * index - 32);
      if (byte < 128) {
        this.#position = position + 1;
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw new Error("invalid varint encoding");
  }
}

/** @param high the signed half */
function integerOf(low: number, high: number): number | bigint {
  const number = high * 2 ** 32 + low;
  return Number.isSafeInteger(number) ? number : (BigInt(high) << 32n) | BigInt(low);
}
