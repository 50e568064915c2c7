import { schema } from "../../runtime/saved-model/proto/schema.js";

type MessageName = keyof typeof schema;

/** A field of a serialized message, with where it is in the whole file. */
export interface Field {
  /** Of its tag. */
  readonly start: number;
  /** Of its payload, behind the length where it has one. */
  readonly value: number;
  readonly end: number;
  readonly wireType: number;
  /** The field around it, if it is not the file's. */
  readonly parent: Field | undefined;
  /** The message that it is a field of, and its number there. */
  readonly kind: string;
  /** What it is a message of, where it is one that the runtime reads. */
  readonly type: MessageName | undefined;
}

/** Fields that are declared as bytes, to be decoded later. */
const LAZY: Readonly<Record<string, MessageName>> = {
  "MetaGraphDef.graphDef": "GraphDef",
  "MetaGraphDef.objectGraphDef": "ConcreteFunctions",
  "SavedConcreteFunction.canonicalizedInputSignature": "StructuredValue",
  "GraphDef.node": "NodeDef",
  "FunctionDefLibrary.function": "FunctionDef",
  "AttrEntry.value": "AttrValue",
  "DefaultEntry.value": "TensorProto",
};

/** All fields of a serialized SavedModel that the runtime may look at, and those beside them. */
export function fieldsOf(bytes: Uint8Array): readonly Field[] {
  const fields: Field[] = [];
  walk(bytes, 0, bytes.length, "SavedModel", undefined, fields);
  return fields;
}

function walk(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: MessageName,
  parent: Field | undefined,
  fields: Field[],
): void {
  for (let at = start; at < end; ) {
    const [tag, afterTag] = readVarint(bytes, at);
    const wireType = tag & 7;
    const [length, value] = wireType === 2 ? readVarint(bytes, afterTag) : [0, afterTag];
    const fieldEnd = wireType === 2 ? value + length : endOfScalar(bytes, wireType, value);
    const type = typeOf(message, tag >>> 3);
    const kind = `${message}.${tag >>> 3}`;
    const field: Field = { start: at, value, end: fieldEnd, wireType, parent, kind, type };
    fields.push(field);
    if (type !== undefined) walk(bytes, value, fieldEnd, type, field, fields);
    at = fieldEnd;
  }
}

function typeOf(message: MessageName, id: number): MessageName | undefined {
  const fields: Readonly<Record<string, { readonly type: string; readonly id: number }>> = schema[message].fields;
  const [name, field] = Object.entries(fields).find(([, spec]) => spec.id === id) ?? [];
  return field !== undefined && field.type in schema ? (field.type as MessageName) : LAZY[`${message}.${name}`];
}

function endOfScalar(bytes: Uint8Array, wireType: number, at: number): number {
  if (wireType === 0) return readVarint(bytes, at)[1];
  if (wireType === 1) return at + 8;
  if (wireType === 5) return at + 4;
  throw new Error(`wire type ${wireType} in a model that TensorFlow wrote`);
}

/** Of numbers up to 2^53; returns the number and where it ends. */
function readVarint(bytes: Uint8Array, start: number): readonly [number, number] {
  let number = 0;
  for (let at = start, factor = 1; ; at++, factor *= 128) {
    const byte = bytes[at] ?? 0;
    number += (byte & 127) * factor;
    if (byte < 128) return [number, at + 1];
  }
}

export function varint(number: number): Uint8Array {
  const bytes: number[] = [];
  let rest = number;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}

export function tagOf(id: number, wireType: number): Uint8Array {
  return varint(id * 8 + wireType);
}

/** A length-delimited field. */
export function delimited(id: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([tagOf(id, 2), varint(value.length), value]);
}

/** Messages within messages, `depth` levels of them, field `ids[0]` around field `ids[1]` and so on in turn. */
export function nested(ids: readonly number[], depth: number): Uint8Array {
  const heads: Uint8Array[] = [];
  let length = 0;
  for (let level = depth - 1; level >= 0; level--) {
    const head = Buffer.concat([tagOf(ids[level % ids.length] ?? 1, 2), varint(length)]);
    heads.push(head);
    length += head.length;
  }
  return Buffer.concat(heads.reverse());
}

/** Groups within groups: what the decoder can skip only by looking into it. */
export function nestedGroups(id: number, depth: number): Uint8Array {
  const repeat = (bytes: Uint8Array): Uint8Array[] => Array.from({ length: depth }, () => bytes);
  return Buffer.concat([...repeat(tagOf(id, 3)), ...repeat(tagOf(id, 4))]);
}

/** The file with other bytes in place of `start` to `end`, and with the lengths of the fields around corrected. */
export function splice(
  bytes: Uint8Array,
  start: number,
  end: number,
  insert: Uint8Array,
  around: Field | undefined,
): Uint8Array {
  if (around === undefined) return Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(end)]);
  const body = Buffer.concat([bytes.subarray(around.value, start), insert, bytes.subarray(end, around.end)]);
  const [tag] = readVarint(bytes, around.start);
  return splice(bytes, around.start, around.end, delimited(tag >>> 3, body), around.parent);
}
