import { createRequire } from "node:module";

type Koffi = typeof import("koffi");

let loaded: Koffi | undefined;

/** koffi, loaded when it is first needed: a program that never loads a model never loads native code. */
export function loadKoffi(): Koffi {
  // A synchronous `load()` cannot wait for `import()`.
  loaded ??= createRequire(import.meta.url)("koffi") as Koffi;
  return loaded;
}
