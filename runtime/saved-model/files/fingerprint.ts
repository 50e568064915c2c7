import { join } from "node:path";
import { readRegularFile } from "../../base/regular-file.js";
import type { FingerprintInfo, ModelInfo } from "../model-info.js";
import { decode, type Message } from "../proto/decode.js";

/** No FingerprintDef is nearly as large. */
const MAX_BYTES = 65_536;

/** Reads `fingerprint.pb` beside `saved_model.pb`. Nothing depends on it, so an unreadable one is not a failure. */
export function readFingerprint(directory: string): Pick<ModelInfo, "fingerprint"> {
  try {
    const bytes = readRegularFile(join(directory, "fingerprint.pb"), MAX_BYTES);
    return bytes.length === 0 ? {} : { fingerprint: describeFingerprint(decode("FingerprintDef", bytes)) };
  } catch {
    return {};
  }
}

function describeFingerprint(read: Message<"FingerprintDef">): FingerprintInfo {
  return {
    savedModelChecksum: unsigned(read.savedModelChecksum),
    graphDefProgramHash: unsigned(read.graphDefProgramHash),
    signatureDefHash: unsigned(read.signatureDefHash),
    savedObjectGraphHash: unsigned(read.savedObjectGraphHash),
    checkpointHash: unsigned(read.checkpointHash),
    version: read.version?.producer ?? 0,
  };
}

function unsigned(hash: Message<"FingerprintDef">["savedModelChecksum"]): string {
  return BigInt.asUintN(64, BigInt(hash.toString())).toString();
}
