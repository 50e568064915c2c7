import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type NativeLibrary, openLibrary } from "../runtime/engines/local/library/open-library.js";
import { compileC } from "./contestants/c.js";
import { compilePrograms } from "./contestants/client.js";
import { findPython, type Python } from "./contestants/python.js";

/** Folders of a benchmark run. */
export interface Folders {
  /** The repository: the working directory of every program. */
  readonly root: string;
  /** Temporary folder, removed when the process ends. */
  readonly folder: string;
  /** Persistent folder for what takes long to create. */
  readonly cache: string;
  /** The compiled programs of bench/node/. */
  readonly programs: string;
}

/** Files that the contestants are started from. */
export interface Workplace extends Folders {
  /** The library that the runtime's own search finds: the C program uses the same. */
  readonly library: NativeLibrary;
  /** The compiled C program that calls. */
  readonly loop: string | { readonly absent: string };
  readonly python: Python | { readonly absent: string };
}

/** Compiles the programs for Node.js, and the generated clients with them, into a temporary folder. */
export function prepareFolders(): Folders {
  const root = fileURLToPath(new URL("..", import.meta.url));
  // Below the package, where `savedmodel` means the package itself.
  const build = join(root, "build");
  mkdirSync(build, { recursive: true });
  const folder = mkdtempSync(join(build, "bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  return { root, folder, cache: join(build, "bench"), programs: compilePrograms(root, folder) };
}

/**
 * Compiles the contestants.
 *
 * @throws SavedModelError `LIBRARY_NOT_FOUND`
 */
export function prepareWorkplace(python: string | undefined): Workplace {
  const library = openLibrary();
  const folders = prepareFolders();
  return { ...folders, library, loop: compileC(folders.folder, "loop"), python: findPython(folders.root, python) };
}
