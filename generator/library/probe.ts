import { SavedModelError } from "../../runtime/base/errors.js";
import { encodeConfig } from "../../runtime/engines/local/config-proto.js";
import { findDevices, whyNoGpu } from "../../runtime/engines/local/devices.js";
import { loadCandidate } from "../../runtime/engines/local/library/load-library.js";
import { nativeApi } from "../../runtime/engines/local/native/c-api.js";
import { listOperations, loadOpLibraries } from "../../runtime/engines/local/op-library.js";
import { decode } from "../../runtime/saved-model/proto/decode.js";

// Run by check-library.ts in a separate process. `probe.js <main> [<framework>]` loads the library and prints its version;
// `probe.js --operations <files…>` loads the library that is in use and these files, and prints the operations of each;
// `probe.js --devices` prints the devices that the library in use finds, and the reasons why no GPU is among them.
const [first = "", ...others] = process.argv.slice(2);
try {
  console.log(JSON.stringify(probe()));
} catch (error) {
  console.log(JSON.stringify({ reason: error instanceof SavedModelError ? error.rawMessage : String(error) }));
}

function probe(): object {
  if (first === "--operations") return probeOperations(others);
  return first === "--devices" ? probeDevices() : probeLibrary(first, others[0]);
}

function probeDevices(): object {
  const api = nativeApi();
  // Nearly all of a GPU's memory would be taken otherwise.
  const devices = findDevices(api, encodeConfig({ gpu: { allowGrowth: true } }));
  const hasGpu = devices.some(({ type }) => type === "GPU");
  return { version: api.library.version, devices, reasons: hasGpu ? [] : whyNoGpu(api) };
}

function probeLibrary(main: string, framework: string | undefined): object {
  const { version } = loadCandidate({ place: "environment", main, framework }, false);
  return { version };
}

function probeOperations(files: readonly string[]): object {
  const api = nativeApi();
  const known = new Set(operationsOf(api));
  const operations = files.map((file) => {
    loadOpLibraries(api, [file], () => new Set());
    const added = operationsOf(api).filter((operation) => !known.has(operation));
    for (const operation of added) known.add(operation);
    return added;
  });
  return { version: api.library.version, operations };
}

function operationsOf(api: ReturnType<typeof nativeApi>): readonly string[] {
  return decode("OpList", listOperations(api)).op.map(({ name }) => name);
}
