import { Clients } from "./clients.js";
import type { PluginOptions } from "./plugin-options.js";
import type { RollupPlugin } from "./plugin-types.js";
import { viteHooks } from "./vite-hooks.js";

export type { PluginOptions } from "./plugin-options.js";
export type { RollupPlugin } from "./plugin-types.js";

/**
 * Returns the Vite plugin: it generates the clients of a project before the build, and fails the build if it cannot. In
 * development it regenerates them when a model changes, and the server sees the changed files.
 *
 * @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT`
 */
export function savedmodel(options?: PluginOptions): RollupPlugin {
  return { name: "savedmodel", ...viteHooks(new Clients(options)) };
}
