import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import envPaths from "env-paths";
import type { LibraryFiles } from "./library-files.js";
import type { Platform } from "./platform.js";

/** Record of one installed library, which `savedmodel install` writes to `library.json` beside it. */
export interface Manifest {
  /** TensorFlow's version, as the library itself states it. */
  readonly version: string;
  /** The platform it is for, such as `linux-x64`. */
  readonly platform: string;
  /** Kind of source that it was taken from. */
  readonly source: "pip" | "wheel" | "archive" | "folder";
  /** True if the symbol tables, which only debuggers read, were cut off. */
  readonly stripped?: boolean;
  /** Path of the main library in the folder. */
  readonly main: string;
  /** Path of the framework library; null when there is none. */
  readonly framework: string | null;
  /** Every file with its size in bytes, by which damage is noticed. */
  readonly files: readonly { readonly name: string; readonly size: number }[];
}

/** Library of a folder, or the reason why the folder has none that is usable. */
export type FolderAnswer =
  | { readonly found: true; readonly folder: string; readonly manifest: Manifest; readonly library: LibraryFiles }
  | { readonly found: false; readonly folder: string; readonly reason: string };

/** The per-user cache of this package: the environment variable `SAVEDMODEL_CACHE`, or the system's usual place. */
export function cacheFolder(): string {
  const chosen = process.env.SAVEDMODEL_CACHE;
  return chosen === undefined || chosen === "" ? envPaths("savedmodel", { suffix: "" }).cache : resolve(chosen);
}

/** The folder that holds one subfolder per installed TensorFlow version and platform. */
export function installRoot(): string {
  return join(cacheFolder(), "tensorflow");
}

/** The name under which a version is installed: those for GPUs are apart, as `2.21.0-gpu`. */
export function installName(version: string, gpu: boolean): string {
  return gpu ? `${version}-gpu` : version;
}

/** The folder of one installed version, by its {@link installName}. */
export function installFolder(version: string, platform: Platform): string {
  return join(installRoot(), `${version}-${platform.name}`);
}

/** The file that names the installed version in use. */
export function currentFile(): string {
  return join(installRoot(), "current");
}

/** The version that was installed, or switched to, last; undefined before the first install. */
export function currentVersion(): string | undefined {
  const version = readText(currentFile())?.trim();
  return version !== undefined && isVersion(version) ? version : undefined;
}

/** Returns true if `text` can be a TensorFlow version: it becomes a folder's name and an argument of pip. */
export function isVersion(text: string): boolean {
  return /^\d+\.\d+\.\d+[-.+a-z0-9]*$/i.test(text);
}

/** Looks up an installed library and checks that its files are all there, by size. */
export function lookUpInstalled(version: string | undefined, platform: Platform): FolderAnswer {
  const root = installRoot();
  if (version === undefined) return { found: false, folder: root, reason: "nothing is installed" };
  const folder = installFolder(version, platform);
  return lookUpFolder(folder, `${version} is not installed`, "run `npx savedmodel install --force`");
}

/**
 * Reads the manifest of a folder, and checks that its files are all there, by size.
 *
 * @param absent the reason if it has no manifest
 * @param repair what to do if a file is damaged
 */
export function lookUpFolder(folder: string, absent: string, repair: string): FolderAnswer {
  const text = readText(join(folder, "library.json"));
  if (text === undefined) return { found: false, folder, reason: absent };
  const manifest = parseManifest(text);
  if (manifest === undefined) return { found: false, folder, reason: "damaged: library.json cannot be read" };
  for (const file of manifest.files) {
    const size = statSync(join(folder, file.name), { throwIfNoEntry: false })?.size;
    if (size !== file.size) {
      const is = size === undefined ? "is missing" : `has ${size} bytes, not ${file.size}`;
      return { found: false, folder, reason: `damaged: ${file.name} ${is}; ${repair}` };
    }
  }
  const framework = manifest.framework === null ? undefined : join(folder, manifest.framework);
  return { found: true, folder, manifest, library: { main: join(folder, manifest.main), framework } };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function parseManifest(text: string): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isManifest(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== "object" || value === null) return false;
  if (!("version" in value && "platform" in value && "main" in value && "framework" in value && "files" in value)) {
    return false;
  }
  const { version, platform, main, framework, files } = value;
  if (typeof version !== "string" || typeof platform !== "string" || typeof main !== "string") return false;
  if (framework !== null && typeof framework !== "string") return false;
  return Array.isArray(files) && files.length > 0 && files.every(isFileEntry);
}

function isFileEntry(file: unknown): boolean {
  if (typeof file !== "object" || file === null || !("name" in file && "size" in file)) return false;
  return typeof file.name === "string" && typeof file.size === "number";
}
