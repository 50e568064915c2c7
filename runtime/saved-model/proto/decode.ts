import protobuf, { type Type } from "protobufjs/light.js";
import { schema } from "./schema.js";

type Schema = typeof schema;

/** A message of `saved_model.proto`. */
export type MessageName = keyof Schema;

interface Scalars {
  readonly string: string;
  readonly int32: number;
  readonly float: number;
  readonly double: number;
  /** A `Long` where the value does not come from JavaScript: see {@link toNumber}. */
  readonly int64: number | { toNumber(): number };
  readonly sint64: number | { toNumber(): number };
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

const root: protobuf.Root = protobuf.Root.fromJSON({ nested: schema });
const types = new Map<MessageName, Type>();

/**
 * Decodes one message. Unknown fields are skipped without being kept.
 *
 * @throws Error when the bytes are not such a message (truncated, wrong wire type, nested too deeply).
 */
export function decode<Name extends MessageName>(name: Name, bytes: Uint8Array): Message<Name> {
  // The schema that made the decoder is the one that `Message` is derived from.
  return typeOf(name).decode(bytes) as unknown as Message<Name>;
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
  return typeOf(name).encode(fields).finish();
}

function typeOf(name: MessageName): Type {
  let type = types.get(name);
  if (type === undefined) {
    type = root.lookupType(name);
    types.set(name, type);
  }
  return type;
}

/** The number in an `int64` field; beyond 2^53 it is rounded, so check with `Number.isSafeInteger` where it matters. */
export function toNumber(value: Scalars["int64"]): number {
  return typeof value === "number" ? value : value.toNumber();
}
