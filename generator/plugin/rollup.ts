import { Clients } from "./clients.js";
import type { PluginOptions } from "./plugin-options.js";
import type { RollupPlugin } from "./plugin-types.js";
import { rollupHooks } from "./rollup-hooks.js";

export type { PluginOptions } from "./plugin-options.js";
export type { RollupPlugin } from "./plugin-types.js";

/**
 * Returns the Rollup plugin: it generates the clients of a project before the build, and fails the build if it cannot.
 * With `--watch` it regenerates them when a model changes.
 *
 * @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT`
 */
export function savedmodel(options?: PluginOptions): RollupPlugin {
  return { name: "savedmodel", ...rollupHooks(new Clients(options)) };
}
