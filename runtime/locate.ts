import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { SavedModelError } from "./errors.js";
import { printable } from "./text.js";

/**
 * The folder of the model that a client was generated from: below the working directory, or else below the package that
 * the running program belongs to.
 *
 * @throws SavedModelError `MODEL_NOT_FOUND`
 */
export function locateModel(directory: string): string {
  if (isAbsolute(directory)) return directory;
  const folders = placesOf(directory);
  const found = folders.find((folder) => existsSync(folder));
  if (found !== undefined) return found;
  throw new SavedModelError(
    "MODEL_NOT_FOUND",
    `there is no folder ${folders.map((folder) => printable(folder, 500)).join(" or ")}`,
    {
      fix: "Pass the SavedModel's folder to load().",
    },
  );
}

/** Where a path may be: below the working directory, then below the package that the running program belongs to. */
export function placesOf(path: string): readonly string[] {
  const roots = [process.cwd(), packageOf(process.argv[1])].filter((root) => root !== undefined);
  return [...new Set(roots.map((root) => resolve(root, path)))];
}

/** A folder as users give it. */
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

/** The folder of the package.json nearest to a file. */
function packageOf(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  for (let folder = dirname(resolve(file)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}
