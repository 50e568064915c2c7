import { basename, dirname, join } from "node:path";
import { compareCodeUnits, compareNatural } from "../../runtime/base/text.js";
import { isModel } from "../../runtime/saved-model/files/model-file.js";
import { pascalCase } from "../client/names.js";
import type { ModelConfig } from "../config/config.js";
import { hasConfig } from "../config/load-config.js";
import { projectFoldersIn } from "../config/model-glob.js";

/** Limits of the search: depth and number of folders. */
const DEEPEST = 6;
const MOST_FOLDERS = 5000;

/**
 * Returns the SavedModels in a folder and below it, relative to it with `/` between folders, sorted by code unit. Of
 * several versions of one model, as TensorFlow Serving stores them, only the newest is returned. Folders below another
 * configuration are skipped.
 *
 * @param packages folders that are not searched, relative to the folder: the other packages of a workspace
 */
export function findModels(root: string, packages: readonly string[] = []): readonly string[] {
  const found: string[] = [];
  const skipped = new Set(packages);
  // Breadth first: models near the top are found even if there are more folders than are searched.
  let level: readonly string[] = [""];
  let count = 0;
  for (let depth = 0; depth <= DEEPEST && level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      if (++count > MOST_FOLDERS) break;
      if (skipped.has(folder)) continue;
      if (folder !== "" && isModel(join(root, folder))) found.push(folder);
      else if (folder === "" || !hasConfig(join(root, folder))) next.push(...foldersBelow(root, folder));
    }
    level = next;
  }
  return newestVersions(found).sort(compareCodeUnits);
}

function foldersBelow(root: string, folder: string): readonly string[] {
  return projectFoldersIn(join(root, folder)).map((name) => (folder === "" ? name : `${folder}/${name}`));
}

function newestVersions(models: readonly string[]): string[] {
  const isVersion = (model: string): boolean => /^\d+$/.test(basename(model)) && dirname(model) !== ".";
  const newest = new Map<string, string>();
  for (const model of models.filter(isVersion)) {
    const other = newest.get(dirname(model));
    if (other === undefined || compareNatural(other, model) < 0) newest.set(dirname(model), model);
  }
  return models.filter((model) => !isVersion(model) || newest.get(dirname(model)) === model);
}

/**
 * Returns the entries of a configuration for these models: a pattern for several in one folder, all others one by one.
 * Classes of equally named models are named after the parent folder too.
 *
 * @param tagsOf the tags that a model needs, if it has no default meta graph
 */
export function modelEntries(
  models: readonly string[],
  tagsOf: (model: string) => readonly string[] | undefined = () => undefined,
): readonly (string | ModelConfig)[] {
  const [first] = models;
  const parent = first === undefined ? "." : dirname(first);
  const areBeside = models.every((model) => dirname(model) === parent && !/^\d+$/.test(basename(model)));
  if (models.length > 1 && parent !== "." && areBeside && !models.some(hasTwin)) {
    // A pattern skips a model that has a separate entry.
    return [`${parent}/*`, ...models.filter((model) => tagsOf(model) !== undefined).map(entryOf)];
  }
  return models.map(entryOf);

  function entryOf(model: string): string | ModelConfig {
    const tags = tagsOf(model);
    const className = hasTwin(model) ? pascalCase(namesOf(model).join("_")) : undefined;
    if (tags === undefined && className === undefined) return model;
    return { path: model, ...(className !== undefined && { className }), ...(tags !== undefined && { tags }) };
  }

  function hasTwin(model: string): boolean {
    return models.some((other) => other !== model && pascalCase(namesOf(other)[1]) === pascalCase(namesOf(model)[1]));
  }
}

/** Returns the names of the folder around a model and of its own, without the version. */
function namesOf(model: string): readonly [around: string, own: string] {
  const folder = /^\d+$/.test(basename(model)) ? dirname(model) : model;
  return [basename(dirname(folder)), basename(folder)];
}
