/** A value of the subset of Python's literals in the headers of `.npy` files. */
export type Literal = string | number | boolean | Sequence | ReadonlyMap<string, Literal>;

/** A tuple or a list. */
interface Sequence {
  readonly bracket: "(" | "[";
  readonly items: readonly Literal[];
}

/** White space, then a string without escapes, an integer (Python 2 wrote some with an L), a word, a mark or the end. */
const TOKEN = /[ \t\r\n\f]*(?:'([^'\\\r\n]*)'|"([^"\\\r\n]*)"|(-?[0-9]+)L?|(True|False)|([{}()[\]:,])|$)/y;

/** A dtype with fields is a list of tuples, whose items may be tuples. */
const MAX_DEPTH = 8;

/** @returns undefined where the string is anything else */
export function parseLiteral(text: string): Literal | undefined {
  const tokens = tokenize(text);
  const parser = new Parser(tokens ?? []);
  const value = parser.value(0);
  return parser.isAtEnd ? value : undefined;
}

/** A mark of the grammar, or a value. */
type Token = { readonly mark: string } | { readonly value: string | number | boolean };

/** In one pass: every token is matched where the one before it ended. */
function tokenize(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let end = 0; end < text.length; end = TOKEN.lastIndex) {
    const match = TOKEN.exec(text);
    if (match === null) return undefined;
    const [, single, double = single, integer, word, mark] = match;
    if (double !== undefined) tokens.push({ value: double });
    // Without the sign of a zero.
    if (integer !== undefined) tokens.push({ value: Number(integer) + 0 });
    if (word !== undefined) tokens.push({ value: word === "True" });
    if (mark !== undefined) tokens.push({ mark });
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#next === this.#tokens.length;
  }

  value(depth: number): Literal | undefined {
    const token = this.#tokens[this.#next++];
    if (token === undefined || depth > MAX_DEPTH) return undefined;
    if ("value" in token) return token.value;
    if (token.mark === "{") return this.#dict(depth);
    if (token.mark === "(" || token.mark === "[") return this.#sequence(token.mark, depth);
    return undefined;
  }

  #dict(depth: number): Literal | undefined {
    const entries = new Map<string, Literal>();
    while (!this.#take("}")) {
      const key = this.value(depth + 1);
      if (typeof key !== "string" || entries.has(key) || !this.#take(":")) return undefined;
      const value = this.value(depth + 1);
      if (value === undefined || !this.#separates("}")) return undefined;
      entries.set(key, value);
    }
    return entries;
  }

  #sequence(bracket: "(" | "[", depth: number): Literal | undefined {
    const close = bracket === "(" ? ")" : "]";
    const items: Literal[] = [];
    while (!this.#take(close)) {
      const item = this.value(depth + 1);
      if (item === undefined || !this.#separates(close)) return undefined;
      items.push(item);
    }
    // What makes a tuple of one is its comma; without it these are mere parentheses.
    const [only] = items;
    const hasComma = this.#isMark(this.#next - 2, ",");
    return bracket === "(" && items.length === 1 && !hasComma ? only : { bracket, items };
  }

  /** After an item there is a comma, or the end. */
  #separates(close: string): boolean {
    return this.#take(",") || this.#isMark(this.#next, close);
  }

  #take(mark: string): boolean {
    const isNext = this.#isMark(this.#next, mark);
    if (isNext) this.#next++;
    return isNext;
  }

  #isMark(index: number, mark: string): boolean {
    const token = this.#tokens[index];
    return token !== undefined && "mark" in token && token.mark === mark;
  }
}
