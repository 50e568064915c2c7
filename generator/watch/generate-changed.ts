import { SavedModelError } from "../../runtime/base/errors.js";
import type { Config } from "../config/config.js";
import { attemptEach } from "../project/model-errors.js";
import { generateFiles, type ProjectFile, type ProjectModel, projectModels } from "../project/project.js";

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

/** The error, if it is one of this package; any other is a mistake in it, and goes on. */
export function asCoded(error: unknown): SavedModelError {
  if (error instanceof SavedModelError) return error;
  throw error;
}

function sortOut(
  models: readonly ProjectModel[],
  root: string,
): { readonly sound: readonly ProjectModel[]; readonly errors: readonly SavedModelError[] } {
  const { results: sound, errors } = attemptEach(models, (model) => {
    generateFiles([model], {}, root);
    return model;
  });
  return { sound, errors };
}
