import { compareCodeUnits } from "../runtime/text.js";
import type { Config, ModelConfig } from "./config.js";
import { configInvalid } from "./config-check.js";
import { stringLiteral } from "./escape.js";

/** The scripts that a project gets where it has none of that name. */
const SCRIPTS: Readonly<Record<string, string>> = { generate: "savedmodel generate", check: "savedmodel check" };

/** The text of `savedmodel.config.ts`. */
export function configModule({ models, output }: Pick<Config, "models" | "output">): string {
  const one = models.length === 1 ? models.map(entryLiteral).join("") : undefined;
  const list =
    one === undefined ? ["[", ...models.map((model) => `    ${entryLiteral(model)},`), "  ]"].join("\n") : `[${one}]`;
  return [
    `import { defineConfig } from "savedmodel/generator";`,
    "",
    "export default defineConfig({",
    `  models: ${list},`,
    ...(output === undefined ? [] : [`  output: ${stringLiteral(output)},`]),
    "});",
    "",
  ].join("\n");
}

function entryLiteral(model: string | ModelConfig): string {
  if (typeof model === "string") return stringLiteral(model);
  const className = model.className === undefined ? "" : `, className: ${stringLiteral(model.className)}`;
  return `{ path: ${stringLiteral(model.path)}${className} }`;
}

/** The text of `savedmodel.config.json`. */
export function configJson(config: Pick<Config, "models" | "output">): string {
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** A file with what was put into it, and what could not be. */
export interface Edited {
  readonly text: string;
  readonly added: readonly string[];
  readonly notes: readonly string[];
}

/**
 * A package.json with our scripts, where none has their names. Its indentation and line ends stay.
 *
 * @throws SavedModelError `CONFIG_INVALID` when it is no JSON object
 */
export function addScripts(text: string): Edited {
  const bom = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const body = text.slice(bom.length);
  const manifest = parseManifest(body);
  const { scripts = {} } = manifest;
  if (!isRecord(scripts)) throw configInvalid("package.json", "scripts must be an object");
  const missing = Object.keys(SCRIPTS).filter((name) => !Object.hasOwn(scripts, name));
  const notes = Object.entries(SCRIPTS)
    .filter(([name, script]) => Object.hasOwn(scripts, name) && !`${scripts[name]}`.includes(script))
    .map(([name, script]) => `package.json has a script "${name}" already, which stays; ours would be: ${script}`);
  if (missing.length === 0) return { text, added: [], notes };
  const added = Object.fromEntries(missing.map((name) => [name, SCRIPTS[name]]));
  const indent = /^[{\s]*?\n([ \t]+)"/.exec(body)?.[1] ?? 2;
  const end = /\r?\n$/.exec(body)?.[0] ?? "";
  const json = JSON.stringify({ ...manifest, scripts: { ...scripts, ...added } }, undefined, indent);
  const lines = body.includes("\r\n") ? json.replaceAll("\n", "\r\n") : json;
  return { text: bom + lines + end, added: missing, notes };
}

/** What a package.json says. */
export function parseManifest(text: string): Readonly<Record<string, unknown>> {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw configInvalid("package.json", "the file is no JSON", undefined, cause);
  }
  if (isRecord(manifest)) return manifest;
  throw configInvalid("package.json", "the file holds no object");
}

/** A .gitattributes with a line for each of these folders that has none: reviews fold them, and checkouts keep `\n`. */
export function addAttributes(text: string, folders: readonly string[]): Edited {
  const newLine = text.includes("\r\n") ? "\r\n" : "\n";
  const patterns = [...new Set(folders)].sort(compareCodeUnits).map((folder) => attributePattern(`${folder}/**`));
  const present = text.split(/\r?\n/).map((line) => line.trim());
  const added = patterns.filter((pattern) => !present.some((line) => line.startsWith(`${pattern} `)));
  const start = text === "" || text.endsWith("\n") ? text : text + newLine;
  const lines = added.map((pattern) => `${pattern} linguist-generated text eol=lf${newLine}`);
  return { text: start + lines.join(""), added, notes: [] };
}

/** Git takes a pattern with spaces in the quotes of C. */
function attributePattern(pattern: string): string {
  return /[\s"\\]|^[#!]/.test(pattern) ? JSON.stringify(pattern) : pattern;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
