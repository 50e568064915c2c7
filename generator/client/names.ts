import { ts } from "ts-morph";
import { quote } from "../../runtime/base/text.js";

/** Words that cannot name a parameter or a class in a module (ECMAScript 2025, 12.7.2), and confusing ones. */
const RESERVED_WORDS: ReadonlySet<string> = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends false " +
    "finally for function if implements import in instanceof interface let new null package private protected public return " +
    "static super switch this throw true try typeof undefined var void while with yield async of NaN Infinity"
  ).split(" "),
);

/** Names that a method of a client may not have: members of `Model`, present and planned, and of every object. */
const RESERVED_MEMBERS: ReadonlySet<string> = new Set(
  (
    "constructor new call run save dispose disposed signatures directory load async asyncMethods runAsync pending close fake fit restore saveWeights variables warmUp devices trace engine source connect connected allocate " +
    "toString toLocaleString toJSON valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable then " +
    "__proto__ __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__"
  ).split(" "),
);

/** Names that the generated module imports, declares or mentions, and those that the compiler reserves. */
const RESERVED_TYPES: ReadonlySet<string> = new Set(
  (
    "Model Tensor TensorLike RaggedTensor RaggedLike SparseTensor SparseLike LoadOptions CallOptions ResultOptions ClientOptions Connected Engine ModelSpec AnyShape Complex URL Uint8Array Object Function Promise Symbol descriptor directory " +
    "options any bigint boolean never number object string symbol unknown infer keyof readonly unique exports require"
  ).split(" "),
);

/** Names that a property of an output object may not have: they mean something to every object. */
const RESERVED_PROPERTIES: ReadonlySet<string> = new Set(["__proto__", "constructor", "then"]);

/** The scopes of a generated file. */
type NameKind = "parameter" | "method" | "property" | "type";

const RESERVED: Readonly<Record<NameKind, ReadonlySet<string>>> = {
  parameter: RESERVED_WORDS,
  method: RESERVED_MEMBERS,
  property: RESERVED_PROPERTIES,
  type: new Set([...RESERVED_WORDS, ...RESERVED_TYPES]),
};

/** The identifiers of one scope. Each raw name gets its own; changes are noted. */
export class NameTable {
  readonly #kind: NameKind;
  readonly #fallback: string;
  readonly #taken: Set<string> = new Set();
  /** The number to try next for a name that is taken. */
  readonly #counts: Map<string, number> = new Map();
  readonly #notes: string[];
  readonly #owner: string;
  readonly #reasons: Map<string, string> = new Map();

  /**
   * @param fallback the name for a raw name without a usable character
   * @param notes receives a sentence for each name that had to be changed
   * @param owner the raw key of the signature that the names belong to, if any
   */
  constructor(kind: NameKind, fallback: string, notes: string[], owner?: string) {
    this.#kind = kind;
    this.#fallback = fallback;
    this.#notes = notes;
    this.#owner = owner === undefined ? "" : ` of ${quote(owner)}`;
  }

