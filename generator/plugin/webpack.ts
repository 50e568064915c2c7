import { Clients } from "./clients.js";
import { applyToCompiler, type CompilerLike } from "./compiler.js";
import type { PluginOptions } from "./plugin-options.js";
import type { CompilerPlugin } from "./plugin-types.js";

export type { PluginOptions } from "./plugin-options.js";
export type { CompilerPlugin } from "./plugin-types.js";

/**
 * The webpack plugin: generates the clients of a project before it is built, and fails the build where it cannot.
 * With `--watch` it goes on when a model changes.
 *
 * @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT`
 */
export function savedmodel(options?: PluginOptions): CompilerPlugin {
  const clients = new Clients(options);
  return { apply: (compiler) => applyToCompiler(compiler as CompilerLike, clients) };
}
