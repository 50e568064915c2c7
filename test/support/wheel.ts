import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { place, temporaryFolder } from "./library.js";

/** Files of an archive: their contents, or the path of a large file. */
export type ArchiveFiles = Readonly<Record<string, Uint8Array | string | { readonly file: string }>>;

/** Writes files to a new folder, and returns it. */
function folderOf(files: ArchiveFiles): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    const target = join(folder, name);
    mkdirSync(dirname(target), { recursive: true });
    if (typeof content === "object" && "file" in content)
      place(content.file, dirname(target), target.split("/").at(-1));
    else writeFileSync(target, content);
  }
  return folder;
}

const SCRIPT = `
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[2], "w") as archive:
  for name in sys.argv[3:]: archive.write(os.path.join(sys.argv[1], name), name)
`;

/** Writes a zip file, uncompressed, with its entries in this order: a wheel or a jar. */
export function zipOf(files: ArchiveFiles, name = "tensorflow.whl"): string {
  const file = join(temporaryFolder(), name);
  execFileSync("python3", ["-c", SCRIPT, folderOf(files), file, ...Object.keys(files)]);
  return file;
}

/** The files of a wheel besides the libraries. */
export const WHEEL_TEXTS: ArchiveFiles = {
  "tensorflow/include/LICENSE": "Apache License\n",
  "tensorflow/THIRD_PARTY_NOTICES.txt": "Notices\n",
  "tensorflow/__init__.py": "",
  "tensorflow-2.21.0.dist-info/METADATA": "Metadata-Version: 2.4\nName: tensorflow\nVersion: 2.21.0\n\nVersion: 1\n",
};

/**
 * Returns a minimal ELF file with one segment.
 *
 * @param machine the code of the processor
 * @param behind what lies behind the segment
 */
export function elfOf(machine: number, contents: string, behind = ""): Buffer {
  const start = 64 + 56;
  const header = Buffer.alloc(start);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  header.writeUInt16LE(3, 16);
  header.writeUInt16LE(machine, 18);
  header.writeBigUInt64LE(64n, 32);
  header.writeBigUInt64LE(BigInt(start + contents.length), 40);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt16LE(9, 60);
  header.writeUInt16LE(8, 62);
  header.writeUInt32LE(1, 64);
  header.writeBigUInt64LE(0n, 64 + 8);
  header.writeBigUInt64LE(BigInt(start + contents.length), 64 + 32);
  return Buffer.concat([header, Buffer.from(contents), Buffer.from(behind)]);
}

/** Returns the header of a Mach-O library for arm64. */
export function machO(): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32LE(0xfeed_facf, 0);
  header.writeUInt32LE(0x0100_000c, 4);
  return header;
}
