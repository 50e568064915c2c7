import { closeSync, constants, fstatSync, openSync, readSync, utimesSync, writeSync } from "node:fs";

/** Opening a FIFO must not wait for a writer, and a link that has just replaced a file is not followed. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * Copies the content and the times of a regular file to a new file, which gets the mode of any new file.
 *
 * @throws Error of the file system, also when it is not a regular file
 */
export function copyFile(from: string, to: string): void {
  const source = openSync(from, READ);
  try {
    const stat = fstatSync(source);
    if (!stat.isFile()) throw new Error(`${from} is not a regular file`);
    const target = openSync(to, "wx");
    try {
      copyContent(source, target);
    } finally {
      closeSync(target);
    }
    // In seconds: of a Date, Bun takes no fractions of a millisecond.
    utimesSync(to, stat.atimeMs / 1000, stat.mtimeMs / 1000);
  } finally {
    closeSync(source);
  }
}

function copyContent(source: number, target: number): void {
  const chunk = new Uint8Array(1 << 20);
  for (let position = 0; ; ) {
    const read = readSync(source, chunk, 0, chunk.length, position);
    if (read === 0) return;
    for (let written = 0; written < read; ) {
      written += writeSync(target, chunk, written, read - written, position + written);
    }
    position += read;
  }
}
