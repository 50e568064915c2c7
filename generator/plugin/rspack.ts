import type { RspackPluginInstance } from "@rspack/core";
import { plugin } from "./factory.js";
import type { PluginOptions } from "./options.js";

export type { PluginOptions } from "./options.js";

/**
 * The Rspack plugin: generates the clients of a project before it is built, and fails the build where it cannot.
 * With `--watch` it goes on when a model changes.
 */
export const savedmodel: (options?: PluginOptions) => RspackPluginInstance = plugin.rspack;
