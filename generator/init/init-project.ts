import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { ts } from "ts-morph";
import { SavedModelError } from "../../runtime/base/errors.js";
import { foldersFrom, packageOf } from "../../runtime/base/package-folder.js";
import { firstLine, printable, reasonOf } from "../../runtime/base/text.js";
import { isModel } from "../../runtime/saved-model/files/model-file.js";
import { chooseMetaGraph, readMetaGraphs, tagsOf } from "../../runtime/saved-model/files/saved-model-file.js";
import type { Message } from "../../runtime/saved-model/proto/decode.js";
import { configInvalid } from "../config/check-config.js";
import type { Config } from "../config/config.js";
import { CONFIG_NAME, findConfig, loadConfig } from "../config/load-config.js";
import { listPaths, workspacePackages } from "../config/workspace.js";
import { DEFAULT_OUTPUT, relativeTo } from "../project/project.js";
import { readGenerated } from "../project/write-client.js";
import { addAttributes, configJson, configModule } from "./config-module.js";
import { findModels, modelEntries } from "./find-models.js";
import { addScripts, parseManifest } from "./package-scripts.js";

/** A file that a set-up creates, changes or keeps. */
export interface InitFile {
  /** Absolute path. */
  readonly path: string;
  readonly change: "created" | "updated" | "unchanged";
  readonly text: string;
  /** Description of its content after the set-up. */
  readonly about: string;
}

/** Changes that a set-up makes to a project; nothing is written yet. */
export interface InitPlan {
  /** Folder of the project. */
  readonly root: string;
  readonly files: readonly InitFile[];
  readonly notes: readonly string[];
  /** True if package.json has this package among its dependencies. */
  readonly isInstalled: boolean;
}

/** Note for files of `npm init` and `tsc --init` that do not work together. */
const COMMON_JS =
  "tsconfig.json sets verbatimModuleSyntax, with which TypeScript rejects every `import` in a CommonJS project, those of " +
  'clients too: set "type": "module" in package.json, or remove verbatimModuleSyntax';

const JAVASCRIPT =
  'the project has no TypeScript: clients are JavaScript with declarations; for .ts files, remove "target" from the ' +
  "configuration";

/**
 * Plans the set-up of a project: a configuration of its models, scripts, and attributes of the generated files.
 * Existing entries stay; if all exist, nothing changes.
 *
 * @param cwd a folder of the project; its root is the folder of package.json
 * @throws SavedModelError `MODEL_NOT_FOUND` if there is neither a model nor a configuration, `CONFIG_INVALID`
 */
export async function planInit(cwd: string): Promise<InitPlan> {
  const present = findConfig(cwd);
  const root = present === undefined ? (packageOf(cwd) ?? resolve(cwd)) : dirname(present);
  const manifestPath = join(root, "package.json");
  const manifestText = textOf(manifestPath);
  const manifest = manifestText === undefined ? {} : parseManifest(manifestText);
  const { file, config, notes } = present === undefined ? newConfig(root, manifest) : await presentConfig(cwd, present);
  const scripts = manifestText === undefined ? undefined : addScripts(manifestText);
  const attributes = attributesFile(root, config);
  return {
    root,
    files: [
      file,
      ...(scripts === undefined ? [] : [fileOf(manifestPath, scripts.text, aboutScripts(scripts.added))]),
      attributes,
    ],
    notes: [...(scripts?.notes ?? ["no scripts were added, because package.json is missing"]), ...notes],
    isInstalled: ["dependencies", "devDependencies"].some((key) => hasKey(manifest[key], "savedmodel")),
  };
}

interface Chosen {
  readonly file: InitFile;
  readonly config: Pick<Config, "models" | "output">;
  readonly notes: readonly string[];
}

/** Returns whether a package is installed in this folder or in one above it, as in the root of a workspace. */
function isInstalledAbove(folder: string, name: string): boolean {
  return foldersFrom(folder).some((each) => existsSync(join(each, "node_modules", name)));
}

function newConfig(root: string, manifest: Readonly<Record<string, unknown>>): Chosen {
  const packages = workspacePackages(root);
  const models = findModels(root, packages);
  if (models.length === 0) {
    if (packages.length > 0) throw noModelOutside(packages, root);
    const where = printable(relative("", root) || ".", 500);
    if (isModel(root)) {
      throw new SavedModelError("MODEL_NOT_FOUND", `${where} is a SavedModel itself, and holds no others`, {
        fix: "Run this in the folder of your project.",
      });
    }
    throw new SavedModelError("MODEL_NOT_FOUND", `no SavedModel was found in ${where} or below it`, {
      fix: "Put one there, e.g. models/my_model with its saved_model.pb, and run this again.",
    });
  }
  const isTypeScript =
    existsSync(join(root, "tsconfig.json")) ||
    ["dependencies", "devDependencies"].some((key) => hasKey(manifest[key], "typescript")) ||
    isInstalledAbove(root, "typescript");
  const output = existsSync(join(root, "src")) ? `src/${DEFAULT_OUTPUT}` : undefined;
  const tags = new Map(models.flatMap((model) => neededTags(model, root)));
  const config: Pick<Config, "models" | "output" | "target"> = {
    models: modelEntries(models, (model) => tags.get(model)),
    ...(output !== undefined && { output }),
    ...(!isTypeScript && { target: "js" }),
  };
  const path = join(root, `${CONFIG_NAME}.${isTypeScript ? "ts" : "json"}`);
  const text = isTypeScript ? configModule(config) : configJson(config);
  const about = `${models.length === 1 ? "1 model" : `${models.length} models`}: ${models.map(firstLine).join(", ")}`;
  const notes = [
    ...(isTypeScript ? commonJsNotes(root, manifest) : [JAVASCRIPT]),
    ...(packages.length === 0 ? [] : [workspaceNote(output ?? DEFAULT_OUTPUT, packages)]),
  ];
  return { file: fileOf(path, text, about), config, notes };
}

