import { dirname, relative, resolve, sep } from "node:path";
import { SavedModelError } from "../../runtime/base/errors.js";
import { didYouMean, firstLine, printable, quote } from "../../runtime/base/text.js";
import { isModel } from "../../runtime/saved-model/files/model-file.js";
import { inTermsOf } from "../../runtime/saved-model/files/saved-model-file.js";
import { noSignatureNote } from "../../runtime/saved-model/graph/unexported-functions.js";
import { filesInTarget } from "../client/target.js";
import { configInvalid } from "../config/check-config.js";
import type { Config, ModelConfig } from "../config/config.js";
import { expandPattern, isPattern } from "../config/model-glob.js";
import { type GeneratedClient, type GenerateOptions, generate } from "../generate/generate-client.js";
import { generateIndex } from "../generate/generate-index.js";
import { forEachModel } from "./model-errors.js";

/** Where clients are written to, if nothing else is said. */
export const DEFAULT_OUTPUT = "generated";

/** A file of a project, not yet written anywhere. */
export interface ProjectFile {
  /** Relative to the folder of the configuration, with `/` between folders. */
  readonly path: string;
  readonly text: string;
  /** The origin of the text: a client, the list of those in its folder, or the declarations of the file before it. */
  readonly client: GeneratedClient | "index" | "declarations";
  /** What its classes and methods are: the methods of a client, the classes of an index. */
  readonly names: readonly string[];
  /** Sentences on what was renamed or left out. */
  readonly notes: readonly string[];
}

/** A model of a project with the options of its own. */
export interface ProjectModel extends Omit<ModelConfig, "path" | "output"> {
  /** The folder that holds `saved_model.pb`; absolute. */
  readonly directory: string;
  /** Where its client is written to; absolute. */
  readonly output: string;
}

/**
 * Generates all files of a project, and writes none. Patterns give their models sorted by code unit; a model that has an
 * entry of its own is left out of them. With `index`, each output folder gets one.
 *
 * @param root the folder that the paths of the configuration are relative to
 * @throws SavedModelError the codes of `generate()`; `CONFIG_INVALID` for a pattern that matches no model, and for a
 * signature that a model does not have; `OUTPUT_CONFLICT` where two models would be written to one file
 */
export function generateProject(config: Config, root: string): readonly ProjectFile[] {
  return generateFiles(projectModels(config, root), config, root);
}

/**
 * The models of a project, patterns expanded. Nothing of them is read.
 *
 * @throws SavedModelError `CONFIG_INVALID` for a pattern that matches no model
 */
export function projectModels(config: Config, root: string): readonly ProjectModel[] {
  const entries = config.models.map((model) => (typeof model === "string" ? { path: model } : model));
  // A folder may have a name that reads as a pattern.
  const isFolder = (path: string): boolean => !isPattern(path) || isModel(resolve(root, path));
  const own = new Set(entries.filter(({ path }) => isFolder(path)).map(({ path }) => resolve(root, path)));
  const models = entries.flatMap(({ path, output = config.output ?? DEFAULT_OUTPUT, ...options }, at) => {
    const common = { ...options, output: resolve(root, output) };
    if (isFolder(path)) return { ...common, directory: resolve(root, path) };
    const found = expandPattern(root, path).map((folder) => resolve(root, folder));
    if (found.length === 0) {
      const what = `models[${at}]: no SavedModel matches ${quote(path)}`;
      throw configInvalid("the configuration", what, hintOf(path, root));
    }
    return found.filter((directory) => !own.has(directory)).map((directory) => ({ ...common, directory }));
  });
  return withoutRepetitions(models);
}

