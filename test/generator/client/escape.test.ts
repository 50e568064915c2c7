import fc from "fast-check";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { docCode, docText, identifier, lineComment, stringLiteral } from "../../../generator/client/escape.js";

/** Any text: controls, quotes, lone surrogates and the sequences that end comments. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("*/", "/*", "`", "${", "\\", '"', "\n", "\u2028", "\ud800", "@see", "\u202e"),
    ),
  )
  .map((parts) => parts.join(""));

function statementsOf(code: string): readonly ts.Statement[] {
  const file = ts.createSourceFile("x.ts", code, ts.ScriptTarget.ES2023, true) as ts.SourceFile & {
    parseDiagnostics: readonly unknown[];
  };
  expect(file.parseDiagnostics).toEqual([]);
  return [...file.statements];
}

describe("stringLiteral", () => {
  it("stringLiteral evaluates to exactly the given string, in visible characters", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const literal = stringLiteral(text);
        expect(JSON.parse(literal)).toBe(text);
        expect(literal).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        const [statement] = statementsOf(`${literal};`);
        expect((statement as ts.ExpressionStatement).expression.kind).toBe(ts.SyntaxKind.StringLiteral);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("docCode, docText and lineComment", () => {
  it("docCode, docText and lineComment cannot be closed early and start no tag", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const statements = statementsOf(
          `/**\n * ${docCode(text)}\n * ${docText(text)}\n */\n// ${lineComment(text)}\nconst planned = 1;`,
        );
        expect(statements.length).toBe(1);
        expect(ts.getJSDocTags(statements[0] as ts.Statement)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it("docCode is a single Markdown code span for any string", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const span = docCode(text);
        expect(span).toMatch(/^`[^`\n]+`$/);
        expect(docCode("")).toBe('`""`');
      }),
      { numRuns: 2000 },
    );
    expect(docCode("`<img src=x onerror=alert(1)>")).toBe("`\\u0060<img src=x onerror=alert(1)>`");
  });

  it("docCode, docText and lineComment truncate very long strings", () => {
    expect(docCode("x".repeat(10_000)).length).toBeLessThan(210);
    expect(docText("x".repeat(10_000)).length).toBeLessThan(210);
  });
});

describe("identifier", () => {
  it("identifier rejects strings that are not identifiers", () => {
    for (const name of ["", "1a", "a b", "a;b", "a\n", "👋"]) expect(() => identifier(name)).toThrow(TypeError);
    for (const name of ["a", "_", "größe", "日本語"]) expect(identifier(name)).toBe(name);
  });
});
