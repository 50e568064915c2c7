import { SavedModelError } from "../../runtime/base/errors.js";
import { loadCandidate } from "../../runtime/engines/local/library/load-library.js";
import { nativeApi } from "../../runtime/engines/local/native/c-api.js";
import { listOperations, loadOpLibraries } from "../../runtime/engines/local/op-library.js";
import { decode } from "../../runtime/saved-model/proto/decode.js";

// Run by check-library.ts in a separate process. `probe.js <main> [<framework>]` loads the library and prints its version;
// `probe.js --operations <files…>` loads the library that is in use and these files, and prints the operations of each.
const [first = "", ...others] = process.argv.slice(2);
try {
  console.log(JSON.stringify(first === "--operations" ? probeOperations(others) : probeLibrary(first, others[0])));
} catch (error) {
  console.log(JSON.stringify({ reason: error instanceof SavedModelError ? error.rawMessage : String(error) }));
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