  /**
   * Claims an identifier for each raw name. A name that is already an identifier keeps it, whatever else converts to
   * it.
   *
   * @returns the identifiers, in the order of the raw names
   */
  claimAll(raws: readonly string[]): readonly string[] {
    const claimed = new Map<string, string>();
    for (const raw of raws) if (this.#convert(raw) === raw) claimed.set(raw, this.claim(raw));
    return raws.map((raw) => claimed.get(raw) ?? this.claim(raw));
  }

  /** Claims an identifier for a raw name that no other raw name of this scope has. */
  claim(raw: string): string {
    const wanted = this.#convert(raw);
    const base = wanted === "" ? this.#fallback : wanted;
    const suffix = this.#kind === "type" ? "Client" : "_";
    const free = RESERVED[this.#kind].has(base) ? `${base}${suffix}` : base;
    let name = free;
    for (let count = this.#counts.get(free) ?? 2; this.#taken.has(name); count++) {
      name = `${free}${count}`;
      this.#counts.set(free, count + 1);
    }
    this.#taken.add(name);
    if (name !== wanted && name !== raw) {
      this.#notes.push(`${this.#kind} ${quote(raw)}${this.#owner} is called ${name}, ${reason(wanted, base, free)}`);
      if (wanted !== "") this.#reasons.set(name, base === free ? `the name ${base} is taken` : `${base} is reserved`);
    }
    return name;
  }

  /** Returns why an identifier differs from what its raw name suggests, if it does: `save is reserved`. */
  reasonFor(name: string): string | undefined {
    return this.#reasons.get(name);
  }

  /** Claims this exact name; returns whether it was free. */
  claimExactly(name: string): boolean {
    if (RESERVED[this.#kind].has(name) || this.#taken.has(name)) return false;
    this.#taken.add(name);
    return true;
  }

  #convert(raw: string): string {
    return this.#kind === "type" ? pascalCase(raw) : camelCase(raw, this.#fallback);
  }
}

function reason(wanted: string, base: string, free: string): string {
  if (wanted === "") return "because it contains no identifier characters";
  return base === free ? "because that name is taken" : `because ${base} is reserved`;
}

/**
 * Converts `training_input` → `trainingInput`, `dense/BiasAdd:0` → `denseBiasAdd0`; empty when no character is left.
 *
 * @param start a prefix for a digit: `0` → `input0`
 */
export function camelCase(raw: string, start: string): string {
  return startable(
    joinWords(words(raw).map((word, index) => (index === 0 ? lowerFirst(word) : upperFirst(word)))),
    start,
  );
}

/** Converts `custom_model` → `CustomModel`, `keras-1.12` → `Keras1_12`, `3d` → `Model3d`. */
export function pascalCase(raw: string): string {
  return startable(joinWords(words(raw).map(upperFirst)), "Model");
}

/** Joins words and keeps the digits of two words apart: `1.12` is not `11.2`. */
function joinWords(words: readonly string[]): string {
  return words
    .reduce((name, word) => (/\p{N}$/u.test(name) && /^\p{N}/u.test(word) ? `${name}_${word}` : name + word), "")
    .normalize("NFC");
}

/** Converts `CustomModel` → `custom-model`, for a file's name. */
export function kebabCase(name: string): string {
  return name
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1-$2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1-$2")
    .replace(/(\p{N})_(?=\p{N})/gu, "$1-")
    .toLowerCase();
}

/** Splits at characters that an identifier may not have, and at `_` and `$`. NFC makes equal-looking names equal. */
function words(raw: string): readonly string[] {
  // A key of megabytes gives no better a name than its beginning.
  const characters = [...raw.slice(0, 100).normalize("NFC")];
  return characters
    .map((character) => (isWordCharacter(character) ? character : " "))
    .join("")
    .split(" ")
    .filter((word) => word !== "");
}

/**
 * Returns whether an identifier may contain a visible character. The compiler decides: Node.js may know more letters.
 */
function isWordCharacter(character: string): boolean {
  if (/[_$\p{Default_Ignorable_Code_Point}]/u.test(character)) return false;
  return ts.isIdentifierPart(character.codePointAt(0) ?? 0, ts.ScriptTarget.ESNext);
}

/** Lowers an acronym as a whole (`URL` → `url`, `URLPath` → `urlPath`), another word at its first letter. */
function lowerFirst(word: string): string {
  const acronym = /^\p{Lu}+(?=\p{Lu}\p{Ll}|[^\p{Ll}]*$)/u.exec(word)?.[0];
  const head = acronym ?? [...word][0] ?? "";
  return head.toLowerCase() + word.slice(head.length);
}

function upperFirst(word: string): string {
  const head = [...word][0] ?? "";
  const upper = head.toUpperCase();
  // The capital of an old letter can be a new one.
  return ([...upper].every(isWordCharacter) ? upper : head) + word.slice(head.length);
}

/** Returns a name that can start an identifier: digits and marks may only continue one. */
function startable(name: string, start: string): string {
  // A mark may become one character with the end of what stands before it.
  return name === "" || isStart(name) ? name : `${start}${name}`.normalize("NFC");
}

/**
 * Removes the first part that all names with several parts share: `features$age`, `features$income` and `label` become
 * `age`, `income` and `label`. A number is not a name, so `0/reward` becomes `reward` even if it is the only one. The
 * names stay unchanged if two would become equal.
 */
export function withoutCommonPart(names: readonly string[]): readonly string[] {
  const parts = names.map((name) => /^[^/$]+[/$](?=.)/su.exec(name)?.[0]);
  const [first, ...others] = parts.filter((part) => part !== undefined);
  if (first === undefined || others.some((part) => part !== first)) return names;
  if (others.length === 0 && !/^\d/.test(first)) return names;
  const shorter = names.map((name, index) => name.slice(parts[index]?.length ?? 0));
  const converted = shorter.map((name) => camelCase(name, ""));
  const isUnambiguous = new Set(converted).size === names.length && converted.every((name) => isStart(name));
  return isUnambiguous ? withoutCommonPart(shorter) : names;
}

function isStart(name: string): boolean {
  return /^\p{ID_Start}/u.test(name);
}
