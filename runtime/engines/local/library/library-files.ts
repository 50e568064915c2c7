import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Platform } from "./platform.js";

/** The files that make up one TensorFlow library. */
export interface LibraryFiles {
  /** The library with `TF_LoadSessionFromSavedModel`: a path, or a bare name for the system's dynamic loader. */
  readonly main: string;
  /** Library that must be loaded before it, if that is a separate file. */
  readonly framework: string | undefined;
}

/** The library in `folder`, or in its `lib` (official C library) or `tensorflow` (site-packages, wheel) subfolder. */
export function findInFolder(folder: string, platform: Platform): LibraryFiles | undefined {
  for (const place of [folder, join(folder, "lib"), join(folder, "tensorflow"), join(folder, "tensorflow", "python")]) {
    const main = platform.mainNames.map((name) => join(place, name)).find(isFile);
    if (main !== undefined) return withFramework(main, platform);
  }
  return undefined;
}

/** `main` with the framework library that lies beside it, or beside the file it is a link to. */
export function withFramework(main: string, platform: Platform): LibraryFiles {
  const folders = [dirname(main), dirname(realpathSync(main))];
  const framework = folders
    .flatMap((folder) => platform.frameworkNames.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
  return { main, framework };
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Missing, or in a folder that this user may not read: either way not a library to load.
    return false;
  }
}
