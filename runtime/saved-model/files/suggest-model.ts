import { readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { compareNatural, didYouMean, nearest, printable } from "../../base/text.js";
import { isModel } from "./model-file.js";

/** More folders than these are not looked into, and no more than these are named. */
const LOOKED_INTO = 1000;
const NAMED = 5;

/**
 * Suggests what to pass instead of a folder that is not a SavedModel but holds some: versions of one, as TensorFlow
 * Serving has them, or several models.
 */
export function suggestBelow(directory: string): string | undefined {
  const version = newestVersion(directory);
  if (version !== undefined) return `Pass ${show(version)}, the newest of the versions in it.`;
  const models = modelsBelow(directory).map(show);
  if (models.length === 0) return undefined;
  const more = models.length > NAMED ? `, or one of ${models.length - NAMED} more in it` : "";
  return `Pass a model inside it: ${models.slice(0, NAMED).join(", ")}${more}.`;
}

/** Suggests what to pass instead of a missing folder: the model beside it that was meant, or all of them. */
export function suggestBeside(directory: string): string | undefined {
  const parent = dirname(directory);
  const name = basename(directory);
  const names = modelsIn(parent).map((path) => relative(parent, path));
  const meant = nearest(name, names);
  // As it is to be typed.
  if (meant !== undefined) return didYouMean(join(parent, meant));
  const folder = nearest(name, foldersIn(parent));
  const [below, ...others] = folder === undefined ? [] : modelsIn(join(parent, folder));
  if (below !== undefined && others.length === 0) return didYouMean(below);
  if (below !== undefined && folder !== undefined)
    return listModels(
      join(parent, folder),
      [below, ...others].map((path) => relative(join(parent, folder), path)),
    );
  return names.length === 0 ? undefined : listModels(parent, names);
}

/** `Models in models: counter, spin and 3 more.` */
function listModels(parent: string, names: readonly string[]): string {
  const shown = names.slice(0, NAMED).map(show).join(", ");
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return `Models in ${parent === "." ? "the working directory" : show(parent)}: ${shown}${more}.`;
}

/** Maximum depth of the search for a model below a folder, where none is in it. */
const MAX_DEPTH = 3;

/** The models in a folder; where there are none, those in its folders, and so on. */
function modelsBelow(folder: string): readonly string[] {
  let folders: readonly string[] = [folder];
  for (let depth = 0; depth < MAX_DEPTH && folders.length > 0; depth++) {
    const models = folders.flatMap(modelsIn);
    if (models.length > 0) return models;
    folders = folders.flatMap((path) => foldersIn(path).map((name) => join(path, name))).slice(0, LOOKED_INTO);
  }
  return [];
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
