/** A number in JSON that `JSON.parse` cannot carry: more digits than a double has, `NaN` or an infinity. */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const [QUOTE, BACKSLASH] = [34, 92];
const NUMBER = /-?(?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|Infinity)|NaN/y;
/** Key of objects that stand for numbers; no protocol has it. */
const MARK = "\u0000number";

/**
 * Parses JSON with integers of any size, and the words for numbers that are not finite which C++ and Python write: they
 * become {@link ExactNumber}s, and nothing is rounded.
 *
 * @throws SyntaxError
 */
export function parseExactJson(text: string): unknown {
  // Most answers need none of it.
  if (!/\d{16}|NaN|Infinity/.test(text)) return JSON.parse(text);
  return JSON.parse(markNumbers(text), (_key, value: unknown) => {
    const marked: unknown = typeof value === "object" && value !== null ? Reflect.get(value, MARK) : undefined;
    return typeof marked === "string" ? new ExactNumber(marked) : value;
  });
}

/** Replaces the numbers that `JSON.parse` cannot carry by objects that can be told apart. */
function markNumbers(text: string): string {
  const pieces: string[] = [];
  let done = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    NUMBER.lastIndex = at;
    const found = startsNumber(code) ? NUMBER.exec(text)?.[0] : undefined;
    if (found === undefined) {
      at++;
      continue;
    }
    const end = at + found.length;
    if (isInexact(found)) {
      pieces.push(text.slice(done, at), JSON.stringify({ [MARK]: found }));
      done = end;
    }
    at = end;
  }
  return pieces.length === 0 ? text : pieces.join("") + text.slice(done);
}

function startsNumber(code: number): boolean {
  // Digits, `-`, `N` and `I`.
  return (code >= 48 && code <= 57) || code === 45 || code === 78 || code === 73;
}

function isInexact(number: string): boolean {
  if (/[NI]/.test(number)) return true;
  return number.length > 15 && /^-?\d+$/.test(number) && !Number.isSafeInteger(Number(number));
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at++;
  }
  return text.length;
}
