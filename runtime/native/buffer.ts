import type { NativeApi } from "./api.js";
import type { Pointer } from "./ffi.js";

/** A copy of what a TF_Buffer holds: `struct { const void *data; size_t length; … }` (tensorflow/c/tf_buffer.h). */
export function bufferContents(api: NativeApi, buffer: Pointer): Uint8Array {
  const header = new BigUint64Array(2);
  api.memcpy(header, buffer, header.byteLength);
  const [data = 0n, length = 0n] = header;
  const bytes = new Uint8Array(Number(length));
  if (length > 0n) api.memcpy(bytes, data, bytes.length);
  return bytes;
}
