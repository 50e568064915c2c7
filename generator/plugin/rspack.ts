import { Clients } from "./clients.js";
import { applyToCompiler, type CompilerLike } from "./compiler.js";
import type { PluginOptions } from "./plugin-options.js";
import type { CompilerPlugin } from "./plugin-types.js";

export type { PluginOptions } from "./plugin-options.js";
export type { CompilerPlugin } from "./plugin-types.js";

/**
 * Returns the Rspack plugin: it generates the clients of a project before the build, and fails the build if it cannot.
 * With `--watch` it regenerates them when a model changes.
 *
 * @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT`
 */
export function savedmodel(options?: PluginOptions): CompilerPlugin {
  const clients = new Clients(options);
  return { apply: (compiler) => applyToCompiler(compiler as CompilerLike, clients) };
}
