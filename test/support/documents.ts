import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** In folders of these names is nothing of ours. */
const FOREIGN: ReadonlySet<string> = new Set([".git", "node_modules", "build", "dist"]);

/** A fenced block of a document. */
export interface Block {
  readonly document: string;
  /** The text after the fence: `ts`, `ts ignore`, or nothing. */
  readonly language: string;
  readonly code: string;
  /** The line number of its first line, starting at 1. */
  readonly line: number;
}

/** Every `*.md` of this repository, relative to its root. */
export const documents: readonly string[] = markdownBelow("").toSorted();

function markdownBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return path.endsWith(".md") ? [path] : [];
    return FOREIGN.has(entry.name) ? [] : markdownBelow(path);
  });
}

/** A file's text by its path from the root. */
export function readFromRoot(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The text of a document without its blocks, which keep their lines. */
export function prose(document: string): string {
  return readFromRoot(document).replaceAll(/^```.*?^```/gms, (block) => block.replaceAll(/[^\n]/g, ""));
}

/** The blocks of a document, in order. */
export function blocksOf(document: string): readonly Block[] {
  const text = readFromRoot(document);
  return Array.from(text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms), (match) => ({
    document,
    language: match[1] ?? "",
    code: match[2] ?? "",
    line: text.slice(0, match.index).split("\n").length + 1,
  }));
}

/** The blocks of all documents in one of these languages. */
export function blocksIn(...languages: readonly string[]): readonly Block[] {
  return documents.flatMap(blocksOf).filter(({ language }) => languages.includes(language));
}

/** For the names of tests and for messages. */
export function placeOf({ document, line }: Block): string {
  return `${document}:${line}`;
}
