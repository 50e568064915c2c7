import { printable, quote } from "../base/text.js";
import type { TensorSpec } from "./model-spec.js";
import type { TensorInfo } from "./signature-info.js";

/** An input by its name. */
type NamedInput = Pick<TensorInfo, "key" | "argument">;

/**
 * Matches the inputs of a generated client to those of a model.
 *
 * An input has one name: the author's expression where its key is a made-up one, else its key. Inputs are matched by
 * it. Keys that TensorFlow and Keras make up are renumbered by every export, so they decide only for clients without
 * the author's names, which older versions generated.
 */
export class InputMatcher {
  readonly #byKey: ReadonlyMap<string, TensorInfo>;
  readonly #byName: ReadonlyMap<string, readonly TensorInfo[]>;

  /** @param inputs as they are in the file; components of one argument follow each other and share its name */
  constructor(inputs: readonly TensorInfo[]) {
    this.#byKey = new Map(inputs.map((input) => [input.key, input]));
    const byName = new Map<string, TensorInfo[]>();
    for (const input of inputs) {
      const name = nameOf(input);
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [input]);
      else known.push(input);
    }
    this.#byName = byName;
  }

  /** The input that a client's means, or one for each of its parts; undefined in the place of one that is missing. */
  find(known: TensorSpec): readonly (TensorInfo | undefined)[] {
    const { parts } = known;
    if (parts === undefined) return [this.#findOne(known)];
    const named = this.#byName.get(nameOf(known));
    if (named?.length === parts.length) return named;
    return parts.map(({ key }) => (known.argument === undefined ? this.#byKey.get(key) : undefined));
  }

  /** The inputs with the name of a client's, however many tensors it is made of. */
  named(known: TensorSpec): readonly TensorInfo[] {
    return this.#byName.get(nameOf(known)) ?? [];
  }

  /** The input with the key of a client's, whose author's name is another one or not known. */
  withKeyOf({ key }: TensorSpec): TensorInfo | undefined {
    return this.#byKey.get(key);
  }

  #findOne({ key, argument }: NamedInput): TensorInfo | undefined {
    if (argument === undefined) return this.#byKey.get(key) ?? only(this.#byName.get(key));
    return only(this.#byName.get(argument));
  }
}

/** Returns the name of an input: the author's expression where the key is a made-up one, else the key. */
export function nameOf({ key, argument = key }: NamedInput): string {
  return argument;
}

/** An input for messages: `x["age"]`, or its key in quotes. */
export function labelOf({ key, argument }: NamedInput): string {
  return argument === undefined || argument === key ? quote(key) : printable(argument);
}

function only<T>(items: readonly T[] = []): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}
