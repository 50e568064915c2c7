/** A set of small integers of a fixed range, for unions of many large sets. */
export class BitSet {
  readonly #words: Uint32Array;

  /** @param size one more than the largest member */
  constructor(size: number) {
    this.#words = new Uint32Array(Math.ceil(size / 32));
  }

  add(member: number): void {
    const word = member >>> 5;
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (member & 31));
  }

  has(member: number): boolean {
    return (((this.#words[member >>> 5] ?? 0) >>> (member & 31)) & 1) === 1;
  }

  /** Adds the members of another set of the same range; returns true if any was new. */
  addAll(other: BitSet): boolean {
    const words = other.#words;
    let isChanged = false;
    for (let index = 0; index < words.length; index++) {
      const before = this.#words[index] ?? 0;
      const after = (before | (words[index] ?? 0)) >>> 0;
      if (after === before) continue;
      this.#words[index] = after;
      isChanged = true;
    }
    return isChanged;
  }

  *[Symbol.iterator](): Generator<number> {
    for (const [index, word] of this.#words.entries()) {
      for (let rest = word; rest !== 0; rest &= rest - 1) yield 32 * index + 31 - Math.clz32(rest & -rest);
    }
  }
}
