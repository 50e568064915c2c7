import { open } from "node:fs/promises";

/** Size of the header of an ELF file, and of the description of a segment. */
export const HEADER_BYTES = 64;
export const SEGMENT_BYTES = 56;

/**
 * Cuts off what lies behind the last segment of an ELF file: symbol tables and section headers, which debuggers read, and
 * the loader does not. TensorFlow's libraries for Linux become a quarter smaller. Other files, such as those of macOS and
 * Windows, which have nothing that can be cut off, are left as they are. The file is changed in place, so it must have no
 * other name (hard link).
 *
 * @returns the number of bytes that were cut off
 */
export async function stripElf(path: string): Promise<number> {
  const file = await open(path, "r+");
  try {
    const { size } = await file.stat();
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
    if (bytesRead < HEADER_BYTES || !isElf64(header)) return 0;
    const start = Number(header.readBigUInt64LE(32));
    const count = header.readUInt16LE(56);
    const segments = Buffer.alloc(count * SEGMENT_BYTES);
    if ((await file.read(segments, 0, segments.length, start)).bytesRead < segments.length) return 0;
    let end = start + segments.length;
    for (let at = 0; at < segments.length; at += SEGMENT_BYTES) {
      const segmentEnd = Number(segments.readBigUInt64LE(at + 8) + segments.readBigUInt64LE(at + 32));
      end = Math.max(end, segmentEnd);
    }
    // A file that ends early is damaged, which loading it will show.
    if (count === 0 || end >= size) return 0;
    // Their address, number and names: there are none.
    header.writeBigUInt64LE(0n, 40);
    header.writeUInt16LE(0, 60);
    header.writeUInt16LE(0, 62);
    await file.write(header, 0, HEADER_BYTES, 0);
    await file.truncate(end);
    return size - end;
  } finally {
    await file.close();
  }
}

/** Returns true for a little-endian file of 64 bits with program headers of the usual size. */
export function isElf64(header: Buffer): boolean {
  return header.toString("latin1", 0, 6) === "\x7fELF\x02\x01" && header.readUInt16LE(54) === SEGMENT_BYTES;
}
