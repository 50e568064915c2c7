import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SavedModelError } from "../../runtime/base/errors.js";
import type { OnProgress } from "./install-progress.js";
import { isLibraryFile } from "./source-kind.js";
import { MOST_UNPACKED_BYTES } from "./wheel.js";

/** Largest size of a whole archive: reading one that was made to keep the processor busy ends there. */
const MOST_READ_BYTES = 4 * MOST_UNPACKED_BYTES;

/**
 * Unpacks the shared libraries, and the links between their names, of the official C library's tar.gz. The tar package
 * rejects paths and links that lead out of `folder`.
 */
export async function unpackTar(
  path: string,
  folder: string,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { Unpack } = await import("tar");
  const { size: total } = await stat(path);
  let read = 0;
  let unpacked = 0;
  const unpack = new Unpack({
    cwd: folder,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    filter: (name, entry) => {
      const isLibrary = isLibraryFile(basename(name));
      read += entry.size ?? 0;
      if (isLibrary) unpacked += entry.size ?? 0;
      if (read <= MOST_READ_BYTES && unpacked <= MOST_UNPACKED_BYTES) return isLibrary;
      sink.destroy(new SavedModelError("INSTALL_FAILED", `${path} unpacks to more than 4 GiB`));
      return false;
    },
  });
  let done = 0;
  const count = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      done += chunk.length;
      onProgress({ phase: "unpack", done, total });
      yield chunk;
    }
  };
  // For an archive without any such file, the package finishes before `pipeline` listens to it.
  const sink = new Writable({
    write(chunk: Buffer, _, done) {
      if (unpack.write(chunk)) done();
      else unpack.once("drain", () => done());
    },
    final(done) {
      unpack.once("close", () => done());
      unpack.end();
    },
  });
  unpack.on("error", (error: Error) => sink.destroy(error));
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), count, sink, { signal });
}
