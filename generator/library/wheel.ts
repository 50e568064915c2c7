import { createReadStream, createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32, createInflateRaw } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import { SavedModelError } from "../../runtime/base/errors.js";
import type { OnProgress } from "./install-progress.js";
import { isLibraryFile } from "./source-kind.js";

/** Returns the path, below the folder, to which an entry of a zip file is unpacked, or undefined to skip it. */
export type ChooseEntry = (entryName: string) => string | undefined;

/** Largest size of what is unpacked: an archive that was made to fill the disk is rejected before it does. */
export const MOST_UNPACKED_BYTES: number = 4 * 2 ** 30;

/**
 * Unpacks files from a wheel, from the official C library's zip, or from a jar. No path in the archive leads out of
 * `folder`: yauzl rejects such names. Sizes and checksums are verified.
 *
 * @param choose names the entries to unpack; of several with one name, the first is. By default TensorFlow's libraries, by
 *   their bare names.
 */
export async function unpackZip(
  path: string,
  folder: string,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
  choose: ChooseEntry = libraryName,
): Promise<void> {
  const { openZip } = await import("../../runtime/data/open-zip.js");
  const zip = await openZip(path);
  try {
    const entries = await chosenEntries(zip, choose);
    const total = [...entries.values()].reduce((sum, entry) => sum + entry.uncompressedSize, 0);
    if (total > MOST_UNPACKED_BYTES) {
      throw new SavedModelError("INSTALL_FAILED", `${path} unpacks to ${total} bytes, more than 4 GiB`);
    }
    let done = 0;
    const count = (bytes: number): void => {
      done += bytes;
      onProgress({ phase: "unpack", done, total });
    };
    for (const parent of new Set([...entries.keys()].map((name) => dirname(name)))) {
      await mkdir(join(folder, parent), { recursive: true });
    }
    // Concurrently, since zlib works on libuv's threads; all are awaited, so that nothing writes after a failure.
    const unpacking = { count, signal };
    const results = await Promise.allSettled(
      [...entries].map(([name, entry]) => unpackEntry(path, zip, entry, { ...unpacking, target: join(folder, name) })),
    );
    for (const result of results) if (result.status === "rejected") throw result.reason;
  } finally {
    zip.close();
  }
}

/** The two compression methods of zip in use. */
const STORED = 0;
const DEFLATED = 8;

interface Unpacking {
  readonly target: string;
  readonly count: (bytes: number) => void;
  readonly signal: AbortSignal | undefined;
}

function libraryName(entryName: string): string | undefined {
  const name = basename(entryName);
  return isLibraryFile(name) ? name : undefined;
}

async function chosenEntries(zip: ZipFile, choose: ChooseEntry): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const name = choose(entry.fileName);
    if (name !== undefined && !entries.has(name)) entries.set(name, entry);
  }
  return entries;
}

async function unpackEntry(path: string, zip: ZipFile, entry: Entry, unpacking: Unpacking): Promise<void> {
  const { target, count, signal } = unpacking;
  const damaged = (reason: string): SavedModelError =>
    new SavedModelError("INSTALL_FAILED", `${entry.fileName} in ${path} is damaged: ${reason}`);
  if (entry.isEncrypted() || ![STORED, DEFLATED].includes(entry.compressionMethod)) throw damaged("it cannot be read");
  const { fileDataStart: start } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  let size = 0;
  let checksum = 0;
  const check = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > entry.uncompressedSize) throw damaged("it is longer than it says");
      checksum = crc32(chunk, checksum);
      count(chunk.length);
      yield chunk;
    }
  };
  // Not yauzl's own stream, which continues to read after it was stopped, and then ends the process with an uncaught
  // exception.
  const highWaterMark = 1 << 20;
  const end = start + entry.compressedSize - 1;
  const source = entry.compressedSize === 0 ? Readable.from([]) : createReadStream(path, { start, end, highWaterMark });
  const inflate =
    entry.compressionMethod === STORED ? new PassThrough() : createInflateRaw({ chunkSize: highWaterMark });
  // The upper half has the mode of Unix.
  const mode = (entry.externalFileAttributes >>> 16) & 0o111 ? 0o755 : 0o644;
  await pipeline(source, inflate, check, createWriteStream(target, { flags: "wx", mode }), { signal });
  if (size !== entry.uncompressedSize || checksum !== entry.crc32) throw damaged("its checksum is wrong");
}
