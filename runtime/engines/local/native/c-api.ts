import { SavedModelError } from "../../../base/errors.js";
import { type LibraryHandle, loadKoffi } from "../library/koffi.js";
import { type NativeLibrary, openLibrary } from "../library/open-library.js";
import { type Address, functions, type NativeFunctions, type Pointer } from "./c-functions.js";

type Memory = Pointer | Address | ArrayBufferView;

export type SessionRun = NativeFunctions["TF_SessionRun"];

/** TensorFlow's C API, and what little of the C library is needed to reach its memory. */
export interface NativeApi extends NativeFunctions {
  readonly library: NativeLibrary;
  /** `TF_SessionRun` on a thread of libuv's pool. Its arguments stay in use until it is done. */
  readonly sessionRunOnWorker: (...parameters: [...Parameters<SessionRun>, done: (error: unknown) => void]) => void;
  /** `TF_LoadSessionFromSavedModel` on a thread of libuv's pool. */
  readonly loadSessionOnWorker: (
    ...parameters: [
      ...Parameters<NativeFunctions["TF_LoadSessionFromSavedModel"]>,
      done: (error: unknown, session: Pointer | null) => void,
    ]
  ) => void;
  /** `TF_TensorData` with an address as its result; 0 is null. */
  readonly dataAddress: (tensor: Pointer) => Address;
  /** Address of an array in a buffer of its own, which the engine does not move. */
  readonly addressOf: (view: ArrayBufferView) => Address;
  /** Copies bytes between native memory and typed arrays, in either direction. */
  readonly memcpy: (target: Memory, source: Memory, bytes: number) => void;
  /**
   * Returns native memory as a buffer, which must not be used once the memory is freed; undefined where JavaScript may not
   * have such buffers.
   */
  readonly viewMemory: (memory: Pointer, bytes: number) => ArrayBuffer | undefined;
  /** Returns true if the C library can allocate this many bytes. */
  readonly hasMemory: (bytes: number) => boolean;
  /** A C function without an effect: the deallocator of tensors whose memory is JavaScript's. */
  readonly keep: Pointer;
  /** Asks for large pages under memory that is about to be filled, where the system has them. */
  readonly adviseHugePages: (view: ArrayBufferView) => void;
}

let api: NativeApi | undefined;

/**
 * The C API of the library that {@link openLibrary} finds; the library is opened once per process.
 *
 * @throws SavedModelError `LIBRARY_NOT_FOUND`, `LIBRARY_INVALID` or `UNSUPPORTED_PLATFORM`
 */
export function nativeApi(): NativeApi {
  api ??= bind(openLibrary());
  return api;
}

function bind(library: NativeLibrary): NativeApi {
  const { address, load, struct } = loadKoffi();
  const output = struct({ oper: "void *", index: "int" });
  const bound: Record<string, unknown> = {};
  for (const [name, { parameters, result }] of Object.entries(functions)) {
    const types = parameters.map((type) => (type === "TF_Output" ? output : type));
    const bind = library.find(name).func(name, result, types);
    bound[name] = bind;
    if (name === "TF_SessionRun") bound.sessionRunOnWorker = bind.async;
    if (name === "TF_LoadSessionFromSavedModel") bound.loadSessionOnWorker = bind.async;
  }
  bound.dataAddress = library.find("TF_TensorData").func("TF_TensorData", "uintptr_t", ["void *"]);
  bound.addressOf = (view: ArrayBufferView): Address => Number(address(view));
  const c = load(process.platform === "win32" ? "ucrtbase.dll" : null);
  bound.memcpy = c.func("memcpy", "void", ["void *", "void *", "size_t"]);
  bound.viewMemory = viewer();
  const malloc = c.func("malloc", "void *", ["size_t"]);
  const free = c.func("free", "void", ["void *"]);
  bound.hasMemory = (bytes: number): boolean => {
    const memory: Pointer | null = malloc(bytes);
    free(memory);
    return memory !== null;
  };
  // It takes no arguments, and those of a deallocator do not disturb it. It may be called on any thread.
  bound.keep = library.find("TF_Version").symbol("TF_Version");
  bound.adviseHugePages = process.platform === "linux" ? hugePageAdvisor(c) : () => {};
  // The loop binds every function of the table that NativeFunctions is derived from.
  return { ...bound, library } as unknown as NativeApi;
}

function viewer(): NativeApi["viewMemory"] {
  const { view } = loadKoffi();
  let isAllowed = true;
  return (memory, bytes) => {
    if (!isAllowed) return undefined;
    try {
      return view(memory, bytes);
    } catch {
      isAllowed = false;
      return undefined;
    }
  };
}

/** Memory is asked for page by page; at 64 MB, 16,384 page faults take longer than the copy. */
function hugePageAdvisor(c: LibraryHandle): NativeApi["adviseHugePages"] {
  const PAGE = 4096n;
  const MADV_HUGEPAGE = 14;
  const { address } = loadKoffi();
  const madvise = c.func("madvise", "int", ["void *", "size_t", "int"]);
  return (view) => {
    const start = address(view);
    const aligned = ((start + PAGE - 1n) / PAGE) * PAGE;
    const end = ((start + BigInt(view.byteLength)) / PAGE) * PAGE;
    // It is a hint: if it is ignored, everything works as before.
    if (end > aligned) madvise(aligned, end - aligned, MADV_HUGEPAGE);
  };
}

/**
 * Returns an address that is not null.
 *
 * @throws SavedModelError `TF_RESOURCE_EXHAUSTED`: without a status, TensorFlow returns null only when out of memory
 */
export function nonNull(pointer: Pointer | null, what: string): Pointer {
  if (pointer === null || pointer === 0n) {
    throw new SavedModelError("TF_RESOURCE_EXHAUSTED", `out of memory: TensorFlow returned no ${what}`);
  }
  return pointer;
}
