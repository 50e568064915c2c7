import { createRequire } from "node:module";
import { join } from "node:path";
import { SavedModelError } from "../../../base/errors.js";
import { firstLine, reasonOf } from "../../../base/text.js";

// For TypeScript, koffi is an ES module, and the declarations of this package are CommonJS.
type Koffi = typeof import("koffi", { with: { "resolution-mode": "import" }});

/** A shared library that koffi has opened. */
export type LibraryHandle = ReturnType<Koffi["load"]>;

/**
 * koffi runs native code on its own stacks. Its 128 KiB for other threads are too few for TensorFlow: a Cholesky
 * decomposition of 500 rows needs more, or 40 functions that call each other, and the process ends with a segmentation
 * fault. These are as large as those of the threads that TensorFlow itself starts; memory that is not touched costs
 * nothing.
 */
export const STACK_BYTES: number = 8 * 2 ** 20;

let loaded: Koffi | undefined;

/**
 * koffi, loaded when it is first needed: a program that never loads a model never loads native code.
 *
 * @throws SavedModelError `LIBRARY_INVALID` when koffi is missing, as in a bundle that was moved away from it
 */
export function loadKoffi(): Koffi {
  loaded ??= requireKoffi();
  return loaded;
}

function requireKoffi(): Koffi {
  // A synchronous `load()` cannot wait for `import()`. A bundle in CommonJS form does not know its own address.
  const here: string | undefined = import.meta.url;
  try {
    const koffi = createRequire(here ?? process.argv[1] ?? join(process.cwd(), "here"))("koffi") as Koffi;
    reserveStacks(koffi);
    return koffi;
  } catch (cause) {
    const isMissing = cause instanceof Error && /^Cannot find (module|package) 'koffi'/.test(cause.message);
    const what = isMissing ? "is not installed" : `cannot be loaded: ${firstLine(reasonOf(cause))}`;
    throw new SavedModelError("LIBRARY_INVALID", `the package koffi, which calls TensorFlow, ${what}`, {
      fix: isMissing
        ? "Install koffi beside the program; a bundle must leave it out (external)."
        : "Install koffi with its optional packages, which hold its native part (not with --omit=optional); a bundle must leave it out (external).",
      cause,
    });
  }
}

/**
 * Requests the stack size, which is possible until the first library is loaded in this thread, perhaps by the program.
 */
function reserveStacks(koffi: Koffi): void {
  try {
    koffi.config({ async_stack_size: STACK_BYTES, sync_stack_size: STACK_BYTES });
  } catch {
    // Then asynchronous runs go to TensorFlow's own threads.
  }
}
