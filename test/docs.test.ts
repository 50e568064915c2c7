import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { drawEditor } from "../docs/images/editor.js";
import { drawLayers } from "../docs/images/layers.js";
import { drawScaling } from "../docs/images/scaling.js";
import { savedmodel } from "./support/cli.js";
import {
  type Block,
  blocksIn,
  blocksOf,
  documents,
  placeOf,
  prose,
  readFromRoot as read,
} from "./support/documents.js";
import { scripts, shownCommands } from "./support/shell-commands.js";
import { typeErrors } from "./support/typescript.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Languages of checked blocks: all are checked below, and `ts` also by running them (docs-run.test.ts). */
const CHECKED: ReadonlySet<string> = new Set([
  "ts",
  "ts ignore",
  "json",
  "jsonc",
  "python",
  "sh",
  "console",
  "dockerfile",
]);

/** Documents with blocks of no language: what a program prints, messages, drawings. */
const WITH_PLAIN_TEXT: ReadonlySet<string> = new Set([
  "README.md",
  "CONTRIBUTING.md",
  "docs/authoring.md",
  "docs/architecture.md",
  "docs/benchmarks.md",
  "docs/decisions/0003-overloaded-methods.md",
  "docs/errors.md",
  "test/models/README.md",
  "docs/getting-started.md",
  "docs/models.md",
  "docs/project.md",
  "docs/serving.md",
]);

function matches(text: string, pattern: RegExp): readonly string[] {
  return Array.from(text.matchAll(pattern), ([, group = ""]) => group);
}

