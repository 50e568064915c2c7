import { ts } from "ts-morph";
import { compareCodeUnits } from "../../runtime/base/text.js";

/**
 * Returns true if a file has the code and comments of a generated one in another layout, as formatters leave it: white
 * space, line breaks in comments, quotes, semicolons, redundant commas and parentheses, and the order of imports and
 * exports. False for a file with syntax errors.
 */
export function isSameCode(text: string, generated: string): boolean {
  return formOf(text) === formOf(generated) && isSound(text);
}

/** Returns false for syntax errors, after which the parser continues with what it assumes to be meant. */
function isSound(text: string): boolean {
  return ts.transpileModule(text, { reportDiagnostics: true }).diagnostics?.length === 0;
}

/** Returns the syntax tree and the comments of a file as a string. */
function formOf(text: string): string {
  const source = ts.createSourceFile("client.ts", text, ts.ScriptTarget.ESNext, true);
  const imports: string[] = [];
  const rest: unknown[] = [];
  for (const node of source.getChildren().flatMap((child) => (isList(child) ? child.getChildren() : [child]))) {
    const names = namesIn(node);
    if (names === undefined) {
      rest.push(...partsOf(node, source));
    } else {
      imports.push(...names);
      rest.push(...leavesOf(node).flatMap((leaf) => commentsOf(leaf, source)));
    }
  }
  return JSON.stringify([imports.sort(compareCodeUnits), rest]);
}

function isList(node: ts.Node): boolean {
  return node.kind === ts.SyntaxKind.SyntaxList;
}

/** Returns the names that a statement imports, or exports from another module; undefined for all other statements. */
function namesIn(node: ts.Node): readonly string[] | undefined {
  const isImport = ts.isImportDeclaration(node);
  if (!isImport && !ts.isExportDeclaration(node)) return undefined;
  const named = isImport ? node.importClause?.namedBindings : node.exportClause;
  const { attributes, moduleSpecifier } = node;
  if (
    attributes !== undefined ||
    named === undefined ||
    moduleSpecifier === undefined ||
    !ts.isStringLiteral(moduleSpecifier)
  )
    return undefined;
  if (!ts.isNamedImports(named) && !ts.isNamedExports(named)) return undefined;
  if (isImport && node.importClause?.name !== undefined) return undefined;
  const isType = isImport ? node.importClause?.isTypeOnly === true : node.isTypeOnly;
  return named.elements.map(({ isTypeOnly, propertyName, name }) =>
    JSON.stringify([isImport, moduleSpecifier.text, isType || isTypeOnly, (propertyName ?? name).text, name.text]),
  );
}

/** Returns the tree below a node, leaf by leaf, with its comments. */
function partsOf(node: ts.Node, source: ts.SourceFile): readonly unknown[] {
  if (ts.isJSDoc(node) || ts.isEmptyStatement(node) || ts.isSemicolonClassElement(node)) return [];
  const children = node.getChildren(source);
  if (children.length === 0) return [...commentsOf(node, source), ...leafOf(node, source)];
  const parts = children.flatMap((child) => partsOf(child, source));
  // The tree represents what parentheses and separators do.
  if (isList(node) || ts.isParenthesizedExpression(node) || ts.isParenthesizedTypeNode(node)) return parts;
  return [[node.kind, ...parts]];
}

function leavesOf(node: ts.Node): readonly ts.Node[] {
  const children = node.getChildren();
  return children.length === 0 ? [node] : children.flatMap(leavesOf);
}

const PUNCTUATION: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.CommaToken,
  ts.SyntaxKind.SemicolonToken,
  ts.SyntaxKind.OpenParenToken,
  ts.SyntaxKind.CloseParenToken,
]);

function leafOf(node: ts.Node, source: ts.SourceFile): readonly unknown[] {
  if (PUNCTUATION.has(node.kind) || isSeparatorOfTypes(node)) return [];
  if (ts.isStringLiteral(node) || ts.isNumericLiteral(node)) {
    // A name is equal with and without quotes.
    return [isName(node) ? node.text : [ts.isStringLiteral(node), node.text]];
  }
  return [node.getText(source)];
}

/** Returns true for `|` and `&`, which may also precede the first type. */
function isSeparatorOfTypes({ kind, parent }: ts.Node): boolean {
  if (kind !== ts.SyntaxKind.BarToken && kind !== ts.SyntaxKind.AmpersandToken) return false;
  const owner = isList(parent) ? parent.parent : parent;
  return ts.isUnionTypeNode(owner) || ts.isIntersectionTypeNode(owner);
}

function isName(node: ts.Node): boolean {
  return "name" in node.parent && node.parent.name === node;
}

/** Returns the comments before a leaf, without their layout. */
function commentsOf(node: ts.Node, source: ts.SourceFile): readonly string[] {
  const trivia = source.text.slice(node.pos, node.getStart(source));
  const comments: string[] = [];
  const scanner = ts.createScanner(ts.ScriptTarget.ESNext, false, ts.LanguageVariant.Standard, trivia);
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    const isComment = kind === ts.SyntaxKind.SingleLineCommentTrivia || kind === ts.SyntaxKind.MultiLineCommentTrivia;
    if (isComment) comments.push(wordsOf(scanner.getTokenText()));
  }
  return comments;
}

/** Returns `/**`, or `//`, and the words after it. */
function wordsOf(comment: string): string {
  const start = /^\/(?:\/|\*\*?)/.exec(comment)?.[0] ?? "";
  const body = comment.slice(start.length).replace(start === "//" ? "" : /\*\/$/, "");
  const words = body.replaceAll(/^[ \t]*\*/gm, "").split(/\s+/);
  return [start, ...words.filter((word) => word !== "")].join(" ");
}
