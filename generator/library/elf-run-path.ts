import { type FileHandle, open } from "node:fs/promises";
import { HEADER_BYTES, isElf64, SEGMENT_BYTES } from "./strip-elf.js";

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_STRTAB = 5n;
const DT_STRSZ = 10n;
const DT_RUNPATH = 29n;
const ENTRY_BYTES = 16;

/**
 * Reads the folders in which the loader searches for what an ELF library loads, such as `$ORIGIN/../nvidia/cublas/lib`,
 * each once. Empty for a library without a RUNPATH, and for other files.
 */
export async function readRunPath(path: string): Promise<readonly string[]> {
  const file = await open(path);
  try {
    const header = await bytesAt(file, 0, HEADER_BYTES);
    if (header.length < HEADER_BYTES || !isElf64(header)) return [];
    const segments = await readSegments(file, header);
    const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
    if (dynamic === undefined) return [];
    const entries = readEntries(await bytesAt(file, dynamic.offset, dynamic.bytes));
    const [runPath, table, size] = [DT_RUNPATH, DT_STRTAB, DT_STRSZ].map((tag) => entries.get(tag));
    if (runPath === undefined || table === undefined || size === undefined) return [];
    const place = segments.find(
      ({ type, address, bytes }) => type === PT_LOAD && table >= address && table < address + bytes,
    );
    if (place === undefined) return [];
    const strings = await bytesAt(file, place.offset + table - place.address, size);
    const text = strings.toString("utf8", runPath, strings.indexOf(0, runPath));
    return [...new Set(text.split(":").filter((folder) => folder !== ""))];
  } finally {
    await file.close();
  }
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
}

async function readSegments(file: FileHandle, header: Buffer): Promise<readonly Segment[]> {
  const count = header.readUInt16LE(56);
  const table = await bytesAt(file, Number(header.readBigUInt64LE(32)), count * SEGMENT_BYTES);
  return Array.from({ length: Math.floor(table.length / SEGMENT_BYTES) }, (_, index) => {
    const at = index * SEGMENT_BYTES;
    return {
      type: table.readUInt32LE(at),
      offset: Number(table.readBigUInt64LE(at + 8)),
      address: Number(table.readBigUInt64LE(at + 16)),
      bytes: Number(table.readBigUInt64LE(at + 32)),
    };
  });
}

function readEntries(dynamic: Buffer): ReadonlyMap<bigint, number> {
  const entries = new Map<bigint, number>();
  for (let at = 0; at + ENTRY_BYTES <= dynamic.length; at += ENTRY_BYTES) {
    entries.set(dynamic.readBigUInt64LE(at), Number(dynamic.readBigUInt64LE(at + 8)));
  }
  return entries;
}

/** Returns fewer bytes at the end of the file. */
async function bytesAt(file: FileHandle, position: number, count: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, position);
  return buffer.subarray(0, bytesRead);
}
