import { ts } from "ts-morph";
import { isRecord } from "../../runtime/base/is-record.js";
import { configInvalid } from "../config/check-config.js";
import type { Edited } from "./config-module.js";

/** Scripts that a project gets if it has none of that name. */
const SCRIPTS: Readonly<Record<string, string>> = { generate: "savedmodel generate", check: "savedmodel check" };

/**
 * Adds our scripts to a package.json that has none of their names. Everything else is kept as written.
 *
 * @throws SavedModelError `CONFIG_INVALID` when it is not a JSON object
 */
export function addScripts(text: string): Edited {
  const { scripts = {} } = parseManifest(text);
  if (!isRecord(scripts)) throw configInvalid("package.json", "scripts must be an object");
  const added = Object.keys(SCRIPTS).filter((name) => !Object.hasOwn(scripts, name));
  const notes = Object.entries(SCRIPTS)
    .filter(([name, script]) => Object.hasOwn(scripts, name) && !`${scripts[name]}`.includes(script))
    .map(([name, script]) => `package.json has a script "${name}" already, which stays; ours would be: ${script}`);
  return { text: added.length === 0 ? text : insertScripts(text, added), added, notes };
}

/** Parses a package.json. */
export function parseManifest(text: string): Readonly<Record<string, unknown>> {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw configInvalid("package.json", "the file is not JSON", undefined, cause);
  }
  if (isRecord(manifest)) return manifest;
  throw configInvalid("package.json", "the file does not hold an object");
}

function insertScripts(text: string, names: readonly string[]): string {
  const manifest = ts.parseJsonText("package.json", text).statements[0]?.expression;
  // Whatever JSON.parse returns an object for is one here too.
  if (manifest === undefined || !ts.isObjectLiteralExpression(manifest)) throw new Error("unreachable");
  const newLine = text.includes("\r\n") ? "\r\n" : "\n";
  const indent = /^[\uFEFF{\s]*?\n([ \t]+)"/.exec(text)?.[1] ?? "  ";
  const entries = names.map((name) => `${JSON.stringify(name)}: ${JSON.stringify(SCRIPTS[name])}`);
  const scripts = propertyOf(manifest, "scripts");
  if (scripts !== undefined && ts.isObjectLiteralExpression(scripts)) {
    return insertEntries(text, scripts, entries, { newLine, indent, depth: 1 });
  }
  const block = ["{", ...entries.map((entry, at) => `${indent}${indent}${entry}${at + 1 < entries.length ? "," : ""}`)];
  const entry = `"scripts": ${[...block, `${indent}}`].join(newLine)}`;
  return insertEntries(text, manifest, [entry], { newLine, indent, depth: 0 });
}

interface Layout {
  readonly newLine: string;
  readonly indent: string;
  /** Nesting depth of the object. */
  readonly depth: number;
}

/** Inserts entries after the last one of an object, each on its own line unless the object is on one line. */
function insertEntries(
  text: string,
  object: ts.ObjectLiteralExpression,
  entries: readonly string[],
  { newLine, indent, depth }: Layout,
): string {
  const last = object.properties.at(-1);
  const start = last === undefined ? object.end - 1 : last.end;
  const isOneLine = last !== undefined && !text.slice(object.properties.pos, object.end).includes("\n");
  const separator = isOneLine ? " " : newLine + indent.repeat(depth + 1);
  const body = entries.map((entry, at) => `${last === undefined && at === 0 ? "" : ","}${separator}${entry}`).join("");
  if (last !== undefined) return text.slice(0, start) + body + text.slice(start);
  const before = text.slice(0, start).trimEnd();
  return `${before}${body}${newLine}${indent.repeat(depth)}${text.slice(start)}`;
}

/** Returns the last property of that name, which takes precedence. */
function propertyOf(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  return object.properties
    .filter(ts.isPropertyAssignment)
    .findLast((property) => ts.isStringLiteral(property.name) && property.name.text === name)?.initializer;
}
