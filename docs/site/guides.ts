import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/** A Markdown file that is a page of the site. */
export interface Guide {
  /** Its absolute path. */
  readonly path: string;
  /** Title in the navigation. */
  readonly title: string;
  /** Heading of the navigation that it belongs to. */
  readonly group: string;
}

/** List of guides for readers and for the site: its headings are the groups, its bullets the pages in their order. */
const INDEX = "docs/README.md";

/** Folder of records, which need no entry in the list. */
const DECISIONS = "docs/decisions";

const GROUP = /^## (?<group>.+)$/;
const ENTRY = /^- \[(?<title>[^\]]+)\]\((?<path>[^)#]+)\)/;

/** Reads the guides and their order from docs/README.md, and throws if the list does not match the files. */
export function readGuides(root: string): readonly Guide[] {
  const index = join(root, INDEX);
  const listed = readIndex(index);
  const paths = new Set([index, ...listed.map(({ path }) => path)]);
  const wrong = [
    ...markdownIn(join(root, "docs")).filter((path) => !paths.has(path)),
    ...[...paths].filter((path) => !existsSync(path)),
    ...listed.map(({ path }) => path).filter((path, index, all) => all.indexOf(path) !== index),
  ];
  if (wrong.length > 0) {
    const names = wrong.map((path) => relative(root, path).replaceAll(sep, "/")).sort();
    throw new Error(`${INDEX} must list each guide that there is once, and no other: see ${names.join(", ")}`);
  }
  const decisions = markdownIn(join(root, DECISIONS)).map((path) => ({
    path,
    title: heading(path),
    group: "Decisions",
  }));
  return [{ path: index, title: "All guides", group: listed[0]?.group ?? "" }, ...listed, ...decisions];
}

function readIndex(index: string): readonly Guide[] {
  const guides: Guide[] = [];
  let group = "";
  for (const line of readFileSync(index, "utf8").split("\n")) {
    group = GROUP.exec(line)?.groups?.group ?? group;
    const { title, path } = ENTRY.exec(line)?.groups ?? {};
    if (title !== undefined && path !== undefined) guides.push({ path: resolve(dirname(index), path), title, group });
  }
  return guides;
}

function markdownIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .sort()
    .map((name) => join(folder, name));
}

function heading(path: string): string {
  return /^# (.+)$/m.exec(readFileSync(path, "utf8"))?.[1] ?? path;
}
