import { readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { compareNatural, nearest, printable, quote } from "../../base/text.js";
import { isModel } from "./model-file.js";

/** More folders than these are not looked into, and no more than these are named. */
const LOOKED_INTO = 1000;
const NAMED = 5;

/**
 * What to pass instead of a folder that is no SavedModel but holds some: versions of one, as TensorFlow Serving has them,
 * or several models.
 */
export function suggestBelow(directory: string): string | undefined {
  const version = newestVersion(directory);
  if (version !== undefined) return `Pass ${show(version)}, the newest of the versions in it.`;
  const models = modelsIn(directory).map(show);
  if (models.length === 0) return undefined;
  const more = models.length > NAMED ? `, or one of ${models.length - NAMED} more in it` : "";
  return `Pass a model that is in it: ${models.slice(0, NAMED).join(", ")}${more}.`;
}

/** What to pass instead of a folder that is not there: the model beside it that was meant, or all of them. */
export function suggestBeside(directory: string): string | undefined {
  const parent = dirname(directory);
  const names = modelsIn(parent).map((path) => relative(parent, path));
  if (names.length === 0) return undefined;
  const meant = nearest(basename(directory), names);
  // As it is to be typed.
  if (meant !== undefined) return `Did you mean ${quote(join(parent, meant))}?`;
  const shown = names.slice(0, NAMED).map(show).join(", ");
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return `Models in ${parent === "." ? "the working directory" : show(parent)}: ${shown}${more}.`;
}

/** The models in a folder, of those with versions the newest one, in natural order. */
function modelsIn(folder: string): readonly string[] {
  return foldersIn(folder)
    .flatMap((name) => {
      const path = join(folder, name);
      return isModel(path) ? path : (newestVersion(path) ?? []);
    })
    .sort(compareNatural);
}

function newestVersion(folder: string): string | undefined {
  const versions = foldersIn(folder).filter((name) => /^\d+$/.test(name) && isModel(join(folder, name)));
  const newest = versions.sort(compareNatural).at(-1);
  return newest === undefined ? undefined : join(folder, newest);
}

/** The names of what may be a folder; none where the folder cannot be read. */
function foldersIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isFile())
      .slice(0, LOOKED_INTO)
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function show(path: string): string {
  return printable(path, 500);
}