function workspaceNote(output: string, packages: readonly string[]): string {
  return (
    `this is the root of a workspace: clients are written here, to ${output}; for a client in a package ` +
    `(${listPaths(packages)}), put the model below the package and run \`init\` there`
  );
}

/** Returns the error for the root of a workspace, where the models of packages are set up in the packages. */
function noModelOutside(packages: readonly string[], root: string): SavedModelError {
  const where = printable(relative("", root) || ".", 500);
  const withModels = packages.filter((folder) => findModels(join(root, folder)).length > 0);
  if (withModels.length === 0) {
    return new SavedModelError("MODEL_NOT_FOUND", `found no SavedModel in the workspace ${where}`, {
      fix: `Put one into the package that uses it (${listPaths(packages)}), and run this there.`,
    });
  }
  const one = withModels.length === 1 ? "" : "one of ";
  return new SavedModelError("MODEL_NOT_FOUND", `the SavedModels of the workspace ${where} are in its packages`, {
    fix: `Run this in ${one}${listPaths(withModels)}.`,
  });
}

/** Returns a note if the project's compiler rejects the unchanged clients. */
function commonJsNotes(root: string, manifest: Readonly<Record<string, unknown>>): readonly string[] {
  if (manifest.type === "module") return [];
  const path = join(root, "tsconfig.json");
  const host = { ...ts.sys, readDirectory: () => [] };
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config ?? {}, host, root, undefined, path);
  // With other modules, a file is a module if it has an import.
  const { module = ts.ModuleKind.ESNext } = options;
  const isByPackage =
    module === ts.ModuleKind.CommonJS || (module >= ts.ModuleKind.Node16 && module <= ts.ModuleKind.NodeNext);
  return options.verbatimModuleSyntax === true && isByPackage ? [COMMON_JS] : [];
}

/** Returns the tags of a model without a default meta graph: those of its first. */
function neededTags(model: string, root: string): readonly (readonly [model: string, tags: readonly string[]])[] {
  let first: Message<"MetaGraphDef"> | undefined;
  try {
    const metaGraphs = readMetaGraphs(join(root, model));
    [first] = metaGraphs;
    chooseMetaGraph(model, metaGraphs);
    return [];
  } catch (error) {
    if (!(error instanceof SavedModelError)) throw error;
    // Models that cannot be read are reported by `generate`.
    return error.code === "TAGS_NOT_FOUND" && first !== undefined ? [[model, tagsOf(first)]] : [];
  }
}

/** Returns the existing configuration, which is kept, whatever models there are. */
async function presentConfig(cwd: string, path: string): Promise<Chosen> {
  const loaded = await loadConfig(cwd, path);
  const file = fileOf(path, textOf(path) ?? "", "the configuration");
  return { file, config: loaded?.config ?? { models: [] }, notes: [] };
}

function attributesFile(
  root: string,
  { models, output = DEFAULT_OUTPUT }: Pick<Config, "models" | "output">,
): InitFile {
  const folders = [output, ...models.flatMap((model) => (typeof model === "string" ? [] : (model.output ?? [])))]
    .map((folder) => relativeTo(root, resolve(root, folder)))
    // Attributes apply to files below.
    .filter((folder) => folder !== "" && folder !== ".." && !folder.startsWith("../"));
  const path = join(root, ".gitattributes");
  const { text, added } = addAttributes(textOf(path) ?? "", folders);
  return fileOf(path, text, added.length === 0 ? "the attributes" : added.map(firstLine).join(", "));
}

function aboutScripts(added: readonly string[]): string {
  return added.length === 0 ? "the scripts" : `scripts: ${added.join(", ")}`;
}

function fileOf(path: string, text: string, about: string): InitFile {
  const present = textOf(path);
  const change = text === (present ?? "") ? "unchanged" : present === undefined ? "created" : "updated";
  return { path, change, text, about };
}

/**
 * Reads a file; undefined if it does not exist.
 *
 * @throws SavedModelError `CONFIG_INVALID` if it cannot be read
 */
function textOf(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return readGenerated(path);
  } catch (cause) {
    const what = `the file cannot be read: ${firstLine(reasonOf(cause))}`;
    throw configInvalid(relative("", path), what, undefined, cause);
  }
}

function hasKey(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}
