import type { Target } from "../client/target.js";
import type { ImportExtension } from "../generate/generate-index.js";

/** A model of a project, or several by a pattern. */
export interface ModelConfig {
  /** Folder that holds `saved_model.pb`, or a glob pattern of such folders; relative to the configuration file. */
  readonly path: string;
  /** Name of the class; not with a pattern. Made from the folder's name by default. */
  readonly className?: string;
  /** Output folder of this client; that of the project by default. */
  readonly output?: string;
  /** Tags of the meta graph. */
  readonly tags?: readonly string[];
  /** Keys of the signatures that become methods; all by default. */
  readonly signatures?: readonly string[];
  /** Deprecated signatures: their keys, each with the replacement to name. Editors strike them through. */
  readonly deprecated?: Readonly<Record<string, string>>;
  /**
   * Libraries of custom operations that the client loads by default: names of packs that `savedmodel install --with`
   * installs, such as `tensorflow-text`, and files, relative to the configuration file.
   */
  readonly opLibraries?: readonly string[];
}

/** Configuration of a project, the default export of `savedmodel.config.ts`. */
export interface Config {
  /** Folders, patterns, or objects with options for some. */
  readonly models: readonly (string | ModelConfig)[];
  /** Folder that clients are written to, relative to the configuration file; `generated` by default. */
  readonly output?: string;
  /** Writes an `index.ts` that exports every class. */
  readonly index?: boolean;
  /** Extension of the imports in the index; `js` by default. */
  readonly importExtension?: ImportExtension;
  /** `js` for JavaScript with declarations, `.js` and `.d.ts`; `ts` by default. */
  readonly target?: Target;
}

/** Returns its argument, and gives a configuration its type. */
export function defineConfig(config: Config): Config {
  return config;
}
