import { compareCodeUnits } from "../../runtime/base/text.js";
import { stringLiteral } from "../client/escape.js";
import type { Config, ModelConfig } from "../config/config.js";

/** Returns the source of `savedmodel.config.ts`. */
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
  const tags = model.tags === undefined ? "" : `, tags: [${model.tags.map(stringLiteral).join(", ")}]`;
  return `{ path: ${stringLiteral(model.path)}${className}${tags} }`;
}

/** Returns the content of `savedmodel.config.json`. */
export function configJson(config: Pick<Config, "models" | "output" | "target">): string {
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** A file with the entries that were added, and those that could not be. */
export interface Edited {
  readonly text: string;
  readonly added: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Adds a line to a .gitattributes for each of these folders that has none: reviews fold them, and checkouts
 * keep `\n`.
 */
export function addAttributes(text: string, folders: readonly string[]): Edited {
  const newLine = text.includes("\r\n") ? "\r\n" : "\n";
  const patterns = [...new Set(folders)].sort(compareCodeUnits).map((folder) => attributePattern(`${folder}/**`));
  const present = text.split(/\r?\n/).map((line) => line.trim());
  const added = patterns.filter((pattern) => !present.some((line) => line.startsWith(`${pattern} `)));
  const start = text === "" || text.endsWith("\n") ? text : text + newLine;
  const lines = added.map((pattern) => `${pattern} linguist-generated text eol=lf${newLine}`);
  return { text: start + lines.join(""), added, notes: [] };
}

/** Quotes a pattern with spaces, as in C. */
function attributePattern(pattern: string): string {
  return /[\s"\\]|^[#!]/.test(pattern) ? JSON.stringify(pattern) : pattern;
}
