import { existsSync, realpathSync } from "node:fs";
import { SavedModelError } from "../../base/errors.js";
import { firstLine, printable, reasonOf } from "../../base/text.js";
import { placesOf } from "../../saved-model/files/locate-model.js";
import { isOpPack } from "../../saved-model/graph/op-packages.js";
import { filesOfOpPack } from "./library/op-pack.js";
import { bufferContents } from "./native/buffer.js";
import { type NativeApi, nonNull } from "./native/c-api.js";
import { withStatus } from "./native/status.js";

/** The files that are loaded. */
const loaded: Set<string> = new Set();

/**
 * Loads libraries of custom operations, each once per process. TensorFlow has no way to forget an operation, so they stay
 * until the process ends.
 *
 * @param libraries paths of files, and names of installed packs
 * @param needed returns the operations of the model: of a pack, only the files with these are loaded. Undefined for all
 * @throws SavedModelError `OP_LIBRARY_INVALID`
 */
export function loadOpLibraries(
  api: NativeApi,
  libraries: readonly string[],
  needed: (() => ReadonlySet<string>) | undefined,
): void {
  const paths = libraries.flatMap((library) =>
    isOpPack(library) ? filesOfOpPack(library, api.library.version, needed?.()) : library,
  );
  for (const path of paths) {
    const places = placesOf(path);
    const file = places.find((place) => existsSync(place)) ?? places[0] ?? path;
    // One file by two names would register its operations twice.
    const key = existsSync(file) ? realpathSync(file) : file;
    if (loaded.has(key)) continue;
    try {
      api.library.shareSymbols();
      withStatus(api, (status) => api.TF_LoadLibrary(key, status));
    } catch (cause) {
      throw cannotLoad(key, api.library.version, cause);
    }
    loaded.add(key);
  }
}

/** Returns the operations of the loaded library and of its extensions, as a serialized OpList. */
export function listOperations(api: NativeApi): Uint8Array {
  const buffer = nonNull(api.TF_GetAllOpList(), "list of operations");
  try {
    return bufferContents(api, buffer);
  } finally {
    api.TF_DeleteBuffer(buffer);
  }
}

function cannotLoad(file: string, version: string, cause: unknown): SavedModelError {
  const reason = firstLine(reasonOf(cause).replace(`${file}: `, ""));
  const fix = existsSync(file)
    ? `It must be a shared library of operations that was built for this platform and for TensorFlow ${version}.`
    : "opLibraries takes paths: relative ones are looked for below the working directory and the package of the program.";
  const message = `the operations in ${printable(file, 500)} cannot be loaded: ${reason}`;
  return new SavedModelError("OP_LIBRARY_INVALID", message, { fix, cause });
}
