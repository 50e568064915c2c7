import { type ErrorCode, SavedModelError } from "../base/errors.js";
import { isThenable } from "../base/is-thenable.js";
import { describeForeign, ONE_COPY } from "../base/package-copies.js";
import { countOf, listSome, printable, quote, reasonOf } from "../base/text.js";
import { DETACHED_FIX, isDetached, LOST_DATA } from "./detached.js";
import { type AnyTypedArray, type DTypeInfo, dtypeInfo, isDType, isTypedArrayOf, slotsOf } from "./dtype.js";
import { type Flattened, flattenNested, type NestedProblem, type Scratch } from "./flatten.js";
import { adviseNesting } from "./rank-advice.js";
import { formatShape, MAX_RANK, type ShapeSpec } from "./shape.js";
import type { Elements } from "./tensor.js";
import type { Complex } from "./types.js";
import { complexParts } from "./write-elements.js";

/** Requirements for the value of an input. */
export interface InputSpec {
  /** Raw key, for messages. */
  readonly key: string;
  /** The author's expression for it, for messages, where the key is not the author's. */
  readonly argument?: string | undefined;
  readonly dtype: DTypeInfo;
  readonly shape: ShapeSpec;
  /** Role of the value, for messages; by default an input. */
  readonly role?: string;
  /** Form of the tensor, for messages, if it is not dense. */
  readonly form?: "ragged" | "sparse";
  /** True if a plain value is accepted for a vector of one. */
  readonly acceptsBare?: boolean;
}

/** An input as a signature has it; its dtype may be one whose values are not carried. */
interface SignatureInput extends Pick<InputSpec, "key" | "argument" | "shape"> {
  readonly dtype: string;
  readonly encoding?: string;
}

/** Returns the requirements for an input, for messages; undefined for a dtype whose values are not supported. */
export function specOf({ key, argument, dtype, shape, encoding }: SignatureInput): readonly InputSpec[] {
  if (!isDType(dtype)) return [];
  const form = encoding === "ragged" || encoding === "sparse" ? ({ form: encoding } as const) : {};
  return [{ key, argument, dtype: dtypeInfo(dtype), shape, ...form }];
}

/**
 * Checks data against the requirements of an input, and brings it into row-major order. No native code is involved.
 *
 * @param call the name of the call for messages, such as `train()`
 * @param scratch returns an array of the input's dtype that may be overwritten
 * @returns the shape and the elements, which may be the caller's own flat array
 * @throws SavedModelError `MISSING_INPUT`, `INVALID_DTYPE`, `INVALID_RANK`, `INVALID_SHAPE`, `INVALID_SIZE`,
 * `RAGGED_ARRAY`, `NOT_AN_INTEGER`, `OUT_OF_RANGE` or `INVALID_UTF8`, naming the call and the input's key
 */
export function stage(value: unknown, spec: InputSpec, call: string, scratch?: Scratch): Flattened {
  if (ArrayBuffer.isView(value) && !(spec.dtype.kind === "string" && value instanceof Uint8Array)) {
    return stageFlat(value, spec, call);
  }
  if (value === undefined) throw missingInputs([spec], call);
  const shape = spec.acceptsBare === true && !Array.isArray(value) ? [] : spec.shape;
  try {
    const result = flattenNested(value, spec.dtype, shape, scratch);
    if ("problem" in result) throw nestedError(result, spec, call);
    return result;
  } catch (cause) {
    throw readError(cause, spec, call);
  }
}

function stageFlat(value: ArrayBufferView, spec: InputSpec, call: string): Flattened {
  const elements = checkFlat(value, spec, call);
  if (spec.dtype.name === "bool") checkBools(elements, spec, call);
  return { shape: inferShape(elements, spec, call), elements };
}

/**
 * Checks a flat array against the requirements of an input, apart from its size.
 *
 * @throws SavedModelError `INVALID_DTYPE`, or `INVALID_SIZE` when it is detached
 */
