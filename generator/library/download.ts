import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SavedModelError } from "../../runtime/base/errors.js";
import type { OnProgress } from "./install-progress.js";

/** Size limit: a server that never stops must not fill the disk. No TensorFlow package comes near it. */
const MOST_BYTES = 4 * 2 ** 30;

/** Returns whether `from` is a URL rather than a path. */
export function isUrl(from: string): boolean {
  return /^https?:\/\//i.test(from);
}

/** Returns a URL that may be shown: without credentials, and without the query, which may contain some as well. */
export function shownUrl(address: string): string {
  if (!URL.canParse(address)) return "the address";
  const { protocol, host, pathname } = new URL(address);
  return `${protocol}//${host}${pathname}`;
}

/** Returns the error for a download that others could have changed on its way. */
function insecure(shown: string): SavedModelError {
  return new SavedModelError("INSTALL_FAILED", `${shown} is not encrypted, so that others could replace the library`, {
    fix: "Use https://, or pass the file's SHA-256 as --sha256.",
  });
}

/**
 * Downloads `address` into the file `target`.
 *
 * @param secure rejects http://, also after a redirection: for a file whose contents are not checked afterwards
 * @throws SavedModelError `INSTALL_FAILED`
 */
export async function download(
  address: string,
  target: string,
  secure: boolean,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const isRejected = (url: string): boolean => secure && new URL(url).protocol !== "https:";
  const fail = (reason: string, cause?: unknown): SavedModelError =>
    new SavedModelError("INSTALL_FAILED", `${shownUrl(address)} could not be downloaded: ${reason}`, {
      cause,
      fix: "Download it another way and pass the file to `savedmodel install --from`.",
    });
  if (!URL.canParse(address)) throw fail("it is not a valid address");
  if (isRejected(address)) throw insecure(shownUrl(address));
  try {
    const { url, headers } = withAuthorization(address);
    const response = await fetch(url, { headers, signal: signal ?? null });
    if (isRejected(response.url)) {
      await response.body?.cancel();
      throw insecure(shownUrl(response.url));
    }
    if (!response.ok || response.body === null) throw fail(`the server answered ${response.status}`);
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    const total = Number.isFinite(length) ? length : undefined;
    let done = 0;
    const count = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        done += chunk.length;
        if (done > MOST_BYTES) throw fail("it is larger than 4 GiB");
        onProgress({ phase: "download", done, total });
        yield chunk;
      }
    };
    await pipeline(Readable.fromWeb(response.body), count, createWriteStream(target), { signal });
  } catch (error) {
    if (error instanceof SavedModelError || signal?.aborted) throw error;
    throw fail(reason(error), error);
  }
}

/** Moves the user and password of a URL, which `fetch` rejects, into a header. */
function withAuthorization(address: string): { url: URL; headers: Record<string, string> } {
  const url = new URL(address);
  // The file itself must arrive; some servers would declare it to be an encoded tar.
  const headers = { "accept-encoding": "identity" };
  if (url.username === "" && url.password === "") return { url, headers };
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = "";
  url.password = "";
  return { url, headers: { ...headers, authorization: `Basic ${Buffer.from(user).toString("base64")}` } };
}

/** Returns the cause of an error: `fetch failed` alone is not informative. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
}
