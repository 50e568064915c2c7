import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { documents, prose } from "./support/documents.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Phrases that no message, help text, comment or heading has, and what to write instead. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/\bis no\b/, "is not a, unknown, does not exist"],
  [/\b[Aa] text\b|\btexts\b/, "a string, strings"],
  [/\bfrom (\d+|…) on\b/, "a positive integer, at least"],
  [/\b(is|are) due\b/, "expected"],
  [/\bgiven up\b/, "aborted"],
  [/\bgone through\b/, "iterated"],
  [/^Has (the|TensorFlow)\b/, "a verb: Loads, Restores"],
  [/\blooked at\b/, "polled, checked"],
  [/\b(what|signatures?) (is|are|that are) left out\b|\bis left out\b/, "omitted"],
  [/\brefus(e|es|ed|ing|al|als)\b/, "rejects, throws"],
  [/\b(de)?serialis|\binitialis|\bcancelled\b/, "American spelling"],
];

/** Phrases that no doc comment has. */
const DOC_PHRASES: typeof PHRASES = [
  ...PHRASES,
  [/^(What|Whether|How|Has)\b/, "a verb or a noun: Returns, Reads, Result of"],
  [/\bleft out\b/, "omitted"],
];

/** Returns the places with a phrase: `runtime/client/model.ts:12 "is no", write: is not a`. */
function found(text: string, place: string, phrases = PHRASES): readonly string[] {
  if (!text.includes(" ")) return [];
  return phrases.flatMap(([phrase, instead]) => {
    const match = phrase.exec(text);
    return match === null ? [] : [`${place} "${match[0]}", write: ${instead}`];
  });
}

/** The phrases in the strings and templates of a source; `…` is in place of what a template is filled with. */
function phrasesIn(path: string, code: string): readonly string[] {
  const source = ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true);
  const places: string[] = [];
  const textOf = (node: ts.Node): string => {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isTemplateExpression(node))
      return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
    // Long sentences are in several pieces.
    if (isSum(node)) return textOf(node.left) + textOf(node.right);
    return "…";
  };
  const visit = (node: ts.Node, isPart: boolean): void => {
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || isSum(node);
    if (isText && !isPart) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      places.push(...found(textOf(node), `${path}:${line + 1}`));
    }
    ts.forEachChild(node, (child) => visit(child, isSum(node)));
  };
  visit(source, false);
  return places;
}

/** Returns the phrases in the doc comments of a source, except in code spans. */
function phrasesInDocs(path: string, code: string): readonly string[] {
  const source = ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true);
  const places = new Map<number, readonly string[]>();
  const visit = (node: ts.Node): void => {
    for (const { pos, end } of ts.getLeadingCommentRanges(code, node.getFullStart()) ?? []) {
      const comment = code.slice(pos, end);
      if (!comment.startsWith("/**")) continue;
      const text = comment
        .slice(3, -2)
        .replaceAll(/\n *\*/g, " ")
        .replaceAll(/`[^`]*`/g, "…")
        .replaceAll(/\s+/g, " ")
        .trim();
      const { line } = source.getLineAndCharacterOfPosition(pos);
      places.set(pos, found(text, `${path}:${line + 1}`, DOC_PHRASES));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...places.values()].flat();
}

function isSum(node: ts.Node): node is ts.BinaryExpression {
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;
}

function sources(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.m?ts$/.test(name) && !name.endsWith(".d.ts"))
    .map((name) => join(folder, name))
    .toSorted();
}

describe("the wording of", () => {
  it.each(["runtime", "generator", "templates"])("messages, help texts and generated comments in %s", (folder) => {
    const files = sources(folder);
    expect(files.length).toBeGreaterThan(5);
    expect(files.flatMap((path) => phrasesIn(path, readFileSync(join(root, path), "utf8")))).toEqual([]);
  });

  it.each(["runtime", "generator", "templates"])("doc comments in %s", (folder) => {
    const files = sources(folder);
    expect(files.flatMap((path) => phrasesInDocs(path, readFileSync(join(root, path), "utf8")))).toEqual([]);
  });

  it("headings of the documents", () => {
    const guides = documents.filter((path) => /^(README\.md|docs[\\/][^\\/]+\.md)$/.test(path));
    expect(guides.length).toBeGreaterThan(5);
    const headings = guides.flatMap((path) =>
      prose(path)
        .split("\n")
        .flatMap((line, index) => (/^#+ /.test(line) ? found(line, `${path}:${index + 1}`) : [])),
    );
    expect(headings).toEqual([]);
  });
});

it("phrases are found in strings, in templates and across pieces, and not in names or comments", () => {
  const code = [
    "// is no comment of ours",
    'const a = "x is no dtype";',
    "const b = `$" + "{a} must be an integer from $" + "{a} on`;",
    'const c = "two " + "are" + " due";',
    "const refuse = () => `no $" + "{(() => 'a text')()}`;",
  ].join("\n");
  expect(phrasesIn("a.ts", code).map((place) => place.replace(/, write.*/, ""))).toEqual([
    'a.ts:2 "is no"',
    'a.ts:3 "from … on"',
    'a.ts:4 "are due"',
    'a.ts:5 "a text"',
  ]);
});

it("phrases are found in doc comments, also across lines, and not in code spans or line comments", () => {
  const code = [
    "/** What is no name. */",
    "export interface A {",
    "  /**",
    "   * The `what is due` of a",
    "   * text. Whether or not.",
    "   */",
    "  a: string;",
    "  // is no doc comment",
    "  b: `/** is due */`;",
    "}",
  ].join("\n");
  expect(phrasesInDocs("a.ts", code).map((place) => place.replace(/, write.*/, ""))).toEqual([
    'a.ts:1 "is no"',
    'a.ts:1 "What"',
    'a.ts:3 "a text"',
  ]);
});
