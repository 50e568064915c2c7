import { itemAt } from "./item-at.js";

const LIMIT = 120;

/** Characters that a terminal or an editor would act on instead of showing: controls, bidirectional marks, separators. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** Quotes a name from a model for a message or a terminal: escaped, and cut when it is very long. */
export function quote(name: string): string {
  return `"${printable(name).replaceAll('"', '\\"')}"`;
}

/** Escapes text from a model for a terminal, and cuts it when it is very long. */
export function printable(text: string, limit: number = LIMIT): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return cut.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** Returns the candidate that is most like `name`, if any is likely to have been meant. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * Returns advice about an unknown name: the known one that was probably meant, or all of them.
 *
 * @param what the known names, as the beginning of a sentence: `Its inputs`
 */
export function suggest(
  name: string,
  known: readonly string[],
  what: string,
  show: (known: string) => string = quote,
): string {
  const meant = nearest(name, known);
  return meant === undefined ? `${what}: ${listSome(known, show) || "none"}.` : didYouMean(meant);
}

/** Maximum number of names in one message. */
const LISTED = 30;

/** Joins items with commas; of very many, the first ones and the number of the others. */
export function listSome(items: readonly string[], show: (item: string) => string = quote): string {
  const more = items.length > LISTED ? ` and ${items.length - LISTED} more` : "";
  return items.slice(0, LISTED).map(show).join(", ") + more;
}

/** `1 element`, `2 elements` */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

export function didYouMean(name: string): string {
  return `Did you mean ${quote(name)}?`;
}

/** Returns the message of a caught value. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** The first line of a message that may be long, fit for a terminal. */
export function firstLine(message: string): string {
  return printable(itemAt(message.split("\n", 1), 0), 500);
}

/** Levenshtein distance of two short strings. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8 || a.length > 200) return Number.POSITIVE_INFINITY;
  // The distances of a beginning of `a` to all beginnings of `b` but the empty one.
  const distances = Array.from({ length: b.length }, (_, index) => index + 1);
  for (let i = 0; i < a.length; i++) {
    let [diagonal, left, j] = [i, i + 1, 0];
    for (const above of distances) {
      left = Math.min(diagonal + (a[i] === b[j] ? 0 : 1), above + 1, left + 1);
      diagonal = above;
      distances[j++] = left;
    }
  }
  return distances.at(-1) ?? a.length;
}

/** Natural order, by code unit: `output_2` comes before `output_10`. No parts are made: names may be as long as a file. */
export function compareNatural(a: string, b: string): number {
  let [left, right] = [0, 0];
  while (left < a.length && right < b.length) {
    const [leftEnd, rightEnd] = [endOfRun(a, left), endOfRun(b, right)];
    const areNumbers = isDigit(a, left) && isDigit(b, right);
    const order = areNumbers
      ? compareNumbers(a, left, leftEnd, b, right, rightEnd)
      : compareRuns(a, left, leftEnd, b, right, rightEnd);
    if (order !== 0) return order;
    [left, right] = [leftEnd, rightEnd];
  }
  if (left < a.length) return 1;
  return right < b.length ? -1 : compareCodeUnits(a, b);
}

export function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const [ZERO, NINE] = [48, 57];

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= ZERO && code <= NINE;
}

/** Returns the end of the run of digits, or of other characters, that begins at `start`. */
function endOfRun(text: string, start: number): number {
  const isNumber = isDigit(text, start);
  let end = start + 1;
  while (end < text.length && isDigit(text, end) === isNumber) end++;
  return end;
}

function compareNumbers(a: string, aStart: number, aEnd: number, b: string, bStart: number, bEnd: number): number {
  const [aFirst, bFirst] = [skipZeros(a, aStart, aEnd), skipZeros(b, bStart, bEnd)];
  return aEnd - aFirst - (bEnd - bFirst) || compareRuns(a, aFirst, aEnd, b, bFirst, bEnd);
}

/** Of a run of zeros the last one stays. */
function skipZeros(text: string, start: number, end: number): number {
  let first = start;
  while (first < end - 1 && text.charCodeAt(first) === ZERO) first++;
  return first;
}

function compareRuns(a: string, aStart: number, aEnd: number, b: string, bStart: number, bEnd: number): number {
  const common = Math.min(aEnd - aStart, bEnd - bStart);
  for (let at = 0; at < common; at++) {
    const order = a.charCodeAt(aStart + at) - b.charCodeAt(bStart + at);
    if (order !== 0) return order;
  }
  return aEnd - aStart - (bEnd - bStart);
}
