import { dirname, relative, resolve, sep } from "node:path";
import { SavedModelError } from "../../runtime/base/errors.js";
import { didYouMean, firstLine, printable, quote } from "../../runtime/base/text.js";
import { isModel } from "../../runtime/saved-model/files/model-file.js";
import { inTermsOf } from "../../runtime/saved-model/files/saved-model-file.js";
import { isOpPack } from "../../runtime/saved-model/graph/op-packages.js";
import { noSignatureNote } from "../../runtime/saved-model/graph/unexported-functions.js";
import { filesInTarget } from "../client/target.js";
import { configInvalid } from "../config/check-config.js";
import type { Config, ModelConfig } from "../config/config.js";
import { expandPattern, isPattern } from "../config/model-glob.js";
import { type GeneratedClient, type GenerateOptions, generate } from "../generate/generate-client.js";
import { generateIndex } from "../generate/generate-index.js";
import { forEachModel } from "./model-errors.js";

/** Default folder of clients. */
export const DEFAULT_OUTPUT = "generated";

/** A file of a project that is not yet written. */
export interface ProjectFile {
  /** Path relative to the folder of the configuration, with `/` between folders. */
  readonly path: string;
  readonly text: string;
  /** The origin of the file: a client, the index of a folder, or the declarations of the file before it. */
  readonly client: GeneratedClient | "index" | "declarations";
  /** Methods of a client, or classes of an index. */
  readonly names: readonly string[];
  /** Sentences about renamed and omitted names. */
  readonly notes: readonly string[];
}

/** A model of a project with its own options. */
export interface ProjectModel extends Omit<ModelConfig, "path" | "output"> {
  /** Folder that holds `saved_model.pb`; absolute. */
  readonly directory: string;
  /** Output folder of its client; absolute. */
  readonly output: string;
}

/**
 * Generates all files of a project without writing them. Patterns expand to models sorted by code unit, without those
 * that have an entry of their own. With `index`, each output folder gets one.
 *
 * @param root the folder that the paths of the configuration are relative to
 * @throws SavedModelError the codes of `generate()`; `CONFIG_INVALID` for a pattern that matches no model, and for a
 * signature that a model does not have; `OUTPUT_CONFLICT` if two models would be written to one file
 */
export function generateProject(config: Config, root: string): readonly ProjectFile[] {
  return generateFiles(projectModels(config, root), config, root);
}

/**
 * Returns the models of a project, patterns expanded, without reading them.
 *
 * @throws SavedModelError `CONFIG_INVALID` for a pattern that matches no model
 */
export function projectModels(config: Config, root: string): readonly ProjectModel[] {
  const entries = config.models.map((model) => (typeof model === "string" ? { path: model } : model));
  // A folder may have a name that looks like a pattern.
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

/** Returns a hint: `models/net/*` may stand for the model `models/net`, and `model*` for the content of `models`. */
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

/** Removes repeated models, as from two patterns. */
function withoutRepetitions(models: readonly ProjectModel[]): readonly ProjectModel[] {
  const byText = new Map(models.map((model) => [JSON.stringify(Object.entries(model).sort()), model]));
  return [...byText.values()];
}

/** Generates the files of these models, and indexes if requested. */
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
  const { directory, output, className, tags, signatures, deprecated, opLibraries } = model;
  const options: GenerateOptions = {
    outputFolder: output,
    ...(className !== undefined && { className }),
    ...(tags !== undefined && { tags }),
    ...(signatures !== undefined && { signatures }),
    ...(deprecated !== undefined && { deprecated }),
    ...(opLibraries !== undefined && {
      opLibraries: opLibraries.map((name) => (isOpPack(name) ? name : relative("", resolve(root, name)))),
    }),
  };
  // Messages name the folder relative to the working directory.
  const client = generateConfigured(relative("", directory) || ".", options);
  const { fileName, text, methods, notes } = client;
  const all = methods.length === 0 ? [...notes, noSignatureNote(client.description)] : notes;
  return { path: relativeTo(root, resolve(output, fileName)), text, client, names: methods, notes: all };
}

/** Generates a client; a signature that only the configuration knows is an error there, or was not exported. */
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

/** Requires distinct files. @throws SavedModelError `OUTPUT_CONFLICT` */
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

/** Returns a path in a project, the same on every system. */
export function relativeTo(root: string, path: string): string {
  return relative(root, path).split(sep).join("/");
}
