import { readFileSync } from "node:fs";
import { SavedModelError } from "../../../base/errors.js";

/** Instructions that TensorFlow's x86-64 libraries are built for. */
const NEEDED = "avx";

/**
 * Rejects a processor that TensorFlow's own libraries cannot run on: they would end the process without a message while
 * they are loaded. Linux tells what a processor can do; elsewhere nothing is checked.
 *
 * @param cpuinfo the contents of `/proc/cpuinfo`
 * @throws SavedModelError `UNSUPPORTED_PLATFORM`
 */
export function requireInstructions(cpuinfo: string | undefined = readCpuInfo()): void {
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo ?? "")?.[1]?.trim();
  if (flags === undefined || flags === "" || flags.split(/\s+/).includes(NEEDED)) return;
  throw new SavedModelError("UNSUPPORTED_PLATFORM", "this processor has no AVX, which TensorFlow is built for", {
    fix: "Virtual machines may hide it: choose the host's processor model. Or build TensorFlow without AVX, and point SAVEDMODEL_TENSORFLOW at it.",
  });
}

function readCpuInfo(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  try {
    return readFileSync("/proc/cpuinfo", "latin1");
  } catch {
    return undefined;
  }
}