export function checkFlat(value: ArrayBufferView, spec: InputSpec, call: string): AnyTypedArray {
  const dtype = spec.dtype.name;
  if (dtype === "string" || !isTypedArrayOf(dtype, value)) {
    throw inputError("INVALID_DTYPE", spec, call, article(value.constructor.name));
  }
  if (isDetached(value)) throw inputError("INVALID_SIZE", spec, call, LOST_DATA, DETACHED_FIX);
  return value;
}

/**
 * Returns the shape of a flat array: the spec's, with its one unknown dimension computed from the length.
 *
 * @param open advice where the length does not determine the shape
 * @throws SavedModelError `INVALID_SIZE`
 */
export function inferShape(
  value: AnyTypedArray,
  spec: InputSpec,
  call: string,
  open = "Pass the shape: `Tensor.from(dtype, data, shape)`.",
): readonly number[] {
  const length = value.length / slotsOf(spec.dtype.name);
  if (!Number.isInteger(length)) {
    const got = `a flat array of ${countOf(value.length, "number")}, where each element is two`;
    throw inputError("INVALID_SIZE", spec, call, got);
  }
  const { shape } = spec;
  if (shape === null) return [length];
  let known = 1;
  let unknown = 0;
  for (const size of shape) {
    if (size === null) unknown++;
    else known *= size;
  }
  const size = known === 0 ? 0 : length / known;
  const fits = unknown === 0 ? length === known : Number.isInteger(size) && size * known === length;
  if (unknown > 1 || !fits) {
    const got = `a flat array of ${countOf(length, "element")}`;
    throw inputError("INVALID_SIZE", spec, call, got, unknown > 1 ? open : undefined);
  }
  return unknown === 0 ? (shape as readonly number[]) : shape.map((dimension) => dimension ?? size);
}

/** TensorFlow takes any other byte for true in one place and for false in another. */
export function checkBools(elements: Elements, spec: InputSpec, call: string): void {
  if (elements instanceof Uint8Array && elements.some((byte) => byte > 1)) {
    throw inputError("OUT_OF_RANGE", spec, call, "a byte that is neither 0 nor 1");
  }
}

export function nestedError(result: NestedProblem, spec: InputSpec, call: string): SavedModelError {
  const at = result.path.length === 0 ? "" : ` at ${result.path.map((index) => `[${index}]`).join("")}`;
  switch (result.problem) {
    case "INVALID_RANK":
    case "INVALID_SHAPE": {
      const isEndless = result.shape.length > MAX_RANK;
      const found = isEndless ? `more than ${MAX_RANK} dimensions` : shapeThatIs(result.shape);
      const verb = spec.role === "output" ? "Return" : "Pass";
      const advice = isEndless ? undefined : adviseNesting(result.value, result.shape, spec.shape, verb);
      return inputError(result.problem, spec, call, found, advice);
    }
    case "RAGGED_ARRAY": {
      const size = result.shape[result.path.length];
      const [wanted, got] =
        size === undefined ? ["one element", "an array"] : [countOf(size, "element"), lengthOf(result.value)];
      return inputError(result.problem, spec, call, `a ragged nested array: expected ${wanted}${at}, got ${got}`);
    }
    case "TF_RESOURCE_EXHAUSTED": {
      const what = `${spec.dtype.name} ${formatShape(result.shape)}`;
      return new SavedModelError(result.problem, `${call}: ${nameOf(spec)}: out of memory allocating ${what}`);
    }
    case "INVALID_SIZE":
      return inputError(result.problem, spec, call, `${LOST_DATA}${at}`, DETACHED_FIX);
    default: {
      return inputError(result.problem, spec, call, `${describe(result.value)}${at}`, advice(result, spec));
    }
  }
}

function advice({ problem, value }: NestedProblem, { dtype }: InputSpec): string | undefined {
  if (isThenable(value)) return "Await it first.";
  if (describeForeign(value) !== undefined) return ONE_COPY;
  if (dtype.kind === "string" && describe(value) === "a plain object") {
    return "Objects are encoded as tf.Examples where a generated client knows their features; pass the serialized bytes.";
  }
  if (dtype.kind === "complex" && problem === "INVALID_DTYPE") {
    return ArrayBuffer.isView(value)
      ? "A typed array must hold the whole tensor, a real and an imaginary part for each element."
      : "An element is `{ re, im }`, or a number.";
  }
  const isRounded = problem === "OUT_OF_RANGE" && dtype.kind === "bigint" && Math.abs(Number(value)) > 2 ** 53 - 1;
  return isRounded && typeof value === "number" ? "Pass a bigint: numbers are not exact beyond 2^53." : undefined;
}

