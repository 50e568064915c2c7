import { identifier } from "./escape.js";
import { type NameTable, pascalCase } from "./names.js";

/** The key by which TensorFlow Serving finds a signature; mostly an alias of a signature with a better name. */
const ALIAS = "serving_default";

interface Use {
  /** The key of the signature. */
  readonly key: string;
  /** The raw form of its own name. */
  readonly raw: string;
}

/**
 * Names the interfaces of one kind: one for each distinct content, named after the signature that uses it, or after the
 * class if several do.
 */
export class InterfaceNames {
  readonly #uses: Map<string, Use[]> = new Map();
  readonly #names: Map<string, string> = new Map();

  /**
   * Notes that a signature uses an interface.
   *
   * @param content distinguishes the interface from others
   * @param raw the basis of its own name
   */
  use(content: string, key: string, raw: string): void {
    const uses = this.#uses.get(content);
    if (uses === undefined) this.#uses.set(content, [{ key, raw }]);
    else uses.push({ key, raw });
  }

  /**
   * Names all interfaces.
   *
   * @param shared the basis of the name of an interface that several signatures use
   */
  claimAll(types: NameTable, shared: string): void {
    for (const [content, uses] of this.#uses) {
      const proper = uses.filter(({ key }) => key !== ALIAS);
      const [first] = proper.length === 0 ? uses : proper;
      const isShared = new Set(proper.map(({ key }) => key)).size > 1;
      const name = pascalCase(shared);
      const claimed = isShared && types.claimExactly(name) ? name : types.claim(first?.raw ?? shared);
      this.#names.set(content, identifier(claimed));
    }
  }

  /** Returns the name of the interface with this content, if there is one. */
  nameOf(content: string | undefined): string | undefined {
    return content === undefined ? undefined : this.#names.get(content);
  }
}
