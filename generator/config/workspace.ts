import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { isRecord } from "../../runtime/base/is-record.js";
import { isPackage, packageOf } from "../../runtime/base/package-folder.js";
import { compareCodeUnits, listSome, printable } from "../../runtime/base/text.js";
import { configsIn } from "./load-config.js";
import { expandPattern } from "./model-glob.js";

/**
 * Returns the packages of the workspace that has its root in a folder, relative to it and sorted by code unit; none in any
 * other folder. npm, Yarn and Bun list them in package.json, pnpm in a file of its own.
 */
export function workspacePackages(root: string): readonly string[] {
  const patterns = [...patternsOfManifest(root), ...patternsOfPnpm(root)];
  const expand = (pattern: string): readonly string[] => expandPattern(root, pattern, isPackage);
  const isExclusion = (pattern: string): boolean => pattern.startsWith("!");
  const included = new Set(patterns.filter((pattern) => !isExclusion(pattern)).flatMap(expand));
  for (const pattern of patterns.filter(isExclusion)) {
    for (const folder of expand(pattern.slice(1))) included.delete(folder);
  }
  included.delete(".");
  return [...included].sort(compareCodeUnits);
}

/**
 * Returns the configuration files in the packages of a workspace, relative to a folder; none unless its package is the root
 * of the workspace.
 */
export function workspaceConfigs(cwd: string): readonly string[] {
  const root = packageOf(cwd) ?? resolve(cwd);
  return workspacePackages(root).flatMap((folder) => configsIn(join(root, folder)).map((file) => relative(cwd, file)));
}

/** Joins paths: `packages/a, packages/b` */
export function listPaths(paths: readonly string[]): string {
  return listSome(paths, (path) => printable(path, 500));
}

/** Reads `"workspaces": ["packages/*"]`, or `{ "packages": ["packages/*"] }`. */
function patternsOfManifest(root: string): readonly string[] {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8").replace(/^\uFEFF/, ""));
  } catch {
    // Commands that need the file report its errors.
    return [];
  }
  const workspaces = isRecord(manifest) ? manifest.workspaces : undefined;
  return stringsOf(isRecord(workspaces) ? workspaces.packages : workspaces);
}

function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Reads the list `packages` of a pnpm-workspace.yaml, in either form of YAML. */
function patternsOfPnpm(root: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8");
  } catch {
    return [];
  }
  const list =
    /^packages:[ \t]*(\[[^\]]*\]|(?:(?:#.*)?\r?\n(?:[ \t]*(?:-[ \t].*|#.*)?\r?\n)*))/m.exec(`${text}\n`)?.[1] ?? "";
  const items = list.startsWith("[")
    ? list.slice(1, -1).split(",")
    : [...list.matchAll(/^[ \t]*-[ \t](.*)$/gm)].map(([, item = ""]) => item);
  return items.map(scalarOf).filter((item) => item !== "");
}

/** Returns a YAML string without its quotes and the comment after it. */
function scalarOf(item: string): string {
  const trimmed = item.trim();
  const [, quoted] = /^(?:"([^"]*)"|'([^']*)')/.exec(trimmed)?.filter((part) => part !== undefined) ?? [];
  return quoted ?? trimmed.replace(/[ \t]+#.*$/, "");
}