function lengthOf(value: unknown): string {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value) ? `${value.length}` : describe(value);
}

/**
 * Returns the name of an input for messages: `"inputs"`, or `"keras_tensor_1" (x["age"])` where the key is not the
 * author's.
 */
export function nameInput({ key, argument = key }: Pick<InputSpec, "key" | "argument">): string {
  return argument === key ? quote(key) : `${quote(key)} (${printable(argument)})`;
}

/**
 * Returns the error for required inputs that were not passed.
 *
 * @param specs all that are missing
 */
export function missingInputs(specs: readonly InputSpec[], call: string): SavedModelError {
  return new SavedModelError("MISSING_INPUT", `${call}: ${missingOf(specs)}`);
}

/** `inputs "x" (float32 [?, 2]), "y" (float32 [?, 1]) are missing` */
export function missingOf(specs: readonly InputSpec[]): string {
  const [first] = specs;
  const role = first?.role ?? "input";
  const [what, verb] = specs.length === 1 ? [role, "is"] : [`${role}s`, "are"];
  const shown = specs.map(({ key, argument = key, ...spec }) => {
    const expression = argument === key ? "" : `${printable(argument)}, `;
    return `${quote(key)} (${expression}${wanted({ ...spec, key })})`;
  });
  return `${what} ${listSome(shown, String)} ${verb} missing`;
}

export function inputError(code: ErrorCode, spec: InputSpec, call: string, got: string, fix?: string): SavedModelError {
  const message = `${call}: ${nameOf(spec)} must be ${wanted(spec)}, got ${got}`;
  return new SavedModelError(code, message, fix === undefined ? {} : { fix });
}

/** Returns the error for a value that could not be read; its getters or proxies may run any code. */
export function readError(cause: unknown, spec: InputSpec, call: string): SavedModelError {
  if (cause instanceof SavedModelError) return cause;
  const reason = printable(reasonOf(cause), 500);
  return new SavedModelError("INVALID_ARGUMENT", `${call}: ${nameOf(spec)} cannot be read: ${reason}`, { cause });
}

/** Describes a shape: `[1, 2]`, `a scalar`. */
export function shapeThatIs(shape: readonly number[]): string {
  return shape.length === 0 ? "a scalar" : formatShape(shape);
}

function nameOf({ role = "input", key, argument }: InputSpec): string {
  return `${role} ${nameInput({ key, argument })}`;
}

function wanted(spec: InputSpec): string {
  return `${spec.form === undefined ? "" : `${spec.form} `}${spec.dtype.name} ${formatShape(spec.shape)}`;
}

/** Describes a value in a few words. */
export function describe(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean" || value === null || value === undefined)
    return `${value}`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return `the string ${quote(value)}`;
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") {
    const complex = complexParts(value);
    if (complex !== undefined) return formatComplex(complex);
    const foreign = describeForeign(value);
    if (foreign !== undefined) return foreign;
    const name: unknown = value.constructor?.name;
    // The class of a generator, for one, has no name.
    const shown = typeof name === "string" && name !== "" ? name : tagOf(value);
    return shown === "Object" ? "a plain object" : article(printable(shown, 100));
  }
  return `a ${typeof value}`;
}

/** Returns the name of an object's type in JavaScript: `Generator`. */
function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/** `1-2i` */
function formatComplex({ re, im }: Complex): string {
  return `${re}${im < 0 || Object.is(im, -0) ? "-" : "+"}${Math.abs(im)}i`;
}

function article(name: string): string {
  return `${/^[AEIOU]/i.test(name) && !/^U(int|8)/.test(name) ? "an" : "a"} ${name}`;
}
