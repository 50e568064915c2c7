import { SavedModelError } from "../../runtime/base/errors.js";
import type { Config } from "../config/config.js";
import { attemptEach } from "../project/model-errors.js";
import { generateFiles, type ProjectFile, type ProjectModel, projectModels } from "../project/project.js";

/** The generated files of a project, and the errors of the rest. */
export interface Generated {
  readonly files: readonly ProjectFile[];
  /** One error per broken model, or one for the project. */
  readonly errors: readonly SavedModelError[];
}

/** Generates all files that it can: a broken model does not keep others from being up to date. */
export function generateSound(config: Config, root: string): Generated {
  try {
    const models = projectModels(config, root);
    try {
      return { files: generateFiles(models, config, root), errors: [] };
    } catch (error) {
      const { sound, errors } = sortOut(models, root);
      if (errors.length === 0) throw error;
      // An index without the broken ones would remove their classes for its importers.
      return { files: generateFiles(sound, { ...config, index: false }, root), errors };
    }
  } catch (error) {
    return { files: [], errors: [asCoded(error)] };
  }
}

/** Returns an error of this package; rethrows any other, which is a bug. */
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
