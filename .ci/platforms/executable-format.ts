import { open } from "node:fs/promises";

/** Codes of processors in ELF (`e_machine`), Mach-O (`cputype`) and PE (`Machine`) files. */
const ELF: Readonly<Record<number, string>> = { 62: "linux-x64", 183: "linux-arm64" };
const MACH_O: Readonly<Record<number, string>> = { 16777223: "darwin-x64", 16777228: "darwin-arm64" };
const PE: Readonly<Record<number, string>> = { 34404: "win32-x64", 43620: "win32-arm64" };

/** Returns the platform that a shared library was built for, such as `linux-x64`; undefined if that is unknown. */
export async function platformOfFile(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const { buffer: start } = await file.read(Buffer.alloc(64), 0, 64, 0);
    if (start.toString("latin1", 0, 4) === "\x7fELF") return ELF[start.readUInt16LE(18)];
    if (start.readUInt32LE(0) === 0xfeed_facf) return MACH_O[start.readUInt32LE(4)];
    if (start.toString("latin1", 0, 2) !== "MZ") return undefined;
    const { buffer: header } = await file.read(Buffer.alloc(6), 0, 6, start.readUInt32LE(60));
    return header.toString("latin1", 0, 4) === "PE\0\0" ? PE[header.readUInt16LE(4)] : undefined;
  } finally {
    await file.close();
  }
}

/** A DLL that another one imports, and the names that it imports from there. */
export interface ImportedDll {
  readonly name: string;
  readonly symbols: readonly string[];
}

/**
 * Reads the import table of a 64-bit DLL. Its tables are read one by one: TensorFlow's has 1 GB.
 *
 * @throws Error if the file is not such a DLL
 */
export async function readImports(path: string): Promise<readonly ImportedDll[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const bytes = async (at: number, count: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(count),
        0,
        Math.min(count, Math.max(0, size - at)),
        at,
      );
      return buffer.subarray(0, bytesRead);
    };
    const header = (await bytes(0, 64)).readUInt32LE(60);
    const coff = await bytes(header, 24 + 128);
    if (coff.toString("latin1", 0, 4) !== "PE\0\0" || coff.readUInt16LE(24) !== 0x20b) {
      throw new Error(`${path} is not a 64-bit DLL`);
    }
    const sections = await bytes(header + 24 + coff.readUInt16LE(20), 40 * coff.readUInt16LE(6));
    /** Returns the place in the file of an address in memory. */
    const placeOf = (address: number): number => {
      for (let at = 0; at < sections.length; at += 40) {
        const start = sections.readUInt32LE(at + 12);
        if (address >= start && address < start + sections.readUInt32LE(at + 16)) {
          return address - start + sections.readUInt32LE(at + 20);
        }
      }
      throw new Error(`${path} has no section at ${address}`);
    };
    const text = async (address: number): Promise<string> => {
      const found = await bytes(placeOf(address), 512);
      const end = found.indexOf(0);
      if (end < 0) throw new Error(`${path} has an endless name`);
      return found.toString("latin1", 0, end);
    };
    const dlls: ImportedDll[] = [];
    const ORDINAL = 1n << 63n;
    for (let at = placeOf(coff.readUInt32LE(24 + 120)); ; at += 20) {
      const entry = await bytes(at, 20);
      const names = entry.readUInt32LE(0);
      if (entry.readUInt32LE(12) === 0) return dlls;
      const symbols: string[] = [];
      for (let place = placeOf(names); ; place += 8) {
        const symbol = (await bytes(place, 8)).readBigUInt64LE(0);
        if (symbol === 0n) break;
        // The first two bytes are a hint.
        if ((symbol & ORDINAL) === 0n) symbols.push(await text(Number(symbol) + 2));
      }
      dlls.push({ name: await text(entry.readUInt32LE(12)), symbols });
    }
  } finally {
    await file.close();
  }
}
