import { checkOptions } from "../../runtime/base/check-options.js";
import { SavedModelError } from "../../runtime/base/errors.js";
import type { Config } from "../config/config.js";

/**
 * What a build-tool plugin is given: a configuration as `savedmodel.config.ts` has it, with paths relative to the project's
 * folder; or nothing, or a file, and then the configuration is that file's.
 */
export interface PluginOptions extends Partial<Config> {
  /** The configuration file; by default `savedmodel.config.*` of the project's folder, or above it within the package. */
  readonly configFile?: string;
}

/** Where a plugin's configuration is. */
export type Source =
  | { readonly config: Config; readonly file?: undefined }
  | { readonly config?: undefined; readonly file: string | undefined };

/** @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT` */
export function sourceOf(options: PluginOptions): Source {
  checkOptions("savedmodel()", options, ["configFile", "importExtension", "index", "models", "output", "target"]);
  const { configFile, models, ...others } = options;
  if (models === undefined) {
    const [other] = Object.keys(others);
    if (other === undefined) return { file: configFile };
    throw new SavedModelError("INVALID_OPTION", `savedmodel(): ${other} was given, but no models`, {
      fix: "Pass the models too, or set it in the configuration file.",
    });
  }
  if (configFile === undefined) return { config: { models, ...others } };
  throw new SavedModelError("INVALID_OPTION", "savedmodel(): models and configFile were both given", {
    fix: "Pass one or the other, not both.",
  });
}
