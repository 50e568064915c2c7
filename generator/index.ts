/**
 * The generator as functions: they return data and strings, write nothing and print nothing.
 *
 * @module
 */
export type { SignatureDescription, TensorDescription } from "../runtime/description.js";
export { checkFiles, type FileCheck } from "./check.js";
export { type Config, defineConfig, type ModelConfig } from "./config.js";
export { type LoadedConfig, loadConfig } from "./config-file.js";
export { type InspectOptions, inspect } from "./describe.js";
export type { FingerprintDescription, ModelDescription, VariableDescription } from "./description.js";
export { type GeneratedClient, type GenerateOptions, generate } from "./generate.js";
export { type GeneratedIndex, generateIndex, type ImportExtension, type IndexOptions } from "./generate-index.js";
export { generateProject, type ProjectFile } from "./project.js";
export { findOrphans } from "./project-orphans.js";
