import { type Dirent, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { SavedModelError } from "../../runtime/base/errors.js";
import { compareCodeUnits, quote } from "../../runtime/base/text.js";
import { isModel } from "../../runtime/saved-model/files/model-file.js";

/** Folders that neither `**` nor a search goes into, beside those whose names begin with a dot. */
const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "dist", "build"]);

/** Whether a path is a pattern: `*`, `?` and `{a,b}` mean what they mean to a shell, and `**` is any folders. */
export function isPattern(path: string): boolean {
  return /[*?]/.test(path) || choicesIn(path) !== undefined;
}

/**
 * The SavedModels whose folders a pattern matches, sorted by code unit, relative to `root` and with `/` between folders.
 * Folders that begin with a dot are matched by patterns that do; `**` skips what holds no models of the project.
 *
 * @param isWanted selects the folders; by default those of SavedModels
 */
export function expandPattern(
  root: string,
  pattern: string,
  isWanted: (folder: string) => boolean = isModel,
): readonly string[] {
  const folders = new Set<string>();
  for (const plain of alternatives(pattern.replaceAll("\\", "/"))) {
    const start = plain.startsWith("/") ? "/" : "";
    const parts = plain.split("/").filter((part) => part !== "" && part !== ".");
    collect(root, start, parts, { folders, isWanted, seen: new Set() });
  }
  return [...folders].sort(compareCodeUnits);
}

/** More folders than anybody writes in braces: `{a,b}` ten times over are as many. */
const MOST_ALTERNATIVES = 1024;

/** What a search has found so far. */
interface Found {
  readonly folders: Set<string>;
  readonly isWanted: (folder: string) => boolean;
  /** The folders that were looked into, with what was left of the pattern there. */
  readonly seen: Set<string>;
}

/** `{a,b}/c` → `a/c`, `b/c` */
function alternatives(pattern: string): readonly string[] {
  const plain: string[] = [];
  const pending = [pattern];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const found = choicesIn(next);
    if (found === undefined) plain.push(next);
    else {
      const [before, after] = [next.slice(0, found.start), next.slice(found.end)];
      for (const choice of found.choices) pending.push(before + choice + after);
    }
    if (plain.length + pending.length > MOST_ALTERNATIVES) {
      const what = `${quote(pattern)} stands for more than ${MOST_ALTERNATIVES} paths`;
      throw new SavedModelError("CONFIG_INVALID", what, { fix: "Use `*` instead of braces." });
    }
  }
  return plain;
}

/** The first braces with a comma and without other braces in them. */
function choicesIn(
  pattern: string,
): { readonly start: number; readonly end: number; readonly choices: readonly string[] } | undefined {
  let start = -1;
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === "{") start = at;
    if (pattern[at] !== "}" || start === -1) continue;
    const choices = pattern.slice(start + 1, at).split(",");
    if (choices.length > 1) return { start, end: at + 1, choices };
    start = -1;
  }
  return undefined;
}

function collect(root: string, folder: string, parts: readonly string[], found: Found): void {
  // Several `**` lead to one folder in many ways.
  const state = `${parts.length} ${folder}`;
  if (found.seen.has(state)) return;
  found.seen.add(state);
  const [part, ...rest] = parts;
  if (part === undefined) {
    if (found.isWanted(resolve(root, folder))) found.folders.add(folder || ".");
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
  const pattern = [...part];
  return (name) => (part.startsWith(".") || !name.startsWith(".")) && matches(pattern, [...name]);
}

/** Goes back to the last `*` alone: a regular expression would try all of them, in all combinations. */
function matches(pattern: readonly string[], name: readonly string[]): boolean {
  let [at, star, resume] = [0, -1, 0];
  for (let next = 0; next < name.length; ) {
    if (pattern[at] === "*") {
      [star, resume] = [at++, next];
    } else if (pattern[at] === "?" || pattern[at] === name[next]) {
      at++;
      next++;
    } else if (star === -1) {
      return false;
    } else {
      at = star + 1;
      next = ++resume;
    }
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
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
