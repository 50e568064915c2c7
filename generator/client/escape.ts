// The one place where strings from a model become code. Every name in a SavedModel is an arbitrary string of an
// untrusted author, and ts-morph prints its input unchanged: nothing else may put strings of a model into code.

/** Characters that act on a reader's screen, end a line, or are invisible, such as controls and bidirectional marks. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

const COMMENT_LIMIT = 200;

/** Returns a string literal. */
export function stringLiteral(text: string): string {
  // JSON escapes quotes, backslashes, C0 controls and lone surrogates; its output is a subset of JavaScript.
  const literal = JSON.stringify(text).replace(INVISIBLE, escapeCodeUnits);
  // ts-morph's writer takes a quote after a backslash for an escaped one: it would put comments where the string ends.
  return text.endsWith("\\") ? `${literal.slice(0, -3)}\\u005c"` : literal;
}

/** Returns a code span for a doc comment: one line, no way out of the comment, no tags, truncated when very long. */
export function docCode(text: string): string {
  // A backtick ends the span whatever stands before it, and what follows would be Markdown. A brace begins something only
  // before an `@`.
  const inside = docLine(text, /@/g).replaceAll("`", "\\u0060");
  // Two backticks with nothing between them are not a span.
  return `\`${inside === "" ? '""' : inside}\``;
}

/** Returns the user's sentence for the end of a doc comment: as {@link docCode}, but it may contain code spans. */
export function docText(text: string): string {
  return docLine(text.replace(/\s+/g, " ").trim(), /@/g);
}

function docLine(text: string, active: RegExp): string {
  const cut = text.length > COMMENT_LIMIT ? `${text.slice(0, COMMENT_LIMIT)}…` : text;
  return cut
    .replaceAll("\\", "\\\\")
    .replace(INVISIBLE, escapeCodeUnits)
    .replace(active, (character) => `\\${character}`)
    .replaceAll("*/", "*\\/")
    .replaceAll("/*", "/\\*");
}

/** Returns a string for a line comment. */
export function lineComment(text: string): string {
  return text.replace(INVISIBLE, escapeCodeUnits);
}

/**
 * Returns an identifier, and throws for anything else.
 *
 * Names are made by `names.ts`; this checks that its results are fit to be printed.
 */
export function identifier(name: string): string {
  if (!isIdentifier(name)) throw new TypeError(`not an identifier: ${JSON.stringify(name)}`);
  return name;
}

export function isIdentifier(name: string): boolean {
  return /^[$_\p{ID_Start}][$\p{ID_Continue}]*$/u.test(name);
}

function escapeCodeUnits(characters: string): string {
  let escaped = "";
  for (let index = 0; index < characters.length; index++) {
    escaped += `\\u${characters.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}
