import { link, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { SavedModelError } from "../../runtime/base/errors.js";
import { compareCodeUnits, printable } from "../../runtime/base/text.js";
import type { LibraryFiles } from "../../runtime/engines/local/library/library-files.js";
import { readRunPath } from "./elf-run-path.js";
import { codeOf } from "./install-error.js";

/** Chooses libraries, programs and their data; compilers read the rest. */
export function chooseNvidia(entryName: string): string | undefined {
  const license = /^([^/]+?)-[^/]+\.dist-info\/(?:licenses\/)?license(?:\.txt)?$/i.exec(entryName)?.[1];
  if (license !== undefined) return `nvidia/licenses/${license}.txt`;
  if (!entryName.startsWith("nvidia/") || entryName.endsWith("/")) return undefined;
  return /\/include\/|\.(?:a|h|py|pyc|typed)$/.test(entryName) ? undefined : entryName;
}

/**
 * Links NVIDIA's libraries into a folder that TensorFlow searches, if theirs is not one: version 2.21.0 does not search that
 * of cusolver.
 *
 * @param folder the folder with `tensorflow/` and `nvidia/`
 */
export async function linkUnsearched({ main, framework }: LibraryFiles, folder: string): Promise<void> {
  const searched = new Set(await searchedFolders({ main, framework }));
  const nvidia = join(folder, "nvidia");
  const folders = (await readdir(nvidia)).sort(compareCodeUnits).map((name) => join(nvidia, name, "lib"));
  const isSearched = folders.find((place) => searched.has(place));
  if (isSearched === undefined) {
    throw new SavedModelError("INSTALL_FAILED", `TensorFlow searches none of ${printable(folders.join(", "), 500)}`);
  }
  for (const place of folders.filter((other) => !searched.has(other))) {
    for (const name of await readdir(place).catch(() => [])) {
      await symlink(relative(isSearched, join(place, name)), join(isSearched, name)).catch((error: unknown) => {
        if (codeOf(error) !== "EEXIST") throw error;
      });
    }
  }
}

/** Returns the folders in which the loader searches for what TensorFlow's library needs. */
async function searchedFolders({ main, framework }: LibraryFiles): Promise<readonly string[]> {
  const origin = dirname(main);
  // NVIDIA's libraries are loaded from the framework library, whose RUNPATH the loader therefore uses.
  return (await readRunPath(framework ?? main)).map((path) => resolve(path.replaceAll("$ORIGIN", origin)));
}

/** The libraries without which TensorFlow uses no GPU, and the packages that have them. */
const NEEDED: Readonly<Record<string, string>> = {
  libcublas: "nvidia-cublas",
  libcudart: "nvidia-cuda-runtime",
  libcudnn: "nvidia-cudnn",
  libcufft: "nvidia-cufft",
  libcusolver: "nvidia-cusolver",
  libcusparse: "nvidia-cusparse",
};

/** Returns the libraries of NVIDIA that TensorFlow needs, and that neither it nor the system's loader would find. */
export async function missingNvidia(library: LibraryFiles): Promise<readonly string[]> {
  const folders = [
    ...(await searchedFolders(library).catch(() => [])),
    ...(process.env.LD_LIBRARY_PATH ?? "").split(":").filter((path) => path !== ""),
  ];
  const found = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])));
  const known = await readFile("/etc/ld.so.cache", "latin1").catch(() => "");
  // Its names are the ends of its paths.
  const names = [...found.flat(), ...known.split("\0").map((path) => basename(path))];
  return Object.entries(NEEDED)
    .filter(([library]) => !names.some((name) => name.startsWith(`${library}.so`)))
    .map(([library, name]) => `${library}.so (${name})`);
}

/** Makes `target` a copy of a folder that shares its files, which nothing changes. */
export async function linkTree(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) await linkTree(from, to);
    else await link(from, to);
  }
}

/** Returns the paths of the files below `nvidia/`, relative to `folder`. Links are not files. */
export async function nvidiaFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, "nvidia"), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort(compareCodeUnits);
}
