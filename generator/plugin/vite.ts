import { Clients } from "./clients.js";
import type { PluginOptions } from "./plugin-options.js";
import type { RollupPlugin } from "./plugin-types.js";
import { viteHooks } from "./vite-hooks.js";

export type { PluginOptions } from "./plugin-options.js";
export type { RollupPlugin } from "./plugin-types.js";

/**
 * The Vite plugin: generates the clients of a project before it is built, and fails the build where it cannot.
 * In development it goes on, and the server sees the files that change.
 *
 * @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT`
 */
export function savedmodel(options?: PluginOptions): RollupPlugin {
  return { name: "savedmodel", ...viteHooks(new Clients(options)) };
}
