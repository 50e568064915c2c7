import { SavedModelError } from "../../base/errors.js";
import { itemAt } from "../../base/item-at.js";
import { quote } from "../../base/text.js";
import type { DenseValue } from "../../engine.js";
import { type AnyTypedArray, allocate, type DTypeInfo, type NumericDType } from "../../tensor/dtype.js";
import { valueAt } from "../../tensor/element-value.js";
import { numberToBfloat, numberToHalf } from "../../tensor/half.js";
import { elementCount } from "../../tensor/shape.js";
import { decodeText } from "../../tensor/tensor.js";
import { ExactNumber } from "./exact-json.js";
import type { WireInput } from "./remote-engine.js";

/** Differences between protocols in what their JSON carries. */
export interface JsonForm {
  /** Returns the JSON of a string element. @throws SavedModelError where there is none */
  string(bytes: Uint8Array, input: WireInput, call: string): string;
  /** True where integers beyond 2^53 are rejected, because servers or what is between may round them. */
  readonly isSafeOnly: boolean;
}

/**
 * Writes the elements of an input as JSON, one after another.
 *
 * @throws SavedModelError `OUT_OF_RANGE` for a number that JSON cannot carry
 */
export function writeElements(input: WireInput, form: JsonForm, call: string): readonly string[] {
  const { dtype, value } = input;
  const { elements } = value;
  if (!ArrayBuffer.isView(elements)) return elements.map((bytes) => form.string(bytes, input, call));
  const texts: string[] = [];
  for (let index = 0; index < elements.length; index++) {
    const element = valueAt(dtype.name as NumericDType, elements as AnyTypedArray, index);
    if (typeof element === "number" && !Number.isFinite(element)) throw notInJson(input, element, call);
    if (form.isSafeOnly && typeof element === "bigint" && !Number.isSafeInteger(Number(element))) {
      throw notInJson(input, element, call);
    }
    texts.push(Object.is(element, -0) ? "-0.0" : String(element));
  }
  return texts;
}

function notInJson({ key }: WireInput, element: number | bigint, call: string): SavedModelError {
  const what = typeof element === "bigint" ? `${element}, beyond 2^53` : `${element}`;
  return new SavedModelError("OUT_OF_RANGE", `${call}: input ${quote(key)} has ${what}, which JSON does not carry`, {
    fix: "Connect to the server's gRPC address: `grpc://host:port`.",
  });
}

/** Returns a string element as text. @throws SavedModelError `INVALID_UTF8` */
export function textOf(bytes: Uint8Array, { key }: WireInput, call: string): string {
  try {
    return decodeText(bytes);
  } catch (cause) {
    const what = `input ${quote(key)} has bytes that are not UTF-8, which JSON does not carry`;
    throw new SavedModelError("INVALID_UTF8", `${call}: ${what}`, {
      fix: "Connect to the server's gRPC address: `grpc://host:port`.",
      cause,
    });
  }
}

/** Flattens nested JSON arrays in row-major order. @throws RangeError when rows differ in length */
export function flattenJson(data: unknown): { readonly shape: readonly number[]; readonly items: readonly unknown[] } {
  const shape: number[] = [];
  for (let at = data; Array.isArray(at); at = at[0]) shape.push(at.length);
  const items: unknown[] = [];
  const collect = (value: unknown, axis: number): void => {
    if (axis === shape.length) {
      if (Array.isArray(value)) throw new RangeError("the arrays are not nested equally deep");
      items.push(value);
      return;
    }
    if (!Array.isArray(value) || value.length !== shape[axis]) throw new RangeError("rows differ in length");
    for (const row of value) collect(row, axis + 1);
  };
  collect(data, 0);
  return { shape, items };
}

const utf8 = new TextEncoder();

/**
 * Reads elements of JSON.
 *
 * @throws RangeError for an item that is not an element of the dtype
 */
export function readElements(dtype: DTypeInfo, shape: readonly number[], items: readonly unknown[]): DenseValue {
  const count = elementCount(shape);
  if (items.length !== count) throw new RangeError(`expected ${count} elements, got ${items.length}`);
  if (dtype.kind === "string") return { shape, elements: items.map(readString) };
  const elements = allocate(dtype.name as NumericDType, count);
  for (let index = 0; index < count; index++) {
    // One dtype has one kind of array; the compiler sees a union of all.
    (elements as { [index: number]: unknown })[index] = readElement(dtype, items[index]);
  }
  return { shape, elements };
}

function readString(item: unknown): Uint8Array {
  if (typeof item === "string") return utf8.encode(item);
  const b64: unknown = typeof item === "object" && item !== null ? Reflect.get(item, "b64") : undefined;
  if (typeof b64 === "string") return fromBase64(b64);
  throw new RangeError(`expected a string, got ${JSON.stringify(item)}`);
}

function readElement(dtype: DTypeInfo, item: unknown): number | bigint {
  const { kind, name, range } = dtype;
  const wrong = (): RangeError => {
    const got = item instanceof ExactNumber ? item.text : JSON.stringify(item);
    return new RangeError(`expected an element of dtype ${name}, got ${got}`);
  };
  if (kind === "bool") {
    if (item === true || item === 1) return 1;
    if (item === false || item === 0) return 0;
    throw wrong();
  }
  if (kind === "bigint") {
    const isInteger = item instanceof ExactNumber ? /^-?\d+$/.test(item.text) : Number.isSafeInteger(item);
    if (!isInteger) throw wrong();
    const value = BigInt(item instanceof ExactNumber ? item.text : (item as number));
    const [least, most] = range as readonly [bigint, bigint];
    if (value < least || value > most) throw wrong();
    return value;
  }
  const value = item instanceof ExactNumber ? Number(item.text) : item;
  if (typeof value !== "number") throw wrong();
  if (kind === "half") return numberToHalf(value);
  if (kind === "bfloat") return numberToBfloat(value);
  if (kind === "float") return value;
  const [least, most] = range as readonly [number, number];
  if (!Number.isInteger(value) || value < least || value > most) throw wrong();
  return value;
}

/** Builds nested JSON arrays of a shape from the JSON of its elements. */
export function nestJson(shape: readonly number[], elements: readonly string[]): string {
  let next = 0;
  const build = (axis: number): string => {
    const size = shape[axis];
    if (size === undefined) return itemAt(elements, next++);
    return `[${Array.from({ length: size }, () => build(axis + 1)).join(",")}]`;
  };
  return build(0);
}

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  // A call takes a limited number of arguments.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
