import { itemAt } from "../../../base/item-at.js";
import { runNow, type Steps, step } from "../../../base/steps.js";
import { type NativeApi, nonNull } from "./c-api.js";
import type { Pointer } from "./c-functions.js";

/** Copies the contents of a TF_Buffer: `struct { const void *data; size_t length; … }` (tensorflow/c/tf_buffer.h). */
export function bufferContents(api: NativeApi, buffer: Pointer): Uint8Array {
  return runNow(readingBuffer(api, buffer));
}

/** Copies the same in a step. */
export function* readingBuffer(api: NativeApi, buffer: Pointer): Steps<Uint8Array> {
  const header = new BigUint64Array(2);
  api.memcpy(header, buffer, header.byteLength);
  const size = Number(itemAt(header, 1));
  const bytes = new Uint8Array(new ArrayBuffer(size));
  if (size === 0) return bytes;
  const contents = nonNull(itemAt(header, 0), "buffer contents");
  yield* step(
    () => api.memcpy(bytes, contents, size),
    () =>
      new Promise<void>((resolve, reject) => {
        api.memcpyOnWorker(bytes, contents, size, (error) => (error ? reject(error) : resolve()));
      }),
  );
  return bytes;
}
