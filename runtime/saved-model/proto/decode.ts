import { isRecord } from "../../base/is-record.js";
import { oncePer } from "../../base/once.js";
import { schema } from "./schema.js";
import { WireReader } from "./wire-reader.js";
import { WireWriter } from "./wire-writer.js";

type Schema = typeof schema;

/** A message of `saved_model.proto`. */
export type MessageName = keyof Schema;

interface Scalars {
  readonly string: string;
  readonly int32: number;
  readonly float: number;
  readonly double: number;
  /** A bigint where a number would be rounded: see {@link toNumber}. */
  readonly int64: number | bigint;
  readonly sint64: number | bigint;
  readonly bool: boolean;
  /** A view of the decoded bytes, never a copy. */
  readonly bytes: Uint8Array;
}

type ValueOf<T> = T extends keyof Scalars ? Scalars[T] : T extends MessageName ? Message<T> : never;

type FieldValue<F> = F extends { rule: "repeated"; type: infer T }
  ? readonly ValueOf<T>[]
  : F extends { type: infer T }
    ? T extends keyof Scalars
      ? Scalars[T]
      : ValueOf<T> | null
    : never;

/** A decoded message: an absent scalar has proto3's default, an absent message is null, a list is never absent. */
export type Message<Name extends MessageName> = {
  readonly [Field in keyof Schema[Name]["fields"]]: FieldValue<Schema[Name]["fields"][Field]>;
};

/**
 * Decodes one message. Unknown fields, and those of another wire type, are skipped without being kept.
 *
 * @throws Error when the bytes are not such a message (truncated, invalid UTF-8, nested too deeply).
 */
export function decode<Name extends MessageName>(name: Name, bytes: Uint8Array): Message<Name> {
  const layout = layoutOf(schema[name]);
  const message = { ...layout.absent };
  const reader = new WireReader(bytes);
  while (!reader.isAtEnd) readField(reader, layout, message, 0);
  // The schema that was followed is the one that `Message` is derived from.
  return message as unknown as Message<Name>;
}

/** Fields of a message to encode. An absent or undefined field is not written, nor is a zero of a field without `optional`. */
export type Fields<Name extends MessageName> = {
  readonly [Field in keyof Schema[Name]["fields"]]?: FieldInput<Schema[Name]["fields"][Field]> | undefined;
};

type InputOf<T> = T extends keyof Scalars ? Scalars[T] : T extends MessageName ? Fields<T> : never;

type FieldInput<F> = F extends { rule: "repeated"; type: infer T }
  ? readonly InputOf<T>[]
  : F extends { type: infer T }
    ? InputOf<T>
    : never;

/** Encodes one message, its fields in the order of their numbers. Values are not checked beyond their types. */
export function encode<Name extends MessageName>(name: Name, fields: Fields<Name>): Uint8Array {
  return encodeFields(layoutOf(schema[name]), fields);
}

type Decoded = Record<string, unknown>;

interface FieldLayout {
  readonly name: string;
  readonly id: number;
  readonly type: keyof Scalars | undefined;
  /** The layout of the message that it is; undefined for a scalar. */
  readonly message: (() => Layout) | undefined;
  /** Wire type of one value; repeated numbers may also be packed. */
  readonly wireType: number;
  readonly repeated: boolean;
  /** True if it is written where it is zero or empty. */
  readonly hasPresence: boolean;
}

/** A message of the schema, as it is decoded and encoded. */
interface Layout {
  /** In the order of their numbers. */
  readonly fields: readonly FieldLayout[];
  readonly byId: ReadonlyMap<number, FieldLayout>;
  /** Values of absent fields. */
  readonly absent: Readonly<Decoded>;
}

/** A message as `schema` has it. */
interface MessageSchema {
  readonly fields: Readonly<Record<string, { readonly id: number; readonly type: string; readonly rule?: "repeated" }>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
}

const LENGTH_DELIMITED = 2;
const WIRE_TYPES: Readonly<Record<keyof Scalars, number>> = {
  string: LENGTH_DELIMITED,
  bytes: LENGTH_DELIMITED,
  int32: 0,
  int64: 0,
  sint64: 0,
  bool: 0,
  double: 1,
  float: 5,
};

const NO_BYTES = new Uint8Array();
const DEFAULTS: Readonly<Scalars> = {
  string: "",
  bytes: NO_BYTES,
  int32: 0,
  int64: 0,
  sint64: 0,
  bool: false,
  double: 0,
  float: 0,
};

const NONE: readonly never[] = Object.freeze([]);

