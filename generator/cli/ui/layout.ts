import stringWidth from "string-width";

/** A piece of a line. It is broken only where a separate line is too short for it. */
export interface Word {
  readonly text: string;
  /** Never broken, such as a path: the terminal breaks it, and it can still be copied as a whole. */
  readonly isWhole?: boolean;
  readonly style?: ((text: string) => string) | undefined;
  /** Number of spaces before it within a line; one by default. */
  readonly gap?: number;
}

/** Smallest width; nothing is readable in fewer columns. */
const FEWEST_COLUMNS = 20;

/**
 * Returns the number of columns: that of the environment variable COLUMNS, or else of the terminal; infinite for a file
 * or a pipe.
 */
export function columnsOf(stream: { readonly isTTY?: boolean; readonly columns?: number }): number {
  const { COLUMNS = "" } = process.env;
  const asked = /^[1-9][0-9]{0,5}$/.test(COLUMNS) ? Number(COLUMNS) : undefined;
  // Some terminals do not know their size, and report 0.
  const columns = asked ?? (stream.isTTY === true && stream.columns ? stream.columns : Number.POSITIVE_INFINITY);
  return Math.max(columns, FEWEST_COLUMNS);
}

/**
 * Joins words into lines, and breaks a line where a word does not fit.
 *
 * @param width the number of columns
 * @param indent the spaces at the beginning of each further line
 * @param start the used columns of the first line
 */
export function flow(words: readonly Word[], width: number, indent: number, start = 0): string {
  const lines: Word[][] = [[]];
  let column = start;
  const breakLine = (): void => {
    lines.push([]);
    column = indent;
  };
  for (const word of words) {
    for (let rest = word.text, isPlaced = false; !isPlaced; ) {
      const line = lines.at(-1) ?? [];
      const gap = line.length === 0 ? 0 : (word.gap ?? 1);
      const room = width - column - gap;
      isPlaced = stringWidth(rest) <= room;
      if (!isPlaced && (line.length > 0 || column > indent)) {
        breakLine();
        continue;
      }
      isPlaced ||= word.isWhole === true;
      const part = isPlaced ? rest : beginning(rest, room);
      line.push({ ...word, text: isPlaced ? part : part.trimEnd(), gap });
      column += gap + stringWidth(part);
      rest = rest.slice(part.length);
      isPlaced ||= rest === "";
      if (!isPlaced) breakLine();
    }
  }
  return lines.map(render).join(`\n${" ".repeat(indent)}`);
}

/** Returns items with commas between them, each a word. */
export function list(items: readonly string[]): readonly Word[] {
  return items.map((item, index) => ({ text: index === items.length - 1 ? item : `${item},` }));
}

/** Returns words that may be broken at spaces only: what they quote is meant to be copied. */
export function sentence(text: string, style?: Word["style"]): readonly Word[] {
  return text.split(" ").map((word) => ({ text: word, style, isWhole: true }));
}

/** Joins words; adjacent ones of one style are styled together with the spaces between them. */
function render(words: readonly Word[]): string {
  const runs: { readonly style: Word["style"]; readonly gap: number; text: string }[] = [];
  for (const { style, gap = 0, text } of words) {
    const last = runs.at(-1);
    if (last !== undefined && last.style === style) last.text += " ".repeat(gap) + text;
    else runs.push({ style, gap, text });
  }
  return runs.map(({ style, gap, text }) => " ".repeat(gap) + (style === undefined ? text : style(text))).join("");
}

/** Positions at which a long name may be broken: after punctuation, and before a capital letter. */
const PART_END = /(?<=[\s,/_.:-])|(?<=\p{Ll})(?=\p{Lu})/u;

/** Finds visible characters, which may be several code points: an accent, a family of emoji. */
const segmenter = new Intl.Segmenter();

/**
 * Returns the longest prefix that fits, at least a character; up to the end of a part of it, unless that is too little.
 */
function beginning(text: string, room: number): string {
  const characters = Array.from(segmenter.segment(text), ({ segment }) => segment);
  const [first = ""] = characters;
  const most = fitting(characters, room);
  const parts = fitting(text.split(PART_END), room);
  if (parts.length * 2 > most.length) return parts;
  return most === "" ? first : most;
}

/** Joins as many of the first pieces as fit. */
function fitting(pieces: readonly string[], room: number): string {
  let text = "";
  let left = room;
  for (const piece of pieces) {
    left -= stringWidth(piece);
    if (left < 0) break;
    text += piece;
  }
  return text;
}
