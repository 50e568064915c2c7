import { existsSync } from "node:fs";
import { basename, dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { SavedModelError } from "../../base/errors.js";
import { foldersFrom, isPackage, packageOf } from "../../base/package-folder.js";
import { printable } from "../../base/text.js";

/**
 * Returns the folder of the model that a client was generated from: below the package of the client's own file, then as
 * in {@link placesOf}.
 *
 * @param client the file of the client, where `directory` is the one that it was generated with
 * @throws SavedModelError `MODEL_NOT_FOUND`
 */
export function locateModel(directory: string, client?: string): string {
  if (isAbsolute(directory)) return directory;
  const folders = placesOf(directory, client);
  const found = folders.find((folder) => existsSync(folder));
  if (found !== undefined) return found;
  throw new SavedModelError(
    "MODEL_NOT_FOUND",
    `folder not found: ${listed(folders.map((folder) => printable(folder, 500)))}`,
    { fix: client === undefined ? "Pass the SavedModel's folder to load()." : MOVED },
  );
}

/** `a, b or c` */
function listed(items: readonly string[]): string {
  return [items.slice(0, -1).join(", "), ...items.slice(-1)].filter((part) => part !== "").join(" or ");
}

const MOVED =
  "Pass the SavedModel's folder to load(), or copy it to one of these: they are below the packages of the generated file " +
  "and of the running program, and below the working directory.";

/**
 * The packages around a client, the nearest first: compiled code may have its own package.json, which says what kind of
 * modules it is. A client that is installed belongs to nothing outside of `node_modules`.
 */
function clientRoots(client: string): readonly string[] {
  const folders = foldersFrom(dirname(client));
  const roots = folders.filter(isPackage);
  const installed = folders.find((folder) => basename(folder) === "node_modules");
  return installed === undefined ? roots : roots.filter((root) => root.startsWith(installed));
}

/**
 * Possible locations of a path: below the packages of a client's file, if it is one that the client was generated with;
 * below the working directory; then below the package that the running program belongs to.
 */
export function placesOf(path: string, client?: string): readonly string[] {
  const program = process.argv[1];
  const home = program === undefined ? undefined : packageOf(dirname(program));
  const roots = [
    ...(client === undefined ? [] : clientRoots(client)),
    process.cwd(),
    ...(home === undefined ? [] : [home]),
  ];
  return [...new Set(roots.map((root) => resolve(root, path)))];
}

/** Checks a folder that was passed by a user. */
export function toPath(directory: string | URL): string {
  const path = directory instanceof URL ? pathOf(directory) : directory;
  if (typeof path === "string" && path !== "" && !path.includes("\0")) return path;
  throw new SavedModelError("INVALID_ARGUMENT", "the SavedModel's folder must be a path or a file: URL");
}

function pathOf(url: URL): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}
