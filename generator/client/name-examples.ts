import { itemAt } from "../../runtime/base/item-at.js";
import type { ExampleFeature } from "../../runtime/saved-model/signature-info.js";
import { identifier } from "./escape.js";
import { InterfaceNames } from "./name-interfaces.js";
import { NameTable } from "./names.js";

/** A feature of a `tf.Example`, with its name in the generated code. */
export interface NamedFeature extends ExampleFeature {
  readonly name: string;
}

/** A set of features, which becomes an interface. */
export interface NamedExample {
  readonly type: string;
  readonly features: readonly NamedFeature[];
}

/** The interfaces of a generated file's examples: one for each distinct set of features. */
export class ExampleTable {
  readonly #byContent: Map<string, NamedExample> = new Map();
  /** Content of each list of features: inputs that are parsed by one operation share a list. */
  readonly #contents: WeakMap<readonly ExampleFeature[], string> = new WeakMap();
  readonly #lists: Map<string, readonly ExampleFeature[]> = new Map();
  readonly #names: InterfaceNames = new InterfaceNames();

  /** All sets of features, in the order of their first use. */
  get all(): readonly NamedExample[] {
    return [...this.#byContent.values()];
  }

  /**
   * Notes that a signature takes examples of these features.
   *
   * @param raw the basis of the interface's name, if no other signature takes them
   */
  use(features: readonly ExampleFeature[], key: string, raw: string): void {
    const content = this.#contentOf(features);
    this.#lists.set(content, this.#lists.get(content) ?? features);
    this.#names.use(content, key, raw);
  }

  /** Names all interfaces and their properties; see {@link InterfaceNames.claimAll}. */
  claimAll(types: NameTable, shared: string, notes: string[]): void {
    this.#names.claimAll(types, shared);
    for (const [content, features] of this.#lists) {
      const names = new NameTable("property", "feature", notes).claimAll(features.map(({ key }) => key));
      this.#byContent.set(content, {
        type: identifier(this.#names.nameOf(content) ?? ""),
        features: features.map((feature, index) => ({ ...feature, name: identifier(itemAt(names, index)) })),
      });
    }
  }

  /** Returns the interface of these features. */
  find(features: readonly ExampleFeature[]): NamedExample | undefined {
    return this.#byContent.get(this.#contentOf(features));
  }

  #contentOf(features: readonly ExampleFeature[]): string {
    const content = this.#contents.get(features) ?? JSON.stringify(features);
    this.#contents.set(features, content);
    return content;
  }
}
