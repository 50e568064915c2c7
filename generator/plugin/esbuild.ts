import type { Plugin } from "esbuild";
import { plugin } from "./factory.js";
import type { PluginOptions } from "./options.js";

export type { PluginOptions } from "./options.js";

/**
 * The esbuild plugin: generates the clients of a project before it is built, and fails the build where it cannot.
 * It goes on until the build is disposed of.
 */
export const savedmodel: (options?: PluginOptions) => Plugin = plugin.esbuild;
