/**
 * The generator as functions, from which every command can be made. They return data and strings and print nothing; what
 * writes or removes a file says so in its name, or watches.
 *
 * @module
 */
export type { SignatureDescription, TensorDescription } from "../runtime/description.js";
export { checkFiles, type FileCheck } from "./check.js";
export { type Config, defineConfig, type ModelConfig } from "./config.js";
export { type LoadedConfig, loadConfig } from "./config-file.js";
export { type InspectOptions, inspect } from "./describe.js";
export type {
  FingerprintDescription,
  FunctionDescription,
  ModelDescription,
  VariableDescription,
} from "./description.js";
export { type GeneratedClient, type GenerateOptions, generate } from "./generate.js";
export { type GeneratedIndex, generateIndex, type ImportExtension, type IndexOptions } from "./generate-index.js";
export { type InitFile, type InitPlan, planInit } from "./init.js";
export { generateProject, type ProjectFile } from "./project.js";
export { findOrphans } from "./project-orphans.js";
export { removeOrphans, type WrittenFile, writeProject } from "./project-write.js";
export type { Target } from "./target.js";
export { type ProjectChange, type WatchOptions, watchConfigFile, watchProject } from "./watch.js";
export type { Change } from "./write.js";
