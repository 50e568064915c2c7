/** Syntax error in text format, with its position. */
export class TextFormatError extends Error {}

const WORD = /^[A-Za-z_]/;
const SPACE: ReadonlySet<number> = new Set([9, 10, 11, 12, 13, 32]);
const NEWLINE = 10;
const HASH = 35;
const BACKSLASH = 92;

/** Escapes of one character, by the character. */
const ESCAPES: ReadonlyMap<number, number> = new Map(
  Object.entries({ a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, "?": 63, "\\": 92, "'": 39, '"': 34 }).map(
    ([letter, byte]) => [letter.charCodeAt(0), byte],
  ),
);

/** Escapes of several characters: octal, hexadecimal, a code point of Unicode. */
const ESCAPE = /^\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/;

/** Returns true if a token is a name, or a number that is spelled as one (`inf`). */
export function isWord(token: string): boolean {
  return WORD.test(token);
}

/** Reads the tokens of protocol buffers' text format from UTF-8 bytes, without comments. */
export class TextReader {
  readonly #text: Buffer;
  #at = 0;

  constructor(text: Uint8Array) {
    this.#text = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  }

  /** Returns the next token: a word, a number, or one character; empty at the end. Of a string it is the quote. */
  next(): string {
    const token = this.peek();
    this.#at += token.length;
    return token;
  }

  peek(): string {
    this.#skipSpace();
    let end = this.#at;
    // A number may have a sign within: 1e-5.
    while (end < this.#text.length && isWordByte(this.#text[end])) end++;
    const exponent = /^\d[\d.]*e$/i.test(this.#text.toString("latin1", this.#at, Math.min(end, this.#at + 400)));
    if (exponent && (this.#text[end] === 43 || this.#text[end] === 45)) {
      end++;
      while (end < this.#text.length && isWordByte(this.#text[end])) end++;
    }
    return this.#text.toString("latin1", this.#at, Math.max(end, Math.min(this.#at + 1, this.#text.length)));
  }

  /** Skips one character, if it is next. */
  skip(token: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== token.charCodeAt(0)) return false;
    this.#at++;
    return true;
  }

  expect(token: string): void {
    if (!this.skip(token)) throw this.error(`expected ${JSON.stringify(token)}`);
  }

  skipSeparator(): void {
    if (!this.skip(",")) this.skip(";");
  }

  /** Skips the start token of a message, and returns it. */
  skipOpening(): "{" | "<" | undefined {
    if (this.skip("{")) return "{";
    return this.skip("<") ? "<" : undefined;
  }

  skipPast(token: string): void {
    const found = this.#text.indexOf(token, this.#at);
    if (found < 0) throw this.error(`expected ${JSON.stringify(token)}`);
    this.#at = found + 1;
  }

  /** Skips the rest of a string after its quote. */
  skipString(quote: string): void {
    const close = quote.charCodeAt(0);
    for (; this.#at < this.#text.length; this.#at++) {
      const byte = this.#text[this.#at];
      if (byte === BACKSLASH) this.#at++;
      else if (byte === close) break;
    }
    this.expect(quote);
  }

  /** One string, which may be several literals after each other. */
  string(): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let quote = this.peek(); quote === '"' || quote === "'"; quote = this.peek()) {
      this.#at++;
      parts.push(this.#literal(quote));
    }
    const [first] = parts;
    if (first === undefined) throw this.error("expected a string");
    return parts.length === 1 ? first : Buffer.concat(parts);
  }

  /** @param named the number of a word, where the value may be one */
  integer(named?: (name: string) => bigint): bigint {
    const isNegative = this.skip("-");
    const token = this.next();
    if (named !== undefined && !isNegative && isWord(token)) return named(token);
    if (!/^(?:0x[0-9a-f]{1,16}|0[0-7]{0,22}|[1-9]\d{0,19})$/i.test(token)) throw this.error("expected an integer");
    const value = BigInt(/^0[0-7]/.test(token) ? `0o${token.slice(1)}` : token);
    return isNegative ? -value : value;
  }

  float(): number {
    const sign = this.skip("-") ? -1 : 1;
    const token = this.next().toLowerCase();
    if (token === "inf" || token === "infinity") return sign * Number.POSITIVE_INFINITY;
    if (token === "nan") return Number.NaN;
    const digits = token.length > 1 && !token.startsWith("0x") ? token.replace(/f$/, "") : token;
    if (!/^[\d.]/.test(digits) || Number.isNaN(Number(digits))) throw this.error("expected a number");
    return sign * Number(digits);
  }

  boolean(): boolean {
    const token = this.next();
    if (["true", "True", "t", "1"].includes(token)) return true;
    if (["false", "False", "f", "0"].includes(token)) return false;
    throw this.error("expected true or false");
  }

  /** An error at the place that was reached. */
  error(what: string): TextFormatError {
    let line = 1;
    for (let at = 0; at < Math.min(this.#at, this.#text.length); at++) if (this.#text[at] === NEWLINE) line++;
    return new TextFormatError(`${what} in line ${line}`);
  }

  /** A literal after its quote, with its escapes resolved. */
  #literal(quote: string): Uint8Array {
    const start = this.#at;
    this.skipString(quote);
    const raw = this.#text.subarray(start, this.#at - 1);
    if (!raw.includes(BACKSLASH)) return raw;
    // No escape is shorter than its result.
    const bytes = Buffer.allocUnsafe(raw.length);
    let size = 0;
    for (let at = 0; at < raw.length; ) {
      const byte = raw[at] ?? 0;
      if (byte !== BACKSLASH) {
        bytes[size++] = byte;
        at++;
        continue;
      }
      const [matched, octal, hex, short, point = short] = ESCAPE.exec(raw.toString("latin1", at, at + 10)) ?? [];
      const simple = ESCAPES.get(raw[at + 1] ?? 0);
      if (point !== undefined) size += this.#writeCodePoint(bytes, size, Number.parseInt(point, 16));
      else if (octal !== undefined) bytes[size++] = Number.parseInt(octal, 8) & 255;
      else if (hex !== undefined) bytes[size++] = Number.parseInt(hex, 16);
      else if (simple !== undefined) bytes[size++] = simple;
      else throw this.error("expected a known escape");
      at += matched?.length ?? 2;
    }
    return bytes.subarray(0, size);
  }

  #writeCodePoint(bytes: Buffer, at: number, code: number): number {
    if (code > 0x10ffff) throw this.error("expected a Unicode character");
    return bytes.write(String.fromCodePoint(code), at, "utf8");
  }

  #skipSpace(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const byte = this.#text[this.#at] ?? 0;
      if (byte === HASH) {
        const end = this.#text.indexOf(NEWLINE, this.#at);
        this.#at = end < 0 ? this.#text.length - 1 : end;
      } else if (!SPACE.has(byte)) {
        return;
      }
    }
  }
}

/** Letters, digits, `_` and the point of numbers. */
function isWordByte(byte: number | undefined): boolean {
  return (
    byte !== undefined &&
    ((byte >= 48 && byte <= 57) ||
      (byte >= 65 && byte <= 90) ||
      (byte >= 97 && byte <= 122) ||
      byte === 95 ||
      byte === 46)
  );
}
