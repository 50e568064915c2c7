import type { Target } from "../client/target.js";
import type { ImportExtension } from "../generate/generate-index.js";

/** A model of a project, or several by a pattern. */
export interface ModelConfig {
  /** A folder that holds `saved_model.pb`, or a glob pattern of such folders; relative to the configuration file. */
  readonly path: string;
  /** The name of the class; not with a pattern. By default it is made of the folder's name. */
  readonly className?: string;
  /** The folder that the client is written to, if it is not that of all. */
  readonly output?: string;
  /** The tags of the meta graph. */
  readonly tags?: readonly string[];
  /** The signatures that become methods; by default all. */
  readonly signatures?: readonly string[];
  /** Signatures that are not to be used any more, by their keys, each with what to do instead: editors strike them through. */
  readonly deprecated?: Readonly<Record<string, string>>;
}

/** What `savedmodel.config.ts` says of a project. */
export interface Config {
  /** Folders, patterns, or these with options of their own. */
  readonly models: readonly (string | ModelConfig)[];
  /** The folder that clients are written to, relative to the configuration file; `generated` by default. */
  readonly output?: string;
  /** Whether an `index.ts` is written that exports every class. */
  readonly index?: boolean;
  /** How imports in the index end; `js` by default. */
  readonly importExtension?: ImportExtension;
  /** `js` for JavaScript with declarations, `.js` and `.d.ts`; `ts` by default. */
  readonly target?: Target;
}

/** Gives a configuration its type; it is returned as it is. */
export function defineConfig(config: Config): Config {
  return config;
}
