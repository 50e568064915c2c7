import { plugin } from "./factory.js";
import type { PluginOptions } from "./options.js";

export type { PluginOptions } from "./options.js";

/** What webpack takes for a plugin. An alias: an interface would not be assignable to webpack's own type. */
export type WebpackPlugin = { apply(compiler: object): void };

/**
 * The webpack plugin: generates the clients of a project before it is built, and fails the build where it cannot. With
 * `--watch` it goes on when a model changes.
 */
export const savedmodel: (options?: PluginOptions) => WebpackPlugin = plugin.webpack;
