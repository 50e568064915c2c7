import type { PluginBuild } from "esbuild";
import { Clients } from "./clients.js";
import { esbuildSetup } from "./esbuild-setup.js";
import type { PluginOptions } from "./plugin-options.js";
import type { EsbuildPlugin } from "./plugin-types.js";

export type { PluginOptions } from "./plugin-options.js";
export type { EsbuildPlugin } from "./plugin-types.js";

/**
 * Returns the esbuild plugin: it generates the clients of a project before the build, and fails the build if it cannot.
 * It continues until the build is disposed of.
 *
 * @throws SavedModelError `INVALID_OPTION`, `INVALID_ARGUMENT`
 */
export function savedmodel(options?: PluginOptions): EsbuildPlugin {
  const clients = new Clients(options);
  return { name: "savedmodel", setup: (build) => esbuildSetup(build as PluginBuild, clients) };
}