/** Who writes `models/net/*` may mean `models/net`, which is a model itself; who writes `model*`, what is in `models`. */
function hintOf(pattern: string, root: string): string | undefined {
  let end = pattern.length;
  while (pattern[end - 1] === "/") end--;
  const below = `${pattern.slice(0, end)}/*`;
  if (expandPattern(root, below).length > 0) return didYouMean(below);
  const above = pattern.slice(0, Math.max(0, pattern.lastIndexOf("/", end - 1)));
  if (above === "") return undefined;
  const isAbove = isPattern(above) ? expandPattern(root, above).length > 0 : isModel(resolve(root, above));
  return isAbove ? didYouMean(above) : undefined;
}

/** A model that is named twice in the same way, as by two patterns, is one. */
function withoutRepetitions(models: readonly ProjectModel[]): readonly ProjectModel[] {
  const byText = new Map(models.map((model) => [JSON.stringify(Object.entries(model).sort()), model]));
  return [...byText.values()];
}

/** The files of these models, and indexes where they are wanted. */
export function generateFiles(
  models: readonly ProjectModel[],
  { index = false, importExtension, target = "ts" }: Pick<Config, "index" | "importExtension" | "target">,
  root: string,
): readonly ProjectFile[] {
  const files = forEachModel(models, (model) => clientFile(model, root));
  refuseSameFile(files);
  const inLanguage = (file: ProjectFile): readonly ProjectFile[] =>
    filesInTarget(file, target, resolve(root, dirname(file.path)), { client: "declarations", names: [], notes: [] });
  if (!index) return files.flatMap(inLanguage);
  const folders = [...new Set(models.map(({ output }) => output))];
  const indexes = folders.map((folder): ProjectFile => {
    const clients = files.flatMap(({ client }, at) =>
      typeof client === "string" || models[at]?.output !== folder ? [] : client,
    );
    const { fileName, text } = generateIndex(clients, importExtension === undefined ? {} : { importExtension });
    const path = relativeTo(root, resolve(folder, fileName));
    return { path, text, client: "index", names: clients.map(({ className }) => className), notes: [] };
  });
  return [...files, ...indexes].flatMap(inLanguage);
}

function clientFile(model: ProjectModel, root: string): ProjectFile {
  const { directory, output, className, tags, signatures, deprecated } = model;
  const options: GenerateOptions = {
    outputFolder: output,
    ...(className !== undefined && { className }),
    ...(tags !== undefined && { tags }),
    ...(signatures !== undefined && { signatures }),
    ...(deprecated !== undefined && { deprecated }),
  };
  // Messages name the folder as seen from where the command runs.
  const client = generateConfigured(relative("", directory) || ".", options);
  const { fileName, text, methods, notes } = client;
  const all = methods.length === 0 ? [...notes, noSignatureNote(client.description)] : notes;
  return { path: relativeTo(root, resolve(output, fileName)), text, client, names: methods, notes: all };
}

/** A signature that only the configuration knows is a mistake there, or the model was exported without it. */
function generateConfigured(directory: string, options: GenerateOptions): GeneratedClient {
  try {
    return generate(directory, options);
  } catch (cause) {
    if (!(cause instanceof SavedModelError) || cause.code !== "SIGNATURE_NOT_FOUND") {
      throw inTermsOf("configuration", cause);
    }
    throw configInvalid("the configuration", `${printable(directory, 500)}: ${cause.rawMessage}`, cause.fix, cause);
  }
}

/** @throws SavedModelError `OUTPUT_CONFLICT` */
function refuseSameFile(files: readonly ProjectFile[]): void {
  const sources = new Map<string, string>();
  for (const { path, client } of files) {
    if (typeof client === "string") continue;
    const directory = printable(client.description.directory, 500);
    const other = sources.get(path);
    if (other !== undefined) {
      throw new SavedModelError(
        "OUTPUT_CONFLICT",
        `${other} and ${directory} would both be written to ${firstLine(path)}`,
        {
          fix: "Generate one of them with another className, or into another folder.",
        },
      );
    }
    sources.set(path, directory);
  }
}

/** A path in a project, the same on every system. */
export function relativeTo(root: string, path: string): string {
  return relative(root, path).split(sep).join("/");
}
