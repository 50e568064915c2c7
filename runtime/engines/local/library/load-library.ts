import { SavedModelError } from "../../../base/errors.js";
import { reasonOf } from "../../../base/text.js";
import { type LibraryHandle, loadKoffi } from "./koffi.js";
import type { LibraryCandidate, LibraryPlace } from "./library-search.js";
import { quietly, quietlyOnWindows } from "./quiet-log.js";

/** A TensorFlow library that is loaded into this process, for as long as the process lives. */
export interface NativeLibrary {
  /** Place of the search that it came from. */
  readonly place: LibraryPlace;
  /** Path of the main library; a bare name when the system's dynamic loader found it. */
  readonly main: string;
  /** Path of the framework library, if it was loaded as a separate file. */
  readonly framework: string | undefined;
  /**
   * Makes the library's symbols those of the process, for libraries of operations: they hold copies of functions and
   * variables of absl and protobuf, and end the process unless they use TensorFlow's. Until it is called, symbols are the
   * library's own, so that another TensorFlow in the process is not mixed up with it.
   */
  shareSymbols(): void;
  /** TensorFlow's version, as `TF_Version()` states it. */
  readonly version: string;
  /** Returns true if the library exports the C function `symbol`. */
  has(symbol: string): boolean;
  /**
   * The koffi handle of the library that exports the C function `symbol`, the main library before the framework. Which
   * functions lie in which of the two differs between the wheels and the official C library.
   *
   * @throws SavedModelError `LIBRARY_INVALID` when neither exports it.
   */
  find(symbol: string): LibraryHandle;
}

/** Symbols that every library must export. */
const REQUIRED = ["TF_Version", "TF_LoadSessionFromSavedModel", "TF_SessionRun", "TF_NewTensor", "TF_NewStatus"];

/**
 * Loads one candidate.
 *
 * @param lazy Resolve functions when they are first called, which saves 70 ms of 215. A missing function then ends the
 *   process instead of failing here, so it is for libraries that have been loaded once without it.
 * @throws SavedModelError `LIBRARY_INVALID` when the file cannot be loaded or lacks a function.
 */
export function loadCandidate(candidate: LibraryCandidate, lazy: boolean): NativeLibrary {
  const { load } = loadKoffi();
  const files = candidate.framework === undefined ? [candidate.main] : [candidate.framework, candidate.main];
  // The C functions of the executable itself, which is linked with libc.
  const c = process.platform === "win32" ? undefined : load(null);
  const open = (path: string): LibraryHandle => {
    if (c !== undefined) pin(c, path, lazy);
    try {
      return load(path);
    } catch (error) {
      throw cannotLoad(path, reasonOf(error));
    }
  };
  const openAll = (): LibraryHandle[] => files.map(open);
  // The framework library was opened first, and functions are looked up in the main library first.
  const handles = (c === undefined ? quietlyOnWindows(openAll) : quietly(c, openAll)).reverse();
  const holder = (symbol: string): LibraryHandle | undefined => handles.find((handle) => hasSymbol(handle, symbol));
  const find = (symbol: string): LibraryHandle => {
    const handle = holder(symbol);
    if (handle !== undefined) return handle;
    throw new SavedModelError("LIBRARY_INVALID", `${candidate.main} is not a TensorFlow library: it lacks ${symbol}`);
  };
  for (const symbol of REQUIRED) find(symbol);
  const version: unknown = find("TF_Version").func("const char *TF_Version()")();
  const shareSymbols =
    c === undefined
      ? () => {}
      : () =>
          files.forEach((file) => {
            openGlobally(c, file);
          });
  return { ...candidate, version: String(version), shareSymbols, has: (symbol) => holder(symbol) !== undefined, find };
}

/**
 * Takes a reference to the library that is never released. koffi unloads its libraries when the process (or a worker)
 * ends, and unloading TensorFlow runs its destructors under its own threads: a segmentation fault, exit code 139.
 * Symbols stay local (no RTLD_GLOBAL), so a second TensorFlow in the process, such as tfjs-node's, is not mixed up with
 * it, until {@link NativeLibrary.shareSymbols} is called.
 */
function pin(c: LibraryHandle, path: string, lazy: boolean): void {
  const RTLD_LAZY = 1;
  const RTLD_NOW = 2;
  const RTLD_NODELETE = process.platform === "darwin" ? 0x80 : 0x1000;
  const dlopen = c.func("void *dlopen(const char *path, int flags)");
  // Looked up before it is needed: looking up a function resets the error that it is to report.
  const dlerror = c.func("const char *dlerror()");
  if (dlopen(path, (lazy ? RTLD_LAZY : RTLD_NOW) | RTLD_NODELETE) !== null) return;
  const message: unknown = dlerror();
  throw cannotLoad(path, String(message).replace(`${path}: `, ""));
}

/** Opens a library that is loaded already once more, which makes its symbols those of the process. */
function openGlobally(c: LibraryHandle, path: string): void {
  const RTLD_NOW = 2;
  const [RTLD_NOLOAD, RTLD_GLOBAL] = process.platform === "darwin" ? [0x10, 0x8] : [0x4, 0x100];
  const handle: unknown = c.func("void *dlopen(const char *path, int flags)")(
    path,
    RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL,
  );
  if (handle === null) throw cannotLoad(path, "it was unloaded");
}

function hasSymbol(handle: LibraryHandle, symbol: string): boolean {
  try {
    handle.symbol(symbol);
    return true;
  } catch {
    return false;
  }
}

function cannotLoad(path: string, reason: string): SavedModelError {
  const unknown = !/[\\/]/.test(path) && /no such file/i.test(reason);
  const message = unknown ? `${path} is unknown to the system's loader` : `${path} cannot be loaded: ${reason}`;
  return new SavedModelError("LIBRARY_INVALID", message);
}
