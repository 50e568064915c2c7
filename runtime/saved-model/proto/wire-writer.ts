/** Bytes that a length takes: the most that one of 2 GiB needs, so that it can be filled in afterwards. */
const LENGTH_BYTES = 5;

/** Writes fields in protocol buffers' wire format. */
export class WireWriter {
  #bytes: Buffer;
  #size = 0;

  /** @param expected a number of bytes that is probably enough */
  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(64, expected));
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  /** Begins a message within a field; {@link WireWriter.end} takes what this returns. */
  begin(id: number): number {
    this.#varint(BigInt(id * 8 + 2));
    this.#reserve(LENGTH_BYTES);
    this.#size += LENGTH_BYTES;
    return this.#size;
  }

  end(start: number): void {
    let length = this.#size - start;
    for (let at = start - LENGTH_BYTES; at < start; at++) {
      // A varint may be longer than it needs to be.
      this.#bytes[at] = (length % 128) + (at < start - 1 ? 128 : 0);
      length = Math.floor(length / 128);
    }
  }

  bytes(id: number, value: Uint8Array): void {
    this.#varint(BigInt(id * 8 + 2));
    this.#varint(BigInt(value.length));
    this.#reserve(value.length);
    this.#bytes.set(value, this.#size);
    this.#size += value.length;
  }

  integer(id: number, value: bigint): void {
    this.#varint(BigInt(id * 8));
    this.#varint(BigInt.asUintN(64, value));
  }

  /** As `sint64` has it. */
  signed(id: number, value: bigint): void {
    this.integer(id, (value << 1n) ^ (value < 0n ? -1n : 0n));
  }

  float(id: number, value: number): void {
    this.#varint(BigInt(id * 8 + 5));
    this.#reserve(4);
    this.#size = this.#bytes.writeFloatLE(value, this.#size);
  }

  double(id: number, value: number): void {
    this.#varint(BigInt(id * 8 + 1));
    this.#reserve(8);
    this.#size = this.#bytes.writeDoubleLE(value, this.#size);
  }

  /** Writes integers without their field: the contents of a packed one. */
  varints(values: BigInt64Array): void {
    const halves = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
    for (let index = 0; index < halves.length; index += 2) {
      let low = halves[index] ?? 0;
      let high = halves[index + 1] ?? 0;
      this.#reserve(10);
      while (high > 0 || low > 127) {
        this.#bytes[this.#size++] = (low & 127) | 128;
        low = ((low >>> 7) | (high << 25)) >>> 0;
        high >>>= 7;
      }
      this.#bytes[this.#size++] = low;
    }
  }

  #varint(value: bigint): void {
    this.#reserve(10);
    let rest = value;
    for (; rest > 127n; rest >>= 7n) this.#bytes[this.#size++] = Number(rest & 127n) | 128;
    this.#bytes[this.#size++] = Number(rest);
  }

  #reserve(count: number): void {
    if (this.#size + count <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafe(Math.max(this.#size + count, this.#bytes.length * 2));
    this.#bytes.copy(bytes, 0, 0, this.#size);
    this.#bytes = bytes;
  }
}
