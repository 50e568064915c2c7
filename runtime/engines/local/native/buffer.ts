import { itemAt } from "../../../base/item-at.js";
import { type NativeApi, nonNull } from "./c-api.js";
import type { Pointer } from "./c-functions.js";

/** Copies the contents of a TF_Buffer: `struct { const void *data; size_t length; … }` (tensorflow/c/tf_buffer.h). */
export function bufferContents(api: NativeApi, buffer: Pointer): Uint8Array {
  const header = new BigUint64Array(2);
  api.memcpy(header, buffer, header.byteLength);
  const bytes = new Uint8Array(Number(itemAt(header, 1)));
  if (bytes.length > 0) api.memcpy(bytes, nonNull(itemAt(header, 0), "buffer contents"), bytes.length);
  return bytes;
}
