import { loadKoffi } from "../library/koffi.js";

/** An error number of the C library; 0 is success. */
type ErrorNumber = number;

/**
 * Functions of the C library for files that Node.js lacks. A function is missing where the system has none of its kind.
 */
export interface FileFunctions {
  /** Exchanges what two paths name, in one step. */
  readonly exchange?: (a: string, b: string) => ErrorNumber;
  /** Locks an open file or folder until it is closed, or the process ends in any way; does not wait. */
  readonly lock?: (descriptor: number) => ErrorNumber;
}

let bound: FileFunctions | undefined;

/** The functions of this system, looked up once. */
export function fileFunctions(): FileFunctions {
  bound ??= process.platform === "win32" ? {} : bind();
  return bound;
}

function bind(): FileFunctions {
  const { load, errno } = loadKoffi();
  const c = load(null);
  type Function = (...parameters: readonly (string | number)[]) => number;
  const find = (name: string, parameters: readonly string[]): Function | undefined => {
    try {
      return c.func(name, "int", [...parameters]) as Function;
    } catch {
      return undefined;
    }
  };
  const errorOf = (result: number): ErrorNumber => (result === 0 ? 0 : errno());
  const flock = find("flock", ["int" /* descriptor */, "int" /* operation */]);
  const LOCK_EX_NB = 2 | 4;
  return {
    ...exchangeWith(find, errorOf),
    ...(flock && { lock: (descriptor: number) => errorOf(flock(descriptor, LOCK_EX_NB)) }),
  };
}

function exchangeWith(
  find: (
    name: string,
    parameters: readonly string[],
  ) => ((...parameters: readonly (string | number)[]) => number) | undefined,
  errorOf: (result: number) => ErrorNumber,
): FileFunctions {
  if (process.platform === "darwin") {
    const RENAME_SWAP = 2;
    const rename = find("renamex_np", ["str", "str", "uint" /* flags */]);
    return rename === undefined ? {} : { exchange: (a, b) => errorOf(rename(a, b, RENAME_SWAP)) };
  }
  const AT_FDCWD = -100;
  const RENAME_EXCHANGE = 2;
  const rename = find("renameat2", ["int", "str", "int", "str", "uint" /* flags */]);
  return rename === undefined ? {} : { exchange: (a, b) => errorOf(rename(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE)) };
}
