import { toNumber } from "../../saved-model/proto/decode.js";
import type { CheckpointTensor } from "../graph/checkpoint/checkpoint-reader.js";
import { codec } from "./master-messages.js";

/**
 * Reads the index of a checkpoint: a sorted table as LevelDB writes it (tensorflow/core/lib/io/format.cc), whose values
 * describe the tensors.
 *
 * @param bytes the contents of the file `….index`
 * @returns the tensors by their keys
 * @throws RangeError when the file is damaged
 */
export function readCheckpointIndex(bytes: Uint8Array): ReadonlyMap<string, CheckpointTensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const footer = bytes.length - FOOTER_BYTES;
  if (footer < 0 || view.getBigUint64(bytes.length - 8, true) !== MAGIC) throw damaged("it is not a table");
  const handles = new Cursor(bytes, footer);
  handles.handle();
  const tensors = new Map<string, CheckpointTensor>();
  for (const { value } of entriesOf(bytes, handles.handle())) {
    for (const entry of entriesOf(bytes, new Cursor(value, 0).handle())) {
      // The header has no name; the names of slices begin with a zero byte, and the whole tensor has an entry too.
      if (entry.key.length === 0 || entry.key[0] === 0) continue;
      const { dtype, shape } = codec.decode("BundleEntry", entry.value);
      const sizes = (shape?.dim ?? []).map(({ size }) => toNumber(size));
      tensors.set(Buffer.from(entry.key).toString(), { dtype, shape: sizes });
    }
  }
  return tensors;
}

const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;

/** Place of a block in the file. */
interface Handle {
  readonly offset: number;
  readonly size: number;
}

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

function* entriesOf(file: Uint8Array, { offset, size }: Handle): Generator<Entry> {
  const type = file[offset + size];
  if (type === undefined) throw damaged("a block is longer than the file");
  if (type !== 0) throw damaged("it is compressed");
  const block = file.subarray(offset, offset + size);
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  if (size < 4) throw damaged("a block is too short");
  // The places at which keys are written whole come last.
  const end = size - 4 - 4 * view.getUint32(size - 4, true);
  const cursor = new Cursor(block, 0);
  let key: Uint8Array = new Uint8Array();
  while (cursor.at < end) {
    const [shared, rest, length] = [cursor.varint(), cursor.varint(), cursor.varint()];
    if (shared > key.length) throw damaged("a key begins with more than there is");
    key = Buffer.concat([key.subarray(0, shared), cursor.bytes(rest)]);
    yield { key, value: cursor.bytes(length) };
  }
}

/** Reads a block from its beginning. */
class Cursor {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined || scale > 2 ** 42) throw damaged("a number cannot be read");
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }

  bytes(length: number): Uint8Array {
    const start = this.at;
    this.at += length;
    if (this.at > this.#bytes.length) throw damaged("an entry is longer than its block");
    return this.#bytes.subarray(start, this.at);
  }

  handle(): Handle {
    return { offset: this.varint(), size: this.varint() };
  }
}

function damaged(what: string): RangeError {
  return new RangeError(`the index of the checkpoint cannot be read: ${what}`);
}
