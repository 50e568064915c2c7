import protobuf, { type Type } from "protobufjs/light.js";
import { schema } from "./schema.js";

type Schema = typeof schema;

/** Messages as `npm run proto` compiles them, by name. */
interface Messages {
  readonly [Name: string]: {
    readonly fields: Readonly<Record<string, { readonly type: string; readonly rule?: string }>>;
  };
}

/** A message of `saved_model.proto`. */
export type MessageName = keyof Schema;

interface Scalars {
  readonly string: string;
  readonly int32: number;
  readonly uint32: number;
  readonly float: number;
  readonly double: number;
  /** A `Long` where the value does not come from JavaScript: see {@link toNumber}. */
  readonly int64: Integer64;
  readonly uint64: Integer64;
  readonly sint64: Integer64;
  readonly bool: boolean;
  /** A view of the decoded bytes, never a copy. */
  readonly bytes: Uint8Array;
}

/** An integer that may be beyond 2^53. */
export type Integer64 = number | { readonly low: number; readonly high: number; toNumber(): number };

type ValueOf<S, T> = T extends keyof Scalars ? Scalars[T] : T extends keyof S ? MessageOf<S, T> : never;

type FieldValue<S, F> = F extends { rule: "repeated"; type: infer T }
  ? readonly ValueOf<S, T>[]
  : F extends { type: infer T }
    ? T extends keyof Scalars
      ? Scalars[T]
      : ValueOf<S, T> | null
    : never;

/** A decoded message: an absent scalar has proto3's default, an absent message is null, a list is never absent. */
export type MessageOf<S, Name extends keyof S> = S[Name] extends { readonly fields: infer F }
  ? { readonly [Field in keyof F]: FieldValue<S, F[Field]> }
  : never;

/** A decoded message of `saved_model.proto`. */
export type Message<Name extends MessageName> = MessageOf<Schema, Name>;

/** Fields of a message to encode. An absent or undefined field is not written, nor is a zero of a field without `optional`. */
export type FieldsOf<S, Name extends keyof S> = S[Name] extends { readonly fields: infer F }
  ? { readonly [Field in keyof F]?: FieldInput<S, F[Field]> | undefined }
  : never;

/** Fields of a message of `saved_model.proto` to encode. */
export type Fields<Name extends MessageName> = FieldsOf<Schema, Name>;

type InputOf<S, T> = T extends keyof Scalars ? Scalars[T] : T extends keyof S ? FieldsOf<S, T> : never;

type FieldInput<S, F> = F extends { rule: "repeated"; type: infer T }
  ? readonly InputOf<S, T>[]
  : F extends { type: infer T }
    ? InputOf<S, T>
    : never;

/** Decodes and encodes the messages of a schema. */
export interface Codec<S> {
  /**
   * Decodes one message. Unknown fields are skipped without being kept.
   *
   * @throws Error when the bytes are not such a message (truncated, wrong wire type, nested too deeply).
   */
  decode<Name extends keyof S & string>(name: Name, bytes: Uint8Array): MessageOf<S, Name>;
  /** Encodes one message, its fields in the order of their numbers. Values are not checked beyond their types. */
  encode<Name extends keyof S & string>(name: Name, fields: FieldsOf<S, Name>): Uint8Array;
}

/** Makes the codec of a schema; types are compiled when they are first used. */
export function codecOf<const S extends Messages>(messages: S): Codec<S> {
  // protobufjs has mutable properties in its type, and does not change them.
  const root = protobuf.Root.fromJSON({ nested: messages as unknown as Record<string, protobuf.IType> });
  const types = new Map<string, Type>();
  const typeOf = (name: string): Type => {
    let type = types.get(name);
    if (type === undefined) {
      type = root.lookupType(name);
      types.set(name, type);
    }
    return type;
  };
  return {
    decode<Name extends keyof S & string>(name: Name, bytes: Uint8Array): MessageOf<S, Name> {
      // The schema that made the decoder is the one that `MessageOf` is derived from.
      return typeOf(name).decode(bytes) as unknown as MessageOf<S, Name>;
    },
    encode<Name extends keyof S & string>(name: Name, fields: FieldsOf<S, Name>): Uint8Array {
      return typeOf(name).encode(fields).finish();
    },
  };
}

const codec: Codec<Schema> = codecOf(schema);

/**
 * Decodes one message of `saved_model.proto`. Unknown fields are skipped without being kept.
 *
 * @throws Error when the bytes are not such a message (truncated, wrong wire type, nested too deeply).
 */
export function decode<Name extends MessageName>(name: Name, bytes: Uint8Array): Message<Name> {
  return codec.decode(name, bytes);
}

/** Encodes one message of `saved_model.proto`. */
export function encode<Name extends MessageName>(name: Name, fields: Fields<Name>): Uint8Array {
  return codec.encode(name, fields);
}

/** The number in an `int64` field; beyond 2^53 it is rounded, so check with `Number.isSafeInteger` where it matters. */
export function toNumber(value: Scalars["int64"]): number {
  return typeof value === "number" ? value : value.toNumber();
}

/** The number in an `int64` or `uint64` field, exactly. */
export function toBigInt(value: Scalars["int64"]): bigint {
  if (typeof value === "number") return BigInt(value);
  return (BigInt(value.high) << 32n) | BigInt(value.low >>> 0);
}

/** Returns an integer for an `int64` or `uint64` field, exactly. */
export function fromBigInt(value: bigint): Scalars["int64"] {
  if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  const low = Number(BigInt.asIntN(32, value));
  return { low, high: Number(BigInt.asIntN(32, value >> 32n)), toNumber: () => Number(value) };
}
