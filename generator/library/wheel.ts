import { createWriteStream } from "node:fs";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32 } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import { SavedModelError } from "../../runtime/errors.js";
import { isLibraryFile } from "./kind.js";
import type { OnProgress } from "./progress.js";

/**
 * Takes the shared libraries of TensorFlow out of a wheel, or out of the official C library's zip. Entries are written
 * under their bare names, so no path in the archive leads out of `folder`; sizes and checksums are checked.
 */
export async function unpackZip(
  path: string,
  folder: string,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { openPromise } = await import("yauzl");
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
  try {
    const entries = await libraryEntries(zip);
    const total = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
    let done = 0;
    const count = (bytes: number): void => {
      done += bytes;
      onProgress({ phase: "unpack", done, total });
    };
    // Two inflate side by side: zlib works on libuv's threads.
    await Promise.all(entries.map((entry) => unpackEntry(zip, entry, folder, count, signal)));
  } finally {
    zip.close();
  }
}

async function libraryEntries(zip: ZipFile): Promise<Entry[]> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const name = basename(entry.fileName);
    if (isLibraryFile(name) && !entries.has(name)) entries.set(name, entry);
  }
  return [...entries.values()];
}

async function unpackEntry(
  zip: ZipFile,
  entry: Entry,
  folder: string,
  count: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const source: Readable = await zip.openReadStreamPromise(entry);
  let checksum = 0;
  const check = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      checksum = crc32(chunk, checksum);
      count(chunk.length);
      yield chunk;
    }
  };
  const target = createWriteStream(join(folder, basename(entry.fileName)), { flags: "wx" });
  await pipeline(source, check, target, { signal });
  if (checksum !== entry.crc32) {
    throw new SavedModelError("INSTALL_FAILED", `${entry.fileName} in the archive is damaged: its checksum is wrong`);
  }
}
