import { SavedModelError } from "../base/errors.js";
import { didYouMean, listSome, nearest, suggest } from "../base/text.js";
import type { TensorInfo } from "../saved-model/signature-info.js";
import { type InputSpec, missingInputs, missingOf, specOf } from "../tensor/check-value.js";
import { RaggedTensor } from "../tensor/ragged-tensor.js";
import { SparseTensor } from "../tensor/sparse-tensor.js";
import { Tensor } from "../tensor/tensor.js";
import type { CallInput } from "./signature-call.js";

/** An input, and its name in an object of inputs. */
interface NamedInput {
  readonly key: string;
  readonly name: string;
  readonly optional: boolean;
  /** Expected dtype and shape, for messages, under its name. */
  readonly spec: readonly InputSpec[];
}

/** The properties of an object, and whether it must have them. */
export type Properties = ReadonlyMap<string, boolean>;

/**
 * The properties of an object that is itself the value of an input: a `tf.Example`, the parts of a sparse tensor, a complex
 * number. Undefined for an input that takes no object.
 *
 * @param features the properties of its examples, if it takes them
 */
export function objectForm(
  { dtype, shape, encoding }: Pick<TensorInfo, "dtype" | "shape" | "encoding">,
  features: Properties | undefined,
): Properties | undefined {
  if (encoding === "sparse") return allOf("indices", "values", "shape");
  if (dtype.startsWith("complex") && (shape === null || shape.length === 0)) return allOf("re", "im");
  return features;
}

function allOf(...names: readonly string[]): Properties {
  return new Map(names.map((name) => [name, true]));
}

/**
 * Returns whether a method can take its inputs by name: no object of them may be one that the first input takes too,
 * with all others omitted.
 *
 * @param inputs the names of the inputs, and whether they are required
 * @param first the objects that the first input takes
 */
export function canTakeNames(inputs: Properties, first: Properties | undefined): boolean {
  if (inputs.size < 2) return false;
  return first === undefined || isLacking(inputs, first) || isLacking(first, inputs);
}

/** Returns whether objects of one kind must have a property that those of another kind cannot have. */
function isLacking(needed: Properties, possible: Properties): boolean {
  return [...needed].some(([name, isRequired]) => isRequired && !possible.has(name));
}

/** The inputs of a method that may be given as one object, by the names that they have in a generated client. */
export class NamedInputs {
  /** In the order of the inputs. */
  readonly names: readonly string[];
  readonly #inputs: readonly NamedInput[];
  readonly #names: ReadonlySet<string>;
  /** The objects that the first input takes. */
  readonly #first: Properties | undefined;

  /** @param names in the order of the inputs */
  constructor(inputs: readonly CallInput[], names: readonly string[]) {
    this.#inputs = inputs.map((input, index) => {
      const { key, optional = false } = input;
      const name = names[index] ?? key;
      return { key, name, optional, spec: specOf({ ...input, key: name, argument: name }) };
    });
    this.names = this.#inputs.map(({ name }) => name);
    this.#names = new Set(names);
    const [first] = inputs;
    const features = first?.features?.map(({ property, optional }) => [property, optional !== true] as const);
    this.#first = first && objectForm(first, features && new Map(features));
  }

  /** Returns whether a first argument is an object of inputs by name, rather than the first input. */
  is(value: unknown): value is Readonly<Record<string, unknown>> {
    // Nearly all inputs: every call comes by here.
    if (typeof value !== "object" || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
    if (Object.prototype.toString.call(value) !== "[object Object]") return false;
    if (Tensor.is(value) || value instanceof RaggedTensor || value instanceof SparseTensor) return false;
    const object = value as object;
    const hasName = this.#inputs.some(({ name }) => has(object, name));
    if (this.#first === undefined) return hasName || isPlain(object);
    if (isOfForm(object, this.#first)) return false;
    return hasName || (isPlain(object) && Object.keys(object).length === 0);
  }

  /**
   * Returns the values of an object of inputs in argument order.
   *
   * @throws SavedModelError `UNKNOWN_INPUT` for names that no input has, `MISSING_INPUT` for required ones that are
   * missing; both name all of them
   */
  valuesOf(object: Readonly<Record<string, unknown>>, call: string, role = "input"): readonly unknown[] {
    const values = this.#inputs.map(({ name }) => (has(object, name) ? object[name] : undefined));
    const unknown = Object.keys(object).filter((name) => !this.#names.has(name));
    const missing = this.#inputs.filter(({ optional }, index) => !optional && values[index] === undefined);
    if (unknown.length === 0 && missing.length === 0) return values;
    const absent = missing.flatMap(({ spec }) => spec.map((one) => ({ ...one, role })));
    if (unknown.length === 0) throw missingInputs(absent, call);
    const also = absent.length === 0 ? "" : `; ${missingOf(absent)}`;
    throw new SavedModelError("UNKNOWN_INPUT", `${call} has no ${inputsNamed(unknown)}${also}`, {
      fix: this.#suggest(
        unknown,
        missing.map(({ name }) => name),
      ),
    });
  }

  /** Returns the object of these values, which are in argument order; without omitted optional ones. */
  toObject(values: readonly unknown[]): Record<string, unknown> {
    const entries = this.#inputs.map(({ name }, index) => [name, values[index]] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }

  /** Returns the names that were probably meant by unknown input names. */
  #suggest(unknown: readonly string[], missing: readonly string[]): string {
    const [first] = unknown;
    const meant = unknown.map(
      (name) =>
        this.#inputs.find(({ key }) => key === name)?.name ?? nearest(name, missing) ?? nearest(name, [...this.#names]),
    );
    if (first !== undefined && unknown.length === 1)
      return meant[0] === undefined ? suggest(first, [...this.#names], "Its inputs") : didYouMean(meant[0]);
    const known = [...new Set(meant.filter((name) => name !== undefined))];
    return known.length === 0 ? `Its inputs are ${listSome([...this.#names])}.` : `Did you mean ${listSome(known)}?`;
  }
}

/** Returns the error for arguments after an object of inputs. */
export function namedTakesOne(call: string, count: number, also = ""): SavedModelError {
  const takes = `one object of inputs by name${also === "" ? "" : ` ${also}`}`;
  return new SavedModelError("TOO_MANY_INPUTS", `${call} takes ${takes}, got ${count} arguments`);
}

function inputsNamed(names: readonly string[]): string {
  return `${names.length === 1 ? "input" : "inputs"} ${listSome(names)}`;
}

/** Returns whether an object has all properties that it must have, and no others than it can have. */
function isOfForm(object: object, form: Properties): boolean {
  return (
    [...form].every(([name, isRequired]) => !isRequired || has(object, name)) &&
    Object.keys(object).every((name) => form.has(name))
  );
}

/** Returns whether an object has a property that not every object has. */
function has(object: object, name: string): boolean {
  return name in Object.prototype ? Object.hasOwn(object, name) : name in object;
}

/** Returns true for an object literal of any realm, but not for an instance of a class. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
