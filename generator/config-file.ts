import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import { firstLine, reasonOf } from "../runtime/text.js";
import type { Config } from "./config.js";
import { checkConfig, configInvalid } from "./config-check.js";

/** What the file may end in. */
const EXTENSIONS: readonly string[] = [".ts", ".mts", ".js", ".mjs", ".json"];
/** What the file is called, without its extension. */
export const CONFIG_NAME = "savedmodel.config";

/** A configuration and where it is from. */
export interface LoadedConfig {
  readonly config: Config;
  /** The folder of the file, to which the paths in it are relative; absolute. */
  readonly root: string;
  /** The file; absolute. */
  readonly file: string;
}

/**
 * Loads the configuration of a project: the file that is given, or else `savedmodel.config.ts`, `.mts`, `.js`, `.mjs` or
 * `.json` in the folder or above it, up to the package that it belongs to. Undefined where there is none. The file is read
 * again each time.
 *
 * @param file the file, relative to `cwd`
 * @throws SavedModelError `CONFIG_INVALID`
 */
export async function loadConfig(cwd: string, file?: string): Promise<LoadedConfig | undefined> {
  const path = file === undefined ? findConfig(cwd) : resolve(cwd, file);
  if (path === undefined) return undefined;
  const name = relative(cwd, path);
  if (!existsSync(path)) throw configInvalid(name, "there is no such file", "Create one: `npx savedmodel init`.");
  if (!EXTENSIONS.includes(extname(path))) throw configInvalid(name, `the file must end in ${EXTENSIONS.join(", ")}`);
  const value = extname(path) === ".json" ? readJson(path, name) : await readModule(path, name);
  return { config: checkConfig(value, name), root: dirname(path), file: path };
}

/**
 * The configuration file of a folder: in it, or above it within its package.
 *
 * @throws SavedModelError `CONFIG_INVALID` where there are several
 */
export function findConfig(cwd: string): string | undefined {
  for (const folder of withinPackage(resolve(cwd))) {
    const [first, second] = EXTENSIONS.map((extension) => join(folder, CONFIG_NAME + extension)).filter(existsSync);
    if (first !== undefined && second !== undefined) {
      throw configInvalid(
        relative(cwd, first),
        `there is ${firstLine(relative(cwd, second))} too`,
        "Keep one of them.",
      );
    }
    if (first !== undefined) return first;
  }
  return undefined;
}

/** The folder and those around it, up to the one that holds package.json; the folder alone where there is none. */
function withinPackage(folder: string): readonly string[] {
  const folders = [folder];
  for (let at = folder; !existsSync(join(at, "package.json")); ) {
    const parent = dirname(at);
    if (parent === at) return [folder];
    folders.push(parent);
    at = parent;
  }
  return folders;
}

function readJson(path: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw configInvalid(name, `the file cannot be read: ${firstLine(reasonOf(cause)).trim()}`, undefined, cause);
  }
}

async function readModule(path: string, name: string): Promise<unknown> {
  // The generator that runs is the one that the file imports, wherever it is installed.
  const generator: unknown = await import("./index.js");
  const { createJiti } = await import("jiti");
  const jiti = createJiti(import.meta.url, {
    fsCache: false,
    moduleCache: false,
    virtualModules: { "savedmodel/generator": generator },
  });
  let loaded: unknown;
  try {
    loaded = await jiti.import(path);
  } catch (cause) {
    throw configInvalid(name, `the file cannot be loaded: ${firstLine(reasonOf(cause)).trim()}`, undefined, cause);
  }
  if (typeof loaded === "object" && loaded !== null && "default" in loaded) return loaded.default;
  throw configInvalid(name, "it exports nothing by default", "Write `export default defineConfig({ … })`.");
}
