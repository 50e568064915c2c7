import { createUnplugin, type UnpluginInstance, type UnpluginOptions } from "unplugin";
import { Clients } from "./clients.js";
import { applyToCompiler } from "./compiler.js";
import { esbuildSetup } from "./esbuild-setup.js";
import type { PluginOptions } from "./options.js";
import { rollupHooks } from "./rollup-hooks.js";
import { viteHooks } from "./vite-hooks.js";

/** The plugin for every bundler. */
export const plugin: UnpluginInstance<PluginOptions | undefined, false> = createUnplugin(factory);

/**
 * Each bundler has hooks of its own: none of those that they share says whether the bundler watches, and the one for the
 * start does not hold back webpack's first look at the files.
 */
function factory(options: PluginOptions | undefined): UnpluginOptions {
  const clients = new Clients(options);
  return {
    name: "savedmodel",
    rollup: rollupHooks(clients),
    vite: viteHooks(clients),
    esbuild: { setup: (build) => esbuildSetup(build, clients) },
    webpack: (compiler) => applyToCompiler(compiler, clients),
    rspack: (compiler) => applyToCompiler(compiler, clients),
  };
}
