import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { type FolderAnswer, lookUpFolder } from "./library-cache.js";
import type { Platform } from "./platform.js";

/** Returns the name of the npm package that holds a platform's library, such as `savedmodel-tensorflow-linux-x64`. */
export function platformPackageName(platform: Pick<Platform, "name">): string {
  return `savedmodel-tensorflow-${platform.name}`;
}

/**
 * Finds the platform's package where this package would import it from, or else where the running program would. The
 * working directory is not searched: a program may be run in a folder that its user does not trust.
 */
export function findPlatformPackage(platform: Platform): FolderAnswer {
  const name = platformPackageName(platform);
  // A bundle in CommonJS form does not know its own address.
  const here: string | undefined = import.meta.url;
  for (const from of [here, process.argv[1], realPath(process.argv[1])]) {
    const folder = from === undefined ? undefined : packageFolder(name, from);
    if (folder !== undefined) return lookUpFolder(folder, "damaged: it has no library.json", `reinstall ${name}`);
  }
  return { found: false, folder: name, reason: `${name} is not installed` };
}

/** Returns the folder of a package as imported from a file. */
function packageFolder(name: string, from: string): string | undefined {
  try {
    return dirname(createRequire(from).resolve(`${name}/package.json`));
  } catch {
    // Not installed; or the program is not a file.
    return undefined;
  }
}

/** Returns the file that a link leads to, as package managers link programs. */
function realPath(file: string | undefined): string | undefined {
  try {
    return file === undefined ? undefined : realpathSync(file);
  } catch {
    return undefined;
  }
}
