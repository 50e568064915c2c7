/**
 * The functions that all commands are built on. They return data and strings and print nothing; functions that write,
 * remove or watch files say so in their names.
 *
 * @module
 */

export { type InspectOptions, inspect } from "../runtime/saved-model/describe.js";
export type {
  FingerprintInfo,
  FunctionInfo,
  ModelInfo,
  VariableInfo,
} from "../runtime/saved-model/model-info.js";
export type { SignatureInfo, TensorInfo } from "../runtime/saved-model/signature-info.js";
export { checkFiles, type FileCheck } from "./check/check-project.js";
export type { Target } from "./client/target.js";
export { type Config, defineConfig, type ModelConfig } from "./config/config.js";
export { type LoadedConfig, loadConfig } from "./config/load-config.js";
export { type GeneratedClient, type GenerateOptions, generate } from "./generate/generate-client.js";
export {
  type GeneratedIndex,
  generateIndex,
  type ImportExtension,
  type IndexOptions,
} from "./generate/generate-index.js";
export { type InitFile, type InitPlan, planInit } from "./init/init-project.js";
export { findOrphans } from "./project/orphans.js";
export type { Change } from "./project/planned-change.js";
export { generateProject, type ProjectFile } from "./project/project.js";
export { removeOrphans, type WrittenFile, writeProject } from "./project/write-project.js";
export { type ProjectChange, type WatchOptions, watchConfigFile, watchProject } from "./watch/watch-project.js";
