import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type NativeLibrary, openLibrary } from "../runtime/library/open.js";
import { compileLoop } from "./contestants/c.js";
import { compileClients } from "./contestants/client.js";
import { findPython, type Python } from "./contestants/python.js";

/** What the contestants are started from. */
export interface Workplace {
  /** The repository: the working directory of every program. */
  readonly root: string;
  /** The library that the runtime's own search finds: the C program uses the same. */
  readonly library: NativeLibrary;
  /** The compiled C program. */
  readonly loop: string | { readonly absent: string };
  /** The compiled program that calls the generated clients. */
  readonly client: string;
  readonly python: Python;
}

/**
 * Compiles what is compared into a temporary folder, which goes away when the process ends.
 *
 * @throws SavedModelError `LIBRARY_NOT_FOUND`
 */
export function prepareWorkplace(python: string | undefined): Workplace {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const library = openLibrary();
  // Below the package, where `savedmodel` means the package itself.
  const build = join(root, "build");
  mkdirSync(build, { recursive: true });
  const folder = mkdtempSync(join(build, "bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  return {
    root,
    library,
    loop: compileLoop(folder),
    client: compileClients(root, folder),
    python: findPython(root, python),
  };
}
