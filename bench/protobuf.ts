import { delimited, tagOf, varint } from "../test/support/wire.js";

/** Encodes a message of these fields. */
export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

/** Encodes a numeric field. */
export function scalar(id: number, value: number): Uint8Array {
  return message(tagOf(id, 0), varint(value));
}

/** Encodes a string field. */
export function string(id: number, value: string): Uint8Array {
  return delimited(id, Buffer.from(value));
}
