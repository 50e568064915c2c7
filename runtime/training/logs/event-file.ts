import { WireWriter } from "../../saved-model/proto/wire-writer.js";

/** One event of a file that TensorBoard reads: `Event` of tensorflow/core/util/event.proto. */
export interface LogEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  /** By tag: `Summary.Value.simple_value`. */
  readonly scalars?: Readonly<Record<string, number>>;
  /** True if the run begins, or continues, here: events of other files from this step on no longer count. */
  readonly isStart?: boolean;
}

/** Returns the bytes at the beginning of a file. */
export function fileVersion(wallTime: number): Uint8Array {
  const event = new WireWriter(32);
  event.double(1, wallTime);
  event.bytes(3, Buffer.from("brain.Event:2"));
  return tfRecord(event.finish());
}

/** Returns the bytes of an event in a file. */
export function eventRecord({ wallTime, step, scalars, isStart = false }: LogEvent): Uint8Array {
  const event = new WireWriter(256);
  event.double(1, wallTime);
  event.integer(2, BigInt(step));
  if (scalars !== undefined) event.bytes(5, summary(scalars));
  if (isStart) event.bytes(7, SESSION_START);
  return tfRecord(event.finish());
}

/** A `SessionLog` whose status is START. */
const SESSION_START = Uint8Array.of(8, 1);

function summary(scalars: Readonly<Record<string, number>>): Uint8Array {
  const message = new WireWriter(256);
  for (const [tag, number] of Object.entries(scalars)) {
    const value = new WireWriter(64);
    value.bytes(1, Buffer.from(tag));
    value.float(2, number);
    message.bytes(1, value.finish());
  }
  return message.finish();
}

/** A record as tensorflow/core/lib/io/record_writer.h describes it: its length and its bytes, each with a checksum. */
function tfRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(16 + data.length);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return record;
}

/** Masks a checksum that is stored with its bytes: rotates it, and adds a constant. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282_ead8) >>> 0;
}

/** Computes CRC-32C (Castagnoli). zlib has another polynomial. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  return ~crc >>> 0;
}
