import { type Dirent, existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { MODEL_FILES } from "../runtime/model-file.js";
import { compareCodeUnits } from "../runtime/text.js";

/** Folders that neither `**` nor a search goes into, beside those whose names begin with a dot. */
const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "dist", "build"]);

/** Whether a path is a pattern: `*`, `?` and `{a,b}` mean what they mean to a shell, and `**` is any folders. */
export function isPattern(path: string): boolean {
  return /[*?]|\{[^}]*,[^}]*\}/.test(path);
}

/** Whether a folder is a SavedModel. */
export function isModel(folder: string): boolean {
  return MODEL_FILES.some((file) => existsSync(join(folder, file)));
}

/**
 * The SavedModels whose folders a pattern matches, sorted by code unit, relative to `root` and with `/` between folders.
 * Folders that begin with a dot are matched by patterns that do; `**` skips what holds no models of the project.
 */
export function expandPattern(root: string, pattern: string): readonly string[] {
  const found = new Set<string>();
  for (const plain of alternatives(pattern.replaceAll("\\", "/"))) {
    const start = plain.startsWith("/") ? "/" : "";
    collect(
      root,
      start,
      plain.split("/").filter((part) => part !== "" && part !== "."),
      found,
    );
  }
  return [...found].sort(compareCodeUnits);
}

/** `{a,b}/c` → `a/c`, `b/c` */
function alternatives(pattern: string): readonly string[] {
  const [whole, choices] = /\{([^{}]*,[^{}]*)\}/.exec(pattern) ?? [];
  if (whole === undefined || choices === undefined) return [pattern];
  return choices.split(",").flatMap((choice) => alternatives(pattern.replace(whole, () => choice)));
}

function collect(root: string, folder: string, parts: readonly string[], found: Set<string>): void {
  const [part, ...rest] = parts;
  if (part === undefined) {
    if (isModel(resolve(root, folder))) found.add(folder || ".");
  } else if (part === "**") {
    collect(root, folder, rest, found);
    for (const name of projectFoldersIn(resolve(root, folder))) collect(root, below(folder, name), parts, found);
  } else if (isPattern(part)) {
    const isMatch = matcher(part);
    for (const name of foldersIn(resolve(root, folder))) {
      if (isMatch(name)) collect(root, below(folder, name), rest, found);
    }
  } else {
    collect(root, below(folder, part), rest, found);
  }
}

function below(folder: string, name: string): string {
  return folder === "" || folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

/** What a part of a pattern matches. */
function matcher(part: string): (name: string) => boolean {
  const source = part.replaceAll(/[\\^$.*+?()[\]{}|]/g, (special) =>
    special === "*" ? "[^/]*" : special === "?" ? "[^/]" : `\\${special}`,
  );
  const expression = new RegExp(`^${source}$`, "u");
  return (name) => (part.startsWith(".") || !name.startsWith(".")) && expression.test(name);
}

/** The names of the folders in which a project may have models; links are not among them, which could lead back. */
export function projectFoldersIn(folder: string): readonly string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !SKIPPED.has(entry.name))
    .map(({ name }) => name);
}

/** The names of the folders in a folder, and of links to some. */
function foldersIn(folder: string): readonly string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(folder, entry.name))))
    .map(({ name }) => name);
}

/** What is in a folder, sorted by code unit; nothing where it cannot be read. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => compareCodeUnits(a.name, b.name));
  } catch {
    return [];
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
