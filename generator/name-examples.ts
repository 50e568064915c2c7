import type { ExampleFeature } from "../runtime/description.js";
import { identifier } from "./escape.js";
import { NameTable } from "./names.js";

/** A feature of a `tf.Example`, with the name that it has in the generated code. */
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
  readonly #byFeatures: Map<string, NamedExample> = new Map();
  /** Inputs that are parsed by one operation have one list of features. */
  readonly #byList: WeakMap<readonly ExampleFeature[], NamedExample> = new WeakMap();
  readonly #types: NameTable;
  readonly #notes: string[];

  constructor(types: NameTable, notes: string[]) {
    this.#types = types;
    this.#notes = notes;
  }

  /** In the order of their first use. */
  get all(): readonly NamedExample[] {
    return [...this.#byFeatures.values()];
  }

  /**
   * The interface of these features.
   *
   * @param raw what its name is made of, if it is a new one
   */
  claim(raw: string, features: readonly ExampleFeature[]): NamedExample {
    const known = this.#byList.get(features) ?? this.#claim(raw, features);
    this.#byList.set(features, known);
    return known;
  }

  #claim(raw: string, features: readonly ExampleFeature[]): NamedExample {
    const meaning = JSON.stringify(features);
    const known = this.#byFeatures.get(meaning);
    if (known !== undefined) return known;
    const names = new NameTable("property", "feature", this.#notes).claimAll(features.map(({ key }) => key));
    const example: NamedExample = {
      type: identifier(this.#types.claim(raw)),
      features: features.map((feature, index) => ({ ...feature, name: identifier(names[index] ?? "") })),
    };
    this.#byFeatures.set(meaning, example);
    return example;
  }
}
