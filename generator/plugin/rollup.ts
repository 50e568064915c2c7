import { Clients } from "./clients.js";
import type { PluginOptions } from "./plugin-options.js";
import type { RollupPlugin } from "./plugin-types.js";
import { rollupHooks } from "./rollup-hooks.js";

export type { PluginOptions } from "./plugin-options.js";
export type { RollupPlugin } from "./plugin-types.js";

/**
 * The Rollup plugin: generates the clients of a project before it is built, and fails the build where it cannot.
 * With `--watch` it goes on when a model changes.
 *
 * @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT`
 */
export function savedmodel(options?: PluginOptions): RollupPlugin {
  return { name: "savedmodel", ...rollupHooks(new Clients(options)) };
}
