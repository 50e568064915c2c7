import { constants } from "node:buffer";
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import type { SavedModelError } from "../base/errors.js";

/** The two compression methods of zip that NumPy writes. */
const STORED = 0;
const DEFLATED = 8;

const inflate: (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Buffer> =
  promisify(inflateRaw);

/**
 * Reads the bytes of an entry, no more than the archive says, and checks their checksum. yauzl's own stream does not
 * check it, and reads on after it was stopped.
 *
 * @param damaged makes an error of the entry's problem
 */
export async function readZipEntry(
  path: string,
  zip: ZipFile,
  entry: Entry,
  damaged: (reason: string) => SavedModelError,
): Promise<Uint8Array> {
  const { compressionMethod, compressedSize, uncompressedSize } = entry;
  if (entry.isEncrypted()) throw damaged("is encrypted");
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
    throw damaged(`has the compression method ${compressionMethod}`);
  }
  if (uncompressedSize > constants.MAX_LENGTH) throw damaged(`has ${uncompressedSize} bytes, more than an array can`);
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const packed = await readBytes(path, fileDataStart, compressedSize);
  if (packed === undefined) throw damaged("is cut off");
  const bytes = compressionMethod === STORED ? packed : await unpack(packed, uncompressedSize, damaged);
  if (bytes.length !== uncompressedSize) {
    throw damaged(`has ${bytes.length} bytes, expected ${uncompressedSize} by the archive`);
  }
  if (crc32(bytes) !== entry.crc32) throw damaged("does not have the checksum in the archive");
  return bytes;
}

/** Reads a part of a file; undefined where the file ends before it does. */
async function readBytes(path: string, start: number, length: number): Promise<Uint8Array | undefined> {
  const file = await open(path);
  try {
    // Sizes in an archive are not trusted: the contents are checked first.
    if (start + length > (await file.stat()).size) return undefined;
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await file.read(bytes, done, Math.min(length - done, READ), start + done);
      if (bytesRead === 0) return undefined;
      done += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** One read of a file is limited to less than 2 GiB. */
const READ = 2 ** 30;

async function unpack(
  packed: Uint8Array,
  size: number,
  damaged: (reason: string) => SavedModelError,
): Promise<Uint8Array> {
  try {
    return await inflate(packed, { maxOutputLength: Math.max(1, size) });
  } catch (cause) {
    const isLonger = cause instanceof RangeError;
    throw damaged(isLonger ? `is longer than the ${size} bytes that the archive says` : "cannot be decompressed");
  }
}
