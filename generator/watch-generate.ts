import { resolve } from "node:path";
import { SavedModelError } from "../runtime/errors.js";
import type { Config } from "./config.js";
import { generateFiles, type ProjectFile, type ProjectModel, projectModels } from "./project.js";
import { type Change, planChange, writeWhole } from "./write.js";

/** A file of a project that was written, or was as it should be. */
export interface WrittenFile {
  readonly file: ProjectFile;
  /** Absolute. */
  readonly path: string;
  readonly change: Change;
}

/** What can be generated of a project, and why the rest cannot. */
export interface Generated {
  readonly files: readonly ProjectFile[];
  /** One for each model that is broken, or one for the project. */
  readonly errors: readonly SavedModelError[];
}

/** Generates what can be: a model that is broken keeps no other from being up to date. */
export function generateSound(config: Config, root: string): Generated {
  try {
    const models = projectModels(config, root);
    try {
      return { files: generateFiles(models, config, root), errors: [] };
    } catch (error) {
      const { sound, errors } = sortOut(models, root);
      if (errors.length === 0) throw error;
      // An index without the broken ones would take their classes from those who import them.
      return { files: generateFiles(sound, { ...config, index: false }, root), errors };
    }
  } catch (error) {
    return { files: [], errors: [asCoded(error)] };
  }
}

/** Nothing is written before it is certain that everything can be. */
export function writeFiles(files: readonly ProjectFile[], root: string): readonly WrittenFile[] {
  const plan = files.map((file) => {
    const path = resolve(root, file.path);
    return { file, path, change: planChange(path, file.text) };
  });
  for (const { file, path, change } of plan) {
    if (change !== "unchanged") writeWhole(path, file.text);
  }
  return plan;
}

/** The error, if it is one of this package; any other is a mistake in it, and goes on. */
export function asCoded(error: unknown): SavedModelError {
  if (error instanceof SavedModelError) return error;
  throw error;
}

function sortOut(
  models: readonly ProjectModel[],
  root: string,
): { readonly sound: readonly ProjectModel[]; readonly errors: readonly SavedModelError[] } {
  const [sound, errors]: [ProjectModel[], SavedModelError[]] = [[], []];
  for (const model of models) {
    try {
      generateFiles([model], { index: false }, root);
      sound.push(model);
    } catch (error) {
      errors.push(asCoded(error));
    }
  }
  return { sound, errors };
}
