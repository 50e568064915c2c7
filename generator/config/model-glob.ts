import { type Dirent, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { SavedModelError } from "../../runtime/base/errors.js";
import { compareCodeUnits, quote } from "../../runtime/base/text.js";
import { isModel } from "../../runtime/saved-model/files/model-file.js";

/** Folders that neither `**` nor a search enters, beside those whose names begin with a dot. */
const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "dist", "build"]);

/** Returns whether a path is a pattern: `*`, `?` and `{a,b}` are as in a shell, and `**` matches any folders. */
export function isPattern(path: string): boolean {
  return /[*?]/.test(path) || choicesIn(path) !== undefined;
}

/**
 * Returns the SavedModels whose folders a pattern matches, sorted by code unit, relative to `root` and with `/` between
 * folders. Folders that begin with a dot are matched by patterns that do; `**` skips folders without models of the
 * project.
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

/** Limit of alternatives: `{a,b}` ten times over. Nobody writes more. */
const MOST_ALTERNATIVES = 1024;

/** State of a search. */
interface Found {
  readonly folders: Set<string>;
  readonly isWanted: (folder: string) => boolean;
  /** The visited folders, each with the rest of the pattern there. */
  readonly seen: Set<string>;
}

/** Expands braces: `{a,b}/c` → `a/c`, `b/c` */
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

/** Returns the first braces that contain a comma and no other braces. */
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

/** Returns the test for one part of a pattern. */
function matcher(part: string): (name: string) => boolean {
  const pattern = [...part];
  return (name) => (part.startsWith(".") || !name.startsWith(".")) && matches(pattern, [...name]);
}

/** Matches a name. It backtracks to the last `*` only: a regular expression would try all combinations. */
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

/** Returns the names of the folders in which a project may have models, without links, which could form a cycle. */
export function projectFoldersIn(folder: string): readonly string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !SKIPPED.has(entry.name))
    .map(({ name }) => name);
}

/** Returns the names of the folders in a folder, and of links to folders. */
function foldersIn(folder: string): readonly string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(folder, entry.name))))
    .map(({ name }) => name);
}

/** Returns the entries of a folder, sorted by code unit; empty if it cannot be read. */
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