it("docs/errors.md explains every error code, and no other", () => {
  const source = read("runtime/base/errors.ts");
  const union = (name: string): readonly string[] =>
    matches(source.match(new RegExp(`type ${name} =[^;]*`))?.[0] ?? "", /"(\w+)"/g);
  const docs = read("docs/errors.md");
  const statuses = docs.match(/^### TF_…\n\n(.+?)\n\n/ms)?.[1]?.split("one of", 2)[1] ?? "";

  expect(matches(docs, /^### (\w+)$/gm).toSorted()).toEqual(union("ErrorCode").toSorted());
  expect(matches(statuses, /`([A-Z_]+)`/g).toSorted()).toEqual(union("StatusName").toSorted());
});

it("the image of the editor is up to date: `npm run pictures` draws it", () => {
  expect(read("docs/images/editor.svg")).toBe(drawEditor());
});

it("the image of the layers is up to date: `npm run layers` draws it", () => {
  expect(read("docs/images/layers.svg")).toBe(drawLayers());
  expect(read("docs/images/scaling.svg")).toBe(drawScaling());
});

it("files and folders of the code that documents name exist", () => {
  const named = documents.flatMap((document) =>
    matches(
      prose(document),
      /`((?:bench|docs|examples|generated|generator|runtime|templates|test)\/[\w./-]*\w\/?)`/g,
    ).map((path) => ({
      document,
      path,
    })),
  );
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
});

describe.each(documents)("%s", (document) => {
  it("has no dead links", () => {
    const targets = matches(prose(document), /\]\(([^)]+)\)/g).filter((target) => !/^[a-z]+:/.test(target));
    expect(targets.filter((target) => !leadsSomewhere(document, target))).toEqual([]);
  });

  it("marks the language of each code block", () => {
    const unknown = blocksOf(document).filter(
      ({ language }) => !CHECKED.has(language) && !(language === "" && WITH_PLAIN_TEXT.has(document)),
    );
    expect(unknown.map((block) => `${placeOf(block)} ${block.language}`)).toEqual([]);
  });
});

/** Returns whether a relative link leads to a file, and to a heading of it. */
function leadsSomewhere(document: string, target: string): boolean {
  const [path = "", anchor] = target.split("#", 2);
  const file = path === "" ? document : join(dirname(document), path);
  if (!existsSync(join(root, file))) return false;
  return anchor === undefined || !file.endsWith(".md") || headings(file).includes(anchor);
}

/** Returns GitHub's anchors of the headings. */
function headings(document: string): readonly string[] {
  return matches(prose(document), /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

it("code blocks compile, unless they are marked `ts ignore`", () => {
  const blocks = blocksIn("ts").map((block) => [
    `${placeOf(block).replaceAll(/\W/g, "-")}.ts`,
    block.code.replaceAll('"./generated/', '"./'),
  ]);
  const clients = readdirSync(join(root, "generated")).map((name) => [name, read(`generated/${name}`)]);
  expect(blocks.length).toBeGreaterThan(0);
  expect(typeErrors(Object.fromEntries([...clients, ...blocks]))).toEqual([]);
});

/** A check of each block in some languages: what is wrong with it, or nothing. */
function checkBlocks(blocks: readonly Block[], check: (code: string) => string): void {
  expect(blocks.length).toBeGreaterThan(0);
  const wrong = blocks.map((block) => [placeOf(block), check(block.code)]).filter(([, problem]) => problem !== "");
  expect(wrong).toEqual([]);
}

it("blocks marked `ts ignore` are valid TypeScript, as a program or as class members", () => {
  const problem = (text: string): string =>
    (ts.transpileModule(text, { reportDiagnostics: true }).diagnostics ?? [])
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))
      .join("\n");
  checkBlocks(blocksIn("ts ignore"), (code) =>
    problem(`declare class Members {\n${code}}`) === "" ? "" : problem(code),
  );
});

it("blocks marked `json` are JSON, and `jsonc` JSON with comments", () => {
  checkBlocks(blocksIn("json"), (code) => {
    try {
      JSON.parse(code);
      return "";
    } catch (error) {
      return String(error);
    }
  });
  const commented = blocksIn("jsonc").map(({ code }) => ts.parseConfigFileTextToJson("block.json", code).error);
  expect(commented.filter((error) => error !== undefined)).toEqual([]);
});

it("blocks marked `python` are valid Python", () => {
  checkBlocks(blocksIn("python"), (code) =>
    ran("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], code),
  );
});

it("commands in `sh` blocks, behind prompts and in Dockerfiles are valid shell", () => {
  expect(scripts().length).toBeGreaterThan(0);
  const wrong = scripts().map(({ place, text }) => [place, ran("bash", ["-n"], text)]);
  expect(wrong.filter(([, problem]) => problem !== "")).toEqual([]);
});

/** Returns the error output of a command, or nothing if it succeeds. */
function ran(command: string, parameters: readonly string[], input: string): string {
  const { status, stderr, error } = spawnSync(command, parameters, { input, encoding: "utf8" });
  if (error !== undefined) throw error;
  return status === 0 ? "" : stderr || `exit code ${status}`;
}

it("commands of this package in documents exist, with their options", () => {
  const shown = shownCommands();
  expect(shown.length).toBeGreaterThan(0);
  const commands = matches(savedmodel(["--help"]).stdout, /^ {2}([a-z]+) /gm);
  const options = new Map(commands.map((name) => [name, optionsOf(name)]));
  const wrong = shown.filter(({ words: [name = "", ...rest] }) => {
    const flags = rest.filter((word) => /^-/.test(word)).map((word) => word.split("=", 1)[0] ?? "");
    return flags.some((flag) => !options.get(name)?.has(flag)) || !options.has(name);
  });
  expect(wrong.map(({ place, words }) => `${place} ${words.join(" ")}`)).toEqual([]);
});

function optionsOf(command: string): ReadonlySet<string> {
  return new Set(matches(savedmodel([command, "--help"]).stdout, /(?<=^ {2}(?:-\w, )?)(-\w|--[\w-]+)/gm));
}

it("docs/getting-started.md shows the completions and errors of the editor", () => {
  const golden = (name: string): string => read(`test/generator/client/editor/${name}.golden.txt`);
  const plain = blocksOf("docs/getting-started.md").filter(({ language }) => language === "");
  const offered = matches(golden("members").split("\n\n")[0] ?? "", /^(\w+): /gm);
  const error = plain.find(({ code }) => code.includes("is not assignable"))?.code ?? "-";

  expect(plain.map(({ code }) => code.trim().split(/\s+/))).toContainEqual(offered);
  expect(golden("diagnostics")).toContain(error);
});

it("docs/comparison.md cites a source for each number, and uses each source", () => {
  const [facts = "", sources = ""] = read("docs/comparison.md").split("\n## Sources\n");
  const used = new Set(matches(facts, /\[(\d+)\]/g));
  expect([...used].map(Number).toSorted((a, b) => a - b)).toEqual(matches(sources, /^(\d+)\. /gm).map(Number));
});
