import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { typeErrors } from "./support/typescript.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Below these folders is nothing of ours. */
const FOREIGN: ReadonlySet<string> = new Set([".git", "node_modules", "build", "dist"]);

const documents = readdirSync(root, { withFileTypes: true })
  .filter(({ name }) => !FOREIGN.has(name))
  .flatMap((entry) => (entry.isDirectory() ? filesBelow(entry.name) : [entry.name]))
  .filter((path) => path.endsWith(".md"));

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path));
}

function matches(text: string, pattern: RegExp): readonly string[] {
  return Array.from(text.matchAll(pattern), ([, group = ""]) => group);
}

it("docs/errors.md explains every error code, and no other", () => {
  const source = read("runtime/errors.ts");
  const union = (name: string): readonly string[] =>
    matches(source.match(new RegExp(`type ${name} =[^;]*`))?.[0] ?? "", /"(\w+)"/g);
  const docs = read("docs/errors.md");
  const statuses = docs.match(/^### TF_…\n\n(.+?)\n\n/ms)?.[1]?.split("one of", 2)[1] ?? "";

  expect(matches(docs, /^### (\w+)$/gm).toSorted()).toEqual(union("ErrorCode").toSorted());
  expect(matches(statuses, /`([A-Z_]+)`/g).toSorted()).toEqual(union("StatusName").toSorted());
});

describe.each(documents)("%s", (document) => {
  it("has no dead links", () => {
    const prose = read(document).replaceAll(/^```.*?^```/gms, "");
    const targets = matches(prose, /\]\(([^)#]+)[^)]*\)/g).filter((target) => !/^[a-z]+:/.test(target));
    expect(targets.filter((target) => !existsSync(join(root, dirname(document), target)))).toEqual([]);
  });
});

it("the code in documents passes the compiler, unless it is marked `ts ignore`", () => {
  const blocks = documents.flatMap((document) =>
    matches(read(document), /^```ts\n(.*?)^```/gms).map((code, index) => [
      `${document.replaceAll(/\W/g, "-")}-${index + 1}.ts`,
      code.replaceAll('"./generated/', '"./'),
    ]),
  );
  const clients = readdirSync(join(root, "generated")).map((name) => [name, read(`generated/${name}`)]);
  expect(blocks.length).toBeGreaterThan(0);
  expect(typeErrors(Object.fromEntries([...clients, ...blocks]))).toEqual([]);
});
