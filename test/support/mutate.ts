import { Random } from "./random.js";
import { delimited, type Field, fieldsOf, nested, nestedGroups, splice, tagOf, varint } from "./wire.js";

/** A model to be broken. */
export interface Victim {
  readonly bytes: Uint8Array;
  readonly fields: readonly Field[];
  /** The same, apart by kind: nearly all fields are of a few kinds. */
  readonly kinds: readonly (readonly Field[])[];
}

export function victim(bytes: Uint8Array): Victim {
  const fields = fieldsOf(bytes);
  const kinds = new Map<string, Field[]>();
  for (const field of fields) {
    const others = kinds.get(field.kind);
    if (others === undefined) kinds.set(field.kind, [field]);
    else others.push(field);
  }
  return { bytes, fields, kinds: [...kinds.values()] };
}

/** Lengths that no field here has: of 2 and 4 GiB, and of more bits than a length may have. */
const LENGTHS: readonly Uint8Array[] = [
  ...[0, 1, 127, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 35, 2 ** 52].map(varint),
  Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1),
  Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1),
  Uint8Array.of(128, 128, 128, 128, 128, 0),
];

/** Numbers that a dimension, a dtype or a flag may be: 0, 2^31, 2^53, -1, -2^63. */
const NUMBERS: readonly Uint8Array[] = [
  ...[0, 1, 100, 101, 123, 2 ** 31, 2 ** 32 - 1, 2 ** 53, 2 ** 53 - 1].map(varint),
  Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1),
  Uint8Array.of(128, 128, 128, 128, 128, 128, 128, 128, 128, 1),
];

const TEXTS: readonly Uint8Array[] = [
  "",
  "\0",
  "__proto__",
  "*/ `${",
  "\u2028\u202e",
  "x".repeat(50_000),
  "x:99999999999",
]
  .map((text) => Buffer.from(text))
  .concat(Buffer.of(0xed, 0xa0, 0x80), Buffer.of(0xff), Buffer.of(0xc0, 0x80));

const DEPTHS = [5, 50, 99, 101, 1000, 5000, 50_000];

type Mutation = (victim: Victim, field: Field, random: Random, others: readonly Victim[]) => Uint8Array;

/** Each takes a field of a model and gives the model broken there. Lengths around it stay right where it says so. */
const mutations: Readonly<Record<string, Mutation>> = {
  "bits of the field flipped": ({ bytes }, { start, end }, random) => flip(bytes, start, end, random),
  "bits of the file flipped": ({ bytes }, _, random) => flip(bytes, 0, bytes.length, random),
  "cut at a field": ({ bytes }, field, random) =>
    bytes.subarray(0, random.pick([field.start, field.value, field.end, field.end - 1])),
  "cut anywhere": ({ bytes }, _, random) => bytes.subarray(0, random.below(bytes.length)),
  "another length": ({ bytes }, field, random) => replaceLength(bytes, field, random, undefined),
  "another length, the lengths around it right": ({ bytes }, field, random) =>
    replaceLength(bytes, field, random, field.parent),
  "another value": ({ bytes }, field, random) => replace(bytes, field, randomValue(field, random)),
  "another tag": ({ bytes }, field, random) =>
    replace(bytes, field, Buffer.concat([randomTag(random), bytes.subarray(field.value, field.end)])),
  "the field twice": ({ bytes }, field, random) => {
    const copy = bytes.subarray(field.start, field.end);
    const times = copy.length < 1000 ? random.pick([1, 2, 300]) : 1;
    return splice(bytes, field.end, field.end, Buffer.concat(Array(times).fill(copy)), field.parent);
  },
  "without the field": ({ bytes }, field) => replace(bytes, field, new Uint8Array()),
  "a field of another model": ({ bytes }, field, random, others) => {
    const donor = random.pick(others);
    const { start, end } = pickField(donor, random);
    return splice(
      bytes,
      field.start,
      random.pick([field.start, field.end]),
      donor.bytes.subarray(start, end),
      field.parent,
    );
  },
  "messages nested deeply": ({ bytes }, field, random) =>
    splice(bytes, field.end, field.end, nestedSomehow(random), field.parent),
  "messages nested deeply in the field": ({ bytes }, field, random) =>
    field.type === undefined
      ? splice(bytes, field.start, field.start, nestedSomehow(random), field.parent)
      : splice(bytes, field.end, field.end, nestedSomehow(random), field),
  "random bytes in front": ({ bytes }, field, random) =>
    splice(bytes, field.start, field.start, random.bytes(random.below(20)), field.parent),
  "random bytes": (_, __, random) => random.bytes(random.below(500)),
};

/** A model broken in one or two ways; the same number gives the same bytes. */
export function mutate(
  victims: readonly Victim[],
  number: number,
): { readonly what: string; readonly bytes: Uint8Array } {
  const random = new Random(number);
  const chosen = random.pick(victims);
  const field = pickField(chosen, random);
  const [name, mutation] = random.pick(Object.entries(mutations));
  const once = mutation(chosen, field, random, victims);
  if (random.below(4) > 0) return { what: name, bytes: once };
  return { what: `${name}, and bits flipped`, bytes: flip(once, 0, once.length, random) };
}

function pickField({ fields, kinds }: Victim, random: Random): Field {
  return random.pick(random.below(4) === 0 ? fields : random.pick(kinds));
}

function flip(bytes: Uint8Array, start: number, end: number, random: Random): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  for (let count = random.below(4); count >= 0; count--) {
    const at = start + random.below(end - start);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
  }
  return flipped;
}

function replace(bytes: Uint8Array, { start, end, parent }: Field, insert: Uint8Array): Uint8Array {
  return splice(bytes, start, end, insert, parent);
}

function replaceLength(bytes: Uint8Array, field: Field, random: Random, around: Field | undefined): Uint8Array {
  const tag = tagOf(1 + random.below(12), 2);
  const head = field.wireType === 2 ? bytes.subarray(field.start, field.start + 1) : tag;
  return splice(bytes, field.start, field.value, Buffer.concat([head, random.pick(LENGTHS)]), around);
}

function randomValue({ wireType }: Field, random: Random): Uint8Array {
  const id = 1 + random.below(8);
  if (wireType !== 2) return Buffer.concat([tagOf(id, 0), random.pick(NUMBERS)]);
  return delimited(id, random.below(2) === 0 ? random.pick(TEXTS) : random.bytes(random.below(30)));
}

function randomTag(random: Random): Uint8Array {
  return random.pick([tagOf(random.below(16), random.below(8)), random.pick(LENGTHS)]);
}

/** Composite tensors hold tensors; a signature's default holds what nobody reads; groups are skipped level by level. */
function nestedSomehow(random: Random): Uint8Array {
  const depth = random.pick(DEPTHS);
  return random.pick([
    () => nested([5, 2], depth),
    () => nested([2, 5], depth),
    () => nested([1 + random.below(8)], depth),
    () => nestedGroups(1 + random.below(20), depth),
    () => Buffer.concat(Array.from({ length: depth }, () => tagOf(9, 3))),
  ])();
}
