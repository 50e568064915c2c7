/**
 * The generator as functions: they return data and strings, write nothing and print nothing.
 *
 * @module
 */
export type { SignatureDescription, TensorDescription } from "../runtime/description.js";
export { type InspectOptions, inspect } from "./describe.js";
export type { FingerprintDescription, ModelDescription, VariableDescription } from "./description.js";
export { type GeneratedClient, type GenerateOptions, generate } from "./generate.js";
export { type GeneratedIndex, generateIndex, type ImportExtension, type IndexOptions } from "./generate-index.js";
