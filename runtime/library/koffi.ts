import { createRequire } from "node:module";
import { join } from "node:path";
import { SavedModelError } from "../errors.js";

type Koffi = typeof import("koffi");

let loaded: Koffi | undefined;

/**
 * koffi, loaded when it is first needed: a program that never loads a model never loads native code.
 *
 * @throws SavedModelError `LIBRARY_INVALID` when koffi is not there, as in a bundle that was moved away from it
 */
export function loadKoffi(): Koffi {
  loaded ??= requireKoffi();
  return loaded;
}

function requireKoffi(): Koffi {
  // A synchronous `load()` cannot wait for `import()`. A bundle in CommonJS form knows no address of its own.
  const here: string | undefined = import.meta.url;
  try {
    return createRequire(here ?? process.argv[1] ?? join(process.cwd(), "here"))("koffi") as Koffi;
  } catch (cause) {
    throw new SavedModelError(
      "LIBRARY_INVALID",
      "the package koffi, by which native code is called, cannot be loaded",
      {
        fix: "Install koffi beside the program; bundles must leave it out (external).",
        cause,
      },
    );
  }
}
