import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf, { type Type } from "protobufjs/light.js";
import { describe, expect, it } from "vitest";
import { decode, encode, type MessageName } from "../../../runtime/saved-model/proto/decode.js";
import { schema } from "../../../runtime/saved-model/proto/schema.js";
import { Random } from "../../support/random.js";
import { delimited, tagOf } from "../../support/wire.js";

/** The decoders of protobufjs, which have nothing in common with ours but the schema. */
const root: protobuf.Root = protobuf.Root.fromJSON({ nested: schema });

/** Every message that is only encoded has fields that may be present and zero, which protobufjs reads as null. */
const DECODED = (Object.keys(schema) as MessageName[]).filter((name) => !("oneofs" in schema[name]));

/** The same form for both decoders: integers and bytes as strings. */
function plain(message: unknown, type: Type): unknown {
  const fields = type.fieldsArray.map((field) => {
    const { name, repeated, resolvedType } = field.resolve();
    const one = (value: unknown): unknown => {
      // protobufjs has an array in place of absent bytes.
      if (field.type === "bytes") return Buffer.from(value as Uint8Array).toString("hex");
      if (resolvedType instanceof protobuf.Type) return value === null ? null : plain(value, resolvedType);
      return field.type.endsWith("int64") ? String(value) : value;
    };
    const value: unknown = Reflect.get(message as object, name);
    return [name, repeated ? (value as readonly unknown[]).map(one) : one(value)];
  });
  return Object.fromEntries(fields);
}

/** What a decoder makes of some bytes; "invalid" if it rejects them. */
function outcome(decoder: () => unknown, type: Type): unknown {
  try {
    return plain(decoder(), type);
  } catch {
    return "invalid";
  }
}

function expectSame(name: MessageName, bytes: Uint8Array, note: string): void {
  const type = root.lookupType(name);
  const ours = outcome(() => decode(name, bytes), type);
  const theirs = outcome(() => type.decode(bytes), type);
  expect(ours, `${note}: ${name} ${Buffer.from(bytes.subarray(0, 100)).toString("hex")}`).toEqual(theirs);
}

/** The serialized messages of a model, with their names. */
function messagesOf(file: string): [MessageName, Uint8Array][] {
  const bytes = readFileSync(file);
  const found: [MessageName, Uint8Array][] = [["SavedModel", bytes]];
  for (const { graphDef, objectGraphDef } of decode("SavedModel", bytes).metaGraphs) {
    found.push(["GraphDef", graphDef]);
    for (const name of ["SavedObjectGraph", "ConcreteFunctions", "VariableNodes"] as const) {
      found.push([name, objectGraphDef]);
    }
    const { node, library } = decode("GraphDef", graphDef);
    for (const each of node) {
      found.push(["NodeDef", each], ["NodeHead", each], ["NodeEdges", each]);
      for (const { value } of decode("NodeDef", each).attr) found.push(["AttrValue", value]);
    }
    for (const each of library?.function ?? []) found.push(["FunctionDef", each], ["FunctionBody", each]);
  }
  return found;
}

const models = fileURLToPath(new URL("../../models", import.meta.url));
const files = readdirSync(models)
  .map((name) => join(models, name, "saved_model.pb"))
  .filter((file) => existsSync(file));

describe("decode", () => {
  it("reads every message of the test models as protobufjs does", () => {
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) for (const [name, bytes] of messagesOf(file)) expectSame(name, bytes, file);
  });

  const seed = Number(process.env.SAVEDMODEL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

  it(`reads damaged messages and random bytes as protobufjs does (seed ${seed})`, () => {
    const random = new Random(seed);
    for (const file of files) {
      const messages = messagesOf(file);
      for (let run = 0; run < 60; run++) {
        const [name, bytes] = random.pick(messages);
        const damaged = Buffer.from(bytes.subarray(0, 5000));
        for (let times = random.below(4); times >= 0 && damaged.length > 0; times--) {
          damaged[random.below(damaged.length)] = random.below(256);
        }
        expectSame(name, damaged, `seed ${seed}`);
        expectSame(random.pick(DECODED), random.bytes(random.below(30)), `seed ${seed}`);
      }
    }
  });

  it.each<[string, MessageName, Uint8Array, object]>([
    ["the largest int64", "SavedModel", fields(1, 2n ** 63n - 1n), { savedModelSchemaVersion: 2n ** 63n - 1n }],
    ["the smallest int64", "SavedModel", fields(1, -(2n ** 63n)), { savedModelSchemaVersion: -(2n ** 63n) }],
    ["the largest safe integer", "SavedModel", fields(1, 2n ** 53n - 1n), { savedModelSchemaVersion: 2 ** 53 - 1 }],
    ["a field that comes twice", "SavedModel", fields(1, 5n, 6n), { savedModelSchemaVersion: 6 }],
    [
      "a message that comes in two parts",
      "MetaGraphDef",
      Buffer.concat([delimited(1, delimited(4, Buffer.from("a"))), delimited(1, delimited(5, Buffer.from("2.0")))]),
      { metaInfoDef: { tags: ["a"], tensorflowVersion: "2.0" } },
    ],
    ["letters beyond ASCII", "NodeHead", delimited(1, Buffer.from("\uFEFFé👍")), { name: "\uFEFFé👍", op: "" }],
    ["nothing", "GraphDef", new Uint8Array(), { node: [], library: null }],
  ])("reads %s", (_, name, bytes, message) => {
    expect(decode(name, bytes)).toMatchObject(message);
  });

  it("returns bytes as views of its input", () => {
    const bytes = delimited(1, Buffer.from("node"));
    const [node] = decode("GraphDef", bytes).node;
    expect(node?.buffer).toBe(bytes.buffer);
  });
});

/** A field of integers that is written several times. */
function fields(id: number, ...values: readonly bigint[]): Uint8Array {
  return Buffer.concat(values.flatMap((value) => [tagOf(id, 0), varint64(value)]));
}

function varint64(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

describe("encode", () => {
  it.each<[MessageName, Parameters<typeof encode>[1]]>([
    ["NodeDef", { name: "n", op: "", input: ["a", ""], attr: [{ key: "k", value: Uint8Array.of(1) }] } as object],
    ["ConfigProto", { deviceCount: [{ key: "GPU", value: 0 }], allowSoftPlacement: true } as object],
    ["ConfigProto", { intraOpParallelismThreads: 0, gpuOptions: new Uint8Array() } as object],
    ["GPUOptions", { perProcessGpuMemoryFraction: 0.5, allowGrowth: false } as object],
    ["RunOptions", { interOpThreadPool: -1, timeoutInMs: 5 } as object],
  ])("writes %s %j like protobufjs", (name, message) => {
    expect(Buffer.from(encode(name, message))).toEqual(Buffer.from(root.lookupType(name).encode(message).finish()));
  });
});