const layoutOf = oncePer(({ fields, oneofs = {} }: MessageSchema): Layout => {
  const present = new Set(Object.values(oneofs).flatMap(({ oneof }) => oneof));
  const layouts = Object.entries(fields).map(([name, { id, type, rule }]): FieldLayout => {
    const common = { name, id, repeated: rule === "repeated", hasPresence: present.has(name) };
    if (isScalar(type)) return { ...common, type, message: undefined, wireType: WIRE_TYPES[type] };
    if (!isMessageName(type)) throw new Error(`the schema has no message ${type}`);
    return { ...common, type: undefined, message: () => layoutOf(schema[type]), wireType: LENGTH_DELIMITED };
  });
  return {
    fields: layouts.sort((a, b) => a.id - b.id),
    byId: new Map(layouts.map((field) => [field.id, field])),
    absent: Object.fromEntries(
      layouts.map(({ name, repeated, type }) => [name, repeated ? NONE : type === undefined ? null : DEFAULTS[type]]),
    ),
  };
});

function isScalar(type: string): type is keyof Scalars {
  return Object.hasOwn(WIRE_TYPES, type);
}

function isMessageName(type: string): type is MessageName {
  return Object.hasOwn(schema, type);
}

function readField(reader: WireReader, layout: Layout, into: Decoded, depth: number): void {
  const tag = reader.tag();
  const field = layout.byId.get(tag >>> 3);
  if (field === undefined) {
    reader.skip(tag, depth);
    return;
  }
  const { name, repeated, type, wireType } = field;
  if ((tag & 7) === wireType) {
    if (repeated) listIn(into, name).push(readValue(reader, field, null, depth));
    else into[name] = readValue(reader, field, into[name], depth);
  } else if (repeated && type !== undefined && wireType !== LENGTH_DELIMITED && (tag & 7) === LENGTH_DELIMITED) {
    const list = listIn(into, name);
    const outer = reader.enter(depth);
    while (!reader.isAtEnd) list.push(reader[type]());
    reader.leave(outer);
  } else {
    reader.skip(tag, depth);
  }
}

/** Returns the array of a repeated field, which is shared until the first value. */
function listIn(message: Decoded, name: string): unknown[] {
  const list: unknown = message[name];
  if (list !== NONE && Array.isArray(list)) return list;
  const created: unknown[] = [];
  message[name] = created;
  return created;
}

/** @param before value that was read for the same field: a message is read into it */
function readValue(reader: WireReader, field: FieldLayout, before: unknown, depth: number): unknown {
  const { type } = field;
  if (type !== undefined) return reader[type]();
  const layout = field.message?.();
  if (layout === undefined) throw new Error(`the field ${field.name} has no layout`);
  const message: Decoded = isRecord(before) ? before : { ...layout.absent };
  const outer = reader.enter(depth + 1);
  while (!reader.isAtEnd) readField(reader, layout, message, depth + 1);
  reader.leave(outer);
  return message;
}

function encodeFields({ fields }: Layout, values: object): Uint8Array {
  const writer = new WireWriter(64);
  for (const field of fields) {
    const value: unknown = Reflect.get(values, field.name);
    if (value === undefined || value === null) continue;
    if (field.repeated && Array.isArray(value)) for (const item of value) writeValue(writer, field, item);
    else if (field.hasPresence || field.type === undefined || !isDefault(value)) writeValue(writer, field, value);
  }
  return writer.finish();
}

function isDefault(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  return Object.is(value, 0) || value === 0n || value === "" || value === false;
}

function writeValue(writer: WireWriter, { id, message, type, name }: FieldLayout, value: unknown): void {
  if (message !== undefined && typeof value === "object" && value !== null) {
    writer.bytes(id, encodeFields(message(), value));
  } else if (typeof value === "string") writer.bytes(id, Buffer.from(value));
  else if (value instanceof Uint8Array) writer.bytes(id, value);
  else if (typeof value === "number" && type === "double") writer.double(id, value);
  else if (typeof value === "number" && type === "float") writer.float(id, value);
  else if ((typeof value === "number" || typeof value === "bigint") && type === "sint64")
    writer.signed(id, BigInt(value));
  else if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    writer.integer(id, BigInt(value));
  else throw new TypeError(`the field ${name} cannot be ${String(value)}`);
}

/** The number in an `int64` field; beyond 2^53 it is rounded, so check with `Number.isSafeInteger` where it matters. */
export function toNumber(value: Scalars["int64"]): number {
  return Number(value);
}
