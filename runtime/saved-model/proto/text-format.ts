import type { MessageName } from "./decode.js";
import { enumValue } from "./enum-values.js";
import { schema } from "./schema.js";
import { isWord, TextReader } from "./text-reader.js";
import { WireWriter } from "./wire-writer.js";

/** As deep as the decoder of protocol buffers follows messages. */
const MAX_DEPTH = 100;

/** A field of one or several messages that stand for one, with the messages that it may hold. */
interface Field {
  readonly id: number;
  readonly type: string;
  readonly holds: readonly MessageName[];
}

type Fields = ReadonlyMap<string, Field>;

/** The schema as the text format sees it, where no message is left as bytes. */
type AnyField = {
  readonly id: number;
  readonly type: string;
  readonly protoName?: string;
  readonly holds?: readonly MessageName[];
};

/**
 * Encodes a message in protocol buffers' text format as the wire format, for the decoder. Fields that the schema does not
 * have are skipped, as the decoder skips them. Takes time linear in the length of the text.
 *
 * @param text the UTF-8 text
 * @throws TextFormatError when the text is not in the format
 */
export function encodeText(name: MessageName, text: Uint8Array): Uint8Array {
  return new TextEncoding(text).encode(name);
}

class TextEncoding {
  readonly #reader: TextReader;
  readonly #writer: WireWriter;
  readonly #fields: Map<string, Fields> = new Map();

  constructor(text: Uint8Array) {
    this.#reader = new TextReader(text);
    this.#writer = new WireWriter(text.length);
  }

  encode(name: MessageName): Uint8Array {
    this.#encodeFields(this.#fieldsOf([name]), "", 0);
    return this.#writer.finish();
  }

  /** Reads the fields of a message up to its end token, which is empty for the whole input. */
  #encodeFields(fields: Fields, close: string, depth: number): void {
    const reader = this.#reader;
    for (let token = reader.next(); token !== close; token = reader.next()) {
      if (token === "") throw reader.error(`expected ${JSON.stringify(close)}`);
      if (token === "[") {
        // An extension, or the name of the type in an Any.
        reader.skipPast("]");
        this.#skipValue(depth);
      } else if (isWord(token)) {
        const field = fields.get(token);
        if (field === undefined) this.#skipValue(depth);
        else this.#encodeValues(field, depth);
      } else {
        throw reader.error(`expected the name of a field, got ${JSON.stringify(token)}`);
      }
      reader.skipSeparator();
    }
  }

  #encodeValues(field: Field, depth: number): void {
    const reader = this.#reader;
    reader.skip(":");
    if (!reader.skip("[")) {
      this.#encodeValue(field, depth);
      return;
    }
    if (reader.skip("]")) return;
    do this.#encodeValue(field, depth);
    while (reader.skip(","));
    reader.expect("]");
  }

  #encodeValue({ id, type, holds }: Field, depth: number): void {
    const reader = this.#reader;
    const writer = this.#writer;
    const open = holds.length === 0 ? undefined : reader.skipOpening();
    if (open !== undefined) {
      if (depth >= MAX_DEPTH) throw reader.error("messages are nested too deeply");
      const start = writer.begin(id);
      this.#encodeFields(this.#fieldsOf(holds), open === "{" ? "}" : ">", depth + 1);
      writer.end(start);
      return;
    }
    switch (type) {
      case "string":
      case "bytes":
        writer.bytes(id, reader.string());
        return;
      case "float":
        writer.float(id, reader.float());
        return;
      case "double":
        writer.double(id, reader.float());
        return;
      case "bool":
        writer.integer(id, reader.boolean() ? 1n : 0n);
        return;
      case "sint64":
        writer.signed(id, reader.integer());
        return;
      case "int32":
      case "int64":
        writer.integer(id, reader.integer(enumInteger));
        return;
      default:
        throw reader.error("expected a message");
    }
  }

  /** Skips a value of any form. */
  #skipValue(depth: number): void {
    const reader = this.#reader;
    reader.skip(":");
    const closes: string[] = [];
    do {
      const token = reader.next();
      if (token === "{" || token === "<" || token === "[") {
        if (depth + closes.length >= MAX_DEPTH) throw reader.error("messages are nested too deeply");
        closes.push({ "{": "}", "<": ">", "[": "]" }[token]);
      } else if (token === closes.at(-1)) {
        closes.pop();
      } else if (token === "" || "}>]".includes(token)) {
        throw reader.error("expected a value");
      } else if (token === '"' || token === "'") {
        reader.skipString(token);
      } else if (token === "-" && closes.length === 0) {
        reader.next();
      }
    } while (closes.length > 0);
    while (reader.peek() === '"' || reader.peek() === "'") reader.skipString(reader.next());
  }

  #fieldsOf(names: readonly MessageName[]): Fields {
    const key = names.join();
    const known = this.#fields.get(key);
    if (known !== undefined) return known;
    const fields = new Map<string, Field>();
    for (const name of names) {
      for (const [camel, field] of Object.entries<AnyField>(schema[name].fields)) {
        const { id, type, protoName = camel } = field;
        const others = fields.get(protoName)?.holds ?? [];
        const holds = isMessage(type) ? [type] : (field.holds ?? []);
        fields.set(protoName, { id, type, holds: [...new Set([...others, ...holds])] });
      }
    }
    this.#fields.set(key, fields);
    return fields;
  }
}

function isMessage(type: string): type is MessageName {
  return Object.hasOwn(schema, type);
}

/** Values of enums are numbers in the schema. An unknown name has no value. */
function enumInteger(name: string): bigint {
  return BigInt(enumValue(name) ?? 0);
}
