import type { CallInput } from "./call/prepared-call.js";
import type { TensorDescription } from "./description.js";
import { SavedModelError } from "./errors.js";
import { RaggedTensor } from "./ragged-tensor.js";
import { SparseTensor } from "./sparse-tensor.js";
import { Tensor } from "./tensor.js";
import { didYouMean, listSome, nearest, suggest } from "./text.js";

/** An input, and what it is called in an object of inputs. */
interface NamedInput {
  readonly key: string;
  readonly name: string;
  readonly optional: boolean;
}

/**
 * The properties of an object that is itself the value of an input: a `tf.Example`, the parts of a sparse tensor, a complex
 * number. Empty for an input that takes no object.
 *
 * @param features the properties of its examples, if it takes them
 */
export function ownProperties(
  { dtype, shape, encoding }: Pick<TensorDescription, "dtype" | "shape" | "encoding">,
  features: readonly string[] = [],
): ReadonlySet<string> {
  if (encoding === "sparse") return new Set(["indices", "values", "shape"]);
  const isComplex = dtype.startsWith("complex") && (shape === null || shape.length === 0);
  return new Set(isComplex ? ["re", "im"] : features);
}

/**
 * Whether a method can take its inputs by name: an object of them never is a valid first argument by itself. It must have at
 * least one required input whose name no object that the first input takes has for a property.
 */
export function canTakeNames(
  inputs: readonly { readonly name: string; readonly optional?: boolean }[],
  first: ReadonlySet<string>,
): boolean {
  if (inputs.length < 2) return false;
  return first.size === 0 || inputs.some(({ name, optional }) => optional !== true && !first.has(name));
}

/** The inputs of a method that may be given as one object, by the names that they have in a generated client. */
export class NamedInputs {
  readonly #inputs: readonly NamedInput[];
  readonly #names: ReadonlySet<string>;
  /** The names that tell an object of inputs from one that is the first input. */
  readonly #distinct: readonly string[];
  /** Whether the first input is an object in some cases. */
  readonly #isFirstObject: boolean;

  /** @param names in the order of the inputs */
  constructor(inputs: readonly CallInput[], names: readonly string[]) {
    this.#inputs = inputs.map(({ key, optional }, index) => ({
      key,
      name: names[index] ?? key,
      optional: optional === true,
    }));
    this.#names = new Set(names);
    const [first] = inputs;
    const own: ReadonlySet<string> =
      first === undefined
        ? new Set()
        : ownProperties(
            first,
            first.features?.map(({ property }) => property),
          );
    this.#distinct = names.filter((name) => !own.has(name));
    this.#isFirstObject = own.size > 0;
  }

  /** Whether a first argument is an object of inputs by name, rather than the first input. */
  is(value: unknown): value is Readonly<Record<string, unknown>> {
    if (Object.prototype.toString.call(value) !== "[object Object]") return false;
    if (Tensor.is(value) || value instanceof RaggedTensor || value instanceof SparseTensor) return false;
    const object = value as object;
    if (this.#distinct.some((name) => has(object, name))) return true;
    return !this.#isFirstObject && isPlain(object);
  }

  /**
   * The arguments of a call in argument order.
   *
   * @throws SavedModelError `UNKNOWN_INPUT` for names that no input has, `MISSING_INPUT` for required ones that are not
   * there; both name all of them
   */
  inOrder(values: readonly unknown[], call: string): readonly unknown[] {
    const [value] = values;
    if (!this.is(value)) return values;
    if (values.length > 1) throw namedTakesOne(call, values.length);
    return this.valuesOf(value, call);
  }

  /** The values of an object of inputs in argument order; see {@link NamedInputs.inOrder} for what it throws. */
  valuesOf(object: Readonly<Record<string, unknown>>, call: string): readonly unknown[] {
    const values = this.#inputs.map(({ name }) => (has(object, name) ? object[name] : undefined));
    const unknown = Object.keys(object).filter((name) => !this.#names.has(name));
    const missing = this.#inputs.filter(({ optional }, index) => !optional && values[index] === undefined);
    if (unknown.length === 0 && missing.length === 0) return values;
    const absent = missing.map(({ name }) => name);
    if (unknown.length === 0) throw new SavedModelError("MISSING_INPUT", `${call} lacks ${inputsNamed(absent)}`);
    const also = absent.length === 0 ? "" : `, and lacks ${inputsNamed(absent)}`;
    throw new SavedModelError("UNKNOWN_INPUT", `${call} has no ${inputsNamed(unknown)}${also}`, {
      fix: this.#suggest(unknown, absent),
    });
  }

  /** The object of these values, which are in argument order; without the optional ones that were not given. */
  toObject(values: readonly unknown[]): Record<string, unknown> {
    const entries = this.#inputs.map(({ name }, index) => [name, values[index]] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }

  /** What was meant by names that no input has. */
  #suggest(unknown: readonly string[], missing: readonly string[]): string {
    const [first = ""] = unknown;
    const meant = unknown.map(
      (name) =>
        this.#inputs.find(({ key }) => key === name)?.name ?? nearest(name, missing) ?? nearest(name, [...this.#names]),
    );
    if (unknown.length === 1)
      return meant[0] === undefined ? suggest(first, [...this.#names], "Its inputs") : didYouMean(meant[0]);
    const known = [...new Set(meant.filter((name) => name !== undefined))];
    return known.length === 0 ? `Its inputs are ${listSome([...this.#names])}.` : `Did you mean ${listSome(known)}?`;
  }
}

/** The error for arguments after an object of inputs. */
export function namedTakesOne(call: string, count: number, also = ""): SavedModelError {
  const takes = `one object of inputs by name${also === "" ? "" : ` ${also}`}`;
  return new SavedModelError("TOO_MANY_INPUTS", `${call} takes ${takes}, got ${count} arguments`);
}

function inputsNamed(names: readonly string[]): string {
  return `${names.length === 1 ? "input" : "inputs"} ${listSome(names)}`;
}

/** Whether an object has a property that not every object has. */
function has(object: object, name: string): boolean {
  return name in Object.prototype ? Object.hasOwn(object, name) : name in object;
}

/** An object literal, of whatever realm; an instance of a class is none. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
