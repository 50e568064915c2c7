import { checkOptions } from "../../runtime/base/check-options.js";
import { SavedModelError } from "../../runtime/base/errors.js";
import type { Config } from "../config/config.js";

/**
 * Options of a build-tool plugin: a configuration as in `savedmodel.config.ts`, with paths relative to the project's
 * folder; or nothing, or a file, to use the configuration of that file.
 */
export interface PluginOptions extends Partial<Config> {
  /** Configuration file; by default `savedmodel.config.*` in the project's folder, or above it within the package. */
  readonly configFile?: string;
}

/** Source of a plugin's configuration. */
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
