import { closeSync, constants, fstatSync, openSync, read, readdirSync, readSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { runNow, type Steps, step } from "./steps.js";
import { printable } from "./text.js";

/** One read of a file is limited to less than 2 GiB. */
const READ = 2 ** 30;

/** Reason for not reading an existing file: it is not a regular file, or too large. */
export class UnreadableFile extends Error {}

/** A regular file that was opened for reading. */
export interface OpenedFile {
  readonly descriptor: number;
  /** Its bytes when it was opened: no more of them are to be read. The files of `/proc` have none. */
  readonly size: number;
}

/**
 * Opens a regular file. Anything else could block or never end: a FIFO, a device, a socket.
 *
 * @throws UnreadableFile when it is not a regular file; the error of the system when it cannot be opened
 */
export function openRegularFile(path: string): OpenedFile {
  // Opening a FIFO would wait for a writer. Windows has neither.
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new UnreadableFile(`it is ${kindOf(stat)}, not a regular file`);
    return { descriptor, size: stat.size };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * Throws where reading a file beside a path would block TensorFlow, or never end. Missing files are not checked.
 *
 * @param isMeant returns true for the name of a file that is read
 * @throws UnreadableFile
 */
export function requireRegularFiles(folder: string, isMeant: (name: string) => boolean): void {
  for (const name of namesIn(folder).filter(isMeant)) {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || stat.isFile() || stat.isDirectory()) continue;
    throw new UnreadableFile(`${printable(path, 500)} is ${kindOf(stat)}, not a regular file`);
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Reads a regular file, no more of it than it had when it was opened.
 *
 * @throws UnreadableFile when it is not a regular file, or larger; the error of the system when it cannot be read
 */
export function readRegularFile(path: string, maxBytes: number): Buffer {
  return runNow(readingRegularFile(path, maxBytes));
}

/** Reads the same in steps. */
export function* readingRegularFile(path: string, maxBytes: number): Steps<Buffer> {
  const { descriptor, size } = openRegularFile(path);
  try {
    if (size > maxBytes) throw new UnreadableFile(`it has ${size} bytes, expected at most ${maxBytes}`);
    const bytes = Buffer.allocUnsafeSlow(size);
    let done = 0;
    while (done < size) {
      const count = yield* readNext(descriptor, bytes, done, Math.min(READ, size - done));
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  } finally {
    closeSync(descriptor);
  }
}

function readNext(descriptor: number, into: Buffer, offset: number, length: number): Steps<number> {
  return step(
    () => readSync(descriptor, into, offset, length, null),
    async () => (await readLater(descriptor, into, offset, length, null)).bytesRead,
  );
}

const readLater = promisify(read);

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return "a directory";
  if (stat.isFIFO()) return "a FIFO";
  return stat.isSocket() ? "a socket" : "a device";
}
