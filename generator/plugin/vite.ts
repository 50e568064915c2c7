import type { Plugin } from "vite";
import { plugin } from "./factory.js";
import type { PluginOptions } from "./options.js";

export type { PluginOptions } from "./options.js";

/**
 * The Vite plugin: generates the clients of a project before it is built, and fails the build where it cannot.
 * In development it goes on, and the server sees the files that change.
 */
export const savedmodel: (options?: PluginOptions) => Plugin = plugin.vite;
