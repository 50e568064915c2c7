const LIMIT = 120;

/** Characters that a terminal or an editor would act on instead of showing: controls, bidirectional marks, separators. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** A name from a model, in quotes and fit for a message or a terminal: escaped, and cut when it is very long. */
export function quote(name: string): string {
  return `"${printable(name).replaceAll('"', '\\"')}"`;
}

/** Text from a model, fit for a terminal: escaped, and cut when it is very long. */
export function printable(text: string, limit: number = LIMIT): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return cut.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** The candidate that is most like `name`, if any is likely to have been meant. */
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
 * What to say of a name that is not among the known ones: the one that was probably meant, or all of them.
 *
 * @param what the known ones are, as the beginning of a sentence: `Its inputs`
 */
export function suggest(
  name: string,
  known: readonly string[],
  what: string,
  show: (known: string) => string = quote,
): string {
  const meant = nearest(name, known);
  return meant === undefined ? `${what}: ${known.map(show).join(", ") || "none"}.` : didYouMean(meant);
}

export function didYouMean(name: string): string {
  return `Did you mean ${quote(name)}?`;
}

/** What a caught value says is wrong. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** The first line of a message that may be long, fit for a terminal. */
export function firstLine(message: string): string {
  return printable(message.split("\n", 1)[0] ?? "", 500);
}

/** Levenshtein distance of two short strings. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8 || a.length > 200) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Natural order, by code unit: `output_2` comes before `output_10`. */
export function compareNatural(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = comparePart(left[i] ?? "", right[i] ?? "");
    if (order !== 0) return order;
  }
  return left.length - right.length || compareCodeUnits(a, b);
}

export function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function comparePart(a: string, b: string): number {
  const digits = /^\d/;
  if (!digits.test(a) || !digits.test(b)) return compareCodeUnits(a, b);
  const left = a.replace(/^0+(?=\d)/, "");
  const right = b.replace(/^0+(?=\d)/, "");
  return left.length - right.length || compareCodeUnits(left, right);
}
