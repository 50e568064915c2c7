import { existsSync } from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import { foldersFrom, isPackage } from "../../runtime/base/package-folder.js";
import { firstLine, reasonOf } from "../../runtime/base/text.js";
import { checkConfig, configInvalid } from "./check-config.js";
import type { Config } from "./config.js";
import { placeOf } from "./config-error-location.js";
import { JsonError, readJson } from "./config-json.js";

/** Supported extensions of the file. */
const EXTENSIONS: readonly string[] = [".ts", ".mts", ".js", ".mjs", ".json"];
/** Name of the file, without its extension. */
export const CONFIG_NAME = "savedmodel.config";

/** A configuration and its origin. */
export interface LoadedConfig {
  readonly config: Config;
  /** Folder of the file, to which the paths in it are relative; absolute. */
  readonly root: string;
  /** Absolute path of the file. */
  readonly file: string;
}

/**
 * Loads the configuration of a project: the given file, or else `savedmodel.config.ts`, `.mts`, `.js`, `.mjs` or
 * `.json` in the folder or above it, up to its package. Undefined if there is none. The file is read again each time.
 *
 * @param file the file, relative to `cwd`
 * @throws SavedModelError `CONFIG_INVALID`
 */
export async function loadConfig(cwd: string, file?: string): Promise<LoadedConfig | undefined> {
  const path = file === undefined ? findConfig(cwd) : resolve(cwd, file);
  if (path === undefined) return undefined;
  const name = relative(cwd, path);
  if (!existsSync(path)) throw configInvalid(name, "the file does not exist", "Create one: `npx savedmodel init`.");
  if (!EXTENSIONS.includes(extname(path))) throw configInvalid(name, `the file must end in ${EXTENSIONS.join(", ")}`);
  const value = extname(path) === ".json" ? await loadJson(path, name) : await loadModule(path, name, cwd);
  return { config: checkConfig(value, name), root: dirname(path), file: path };
}

/** Extensions of the files that the compiler writes beside a module. */
const COMPILED: Readonly<Record<string, string>> = { ".ts": ".js", ".mts": ".mjs" };

/**
 * Returns the configuration file of a folder: in it, or above it within its package.
 *
 * @throws SavedModelError `CONFIG_INVALID` if there are several
 */
export function findConfig(cwd: string): string | undefined {
  for (const folder of withinPackage(cwd)) {
    const [first, second] = configsIn(folder);
    if (first !== undefined && second !== undefined) {
      throw configInvalid(relative(cwd, first), `${firstLine(relative(cwd, second))} exists too`, "Keep one of them.");
    }
    if (first !== undefined) return first;
  }
  return undefined;
}

/** Returns whether a folder contains a configuration file. */
export function hasConfig(folder: string): boolean {
  return configsIn(folder).length > 0;
}

/** Returns the configuration files directly in a folder. */
export function configsIn(folder: string): readonly string[] {
  const found = EXTENSIONS.filter((extension) => existsSync(join(folder, CONFIG_NAME + extension)));
  const compiled = found.map((extension) => COMPILED[extension]);
  return found.filter((extension) => !compiled.includes(extension)).map((end) => join(folder, CONFIG_NAME + end));
}

/** Returns the folder and its parents, up to the one that holds package.json; the folder alone if there is none. */
function withinPackage(folder: string): readonly string[] {
  const folders = foldersFrom(folder);
  return folders.slice(0, Math.max(1, folders.findIndex(isPackage) + 1));
}

async function loadJson(path: string, name: string): Promise<unknown> {
  try {
    return await readJson(path);
  } catch (cause) {
    const line = cause instanceof JsonError ? `line ${cause.line}: ` : "";
    throw configInvalid(name, `the file cannot be read: ${line}${firstLine(reasonOf(cause)).trim()}`, undefined, cause);
  }
}

async function loadModule(path: string, name: string, cwd: string): Promise<unknown> {
  // The generator that runs is the one that the file imports, wherever it is installed.
  const generator: unknown = await import("savedmodel/generator");
  const { createJiti } = await import("jiti");
  const jiti = createJiti(import.meta.url, {
    fsCache: false,
    moduleCache: false,
    virtualModules: { "savedmodel/generator": generator },
  });
  let value: unknown;
  try {
    const loaded: unknown = await jiti.import(path);
    // A promise of a configuration is awaited.
    value = typeof loaded === "object" && loaded !== null && "default" in loaded ? await loaded.default : undefined;
  } catch (cause) {
    const place = placeOf(cause, cwd);
    const where = place === undefined ? "" : ` (${firstLine(place)})`;
    const reason = firstLine(reasonOf(cause)).trim().replace(/\.$/, "");
    throw configInvalid(name, `the file cannot be loaded: ${reason}${where}`, undefined, cause);
  }
  if (typeof value === "function") {
    throw configInvalid(name, "it exports a function", "Export the configuration itself.");
  }
  if (!isNothing(value)) return value;
  throw configInvalid(name, "it has no default export", "Write `export default defineConfig({ … })`.");
}

/** Returns true for a module whose default is undefined: the loader returns the module itself. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === "object" && Object.hasOwn(value, "default") && Reflect.get(value, "default") === undefined;
}
