import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Returns a folder and all that it is in, the nearest first; absolute. */
export function foldersFrom(folder: string): readonly string[] {
  const folders = [resolve(folder)];
  for (let at = resolve(folder); dirname(at) !== at; at = dirname(at)) folders.push(dirname(at));
  return folders;
}

/** Returns whether a folder is the root of a package. */
export function isPackage(folder: string): boolean {
  return existsSync(join(folder, "package.json"));
}

/** Returns the package that a folder belongs to: the nearest folder with a package.json; undefined where there is none. */
export function packageOf(folder: string): string | undefined {
  return foldersFrom(folder).find(isPackage);
}
