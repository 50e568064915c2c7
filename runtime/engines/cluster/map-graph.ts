import protobuf from "protobufjs/light.js";
import { codec } from "./master-messages.js";

/** Changes of a node: what is undefined stays as it is. */
export interface NodeChange {
  readonly device?: string | undefined;
  /** Container of the resource that it holds. */
  readonly container?: string | undefined;
  /** Nodes that run before it. */
  readonly after?: readonly string[];
}

/** A node, and whether it is in a function. */
export interface PlacedNode {
  readonly name: string;
  readonly op: string;
  readonly device: string;
  readonly isInFunction: boolean;
}

/** Returns the copy of a field's message that takes its place; the same bytes if nothing changes. */
type Change = (message: Uint8Array) => Uint8Array;

/**
 * Copies a serialized GraphDef with changes of its nodes and those of its functions. Everything else stays byte for byte: the
 * server may know fields that this package does not.
 */
export function mapNodes(graphDef: Uint8Array, change: (node: PlacedNode) => NodeChange): Uint8Array {
  const node =
    (isInFunction: boolean): Change =>
    (bytes) => {
      const { name, op, device } = codec.decode("PlacedNode", bytes);
      return withChange(bytes, change({ name, op, device, isInFunction }));
    };
  // The numbers of FunctionDef.node_def, FunctionDefLibrary.function, GraphDef.node and GraphDef.library.
  const body: Change = (bytes) => mapField(bytes, { 3: node(true) });
  const library: Change = (bytes) => mapField(bytes, { 1: body });
  return mapField(graphDef, { 1: node(false), 2: library });
}

/** Of a field that occurs twice, the last value counts; so it does of a key of a map. Elements of a list are appended. */
function withChange(node: Uint8Array, { device, container, after = [] }: NodeChange): Uint8Array {
  if (device === undefined && container === undefined && after.length === 0) return node;
  const attr = container === undefined ? [] : [{ key: "container", value: { s: Buffer.from(container) } }];
  const input = after.map((name) => `^${name}`);
  return Buffer.concat([node, codec.encode("AddedNode", { input, ...(device === undefined ? {} : { device }), attr })]);
}

/** Changes the messages in fields of a message, by their numbers. */
function mapField(message: Uint8Array, changes: Readonly<Record<number, Change>>): Uint8Array {
  const reader = protobuf.Reader.create(message);
  const parts: Uint8Array[] = [];
  let isChanged = false;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    const change = changes[tag >>> 3];
    if (change === undefined || (tag & 7) !== LENGTH_DELIMITED) {
      reader.skipType(tag & 7);
      parts.push(message.subarray(start, reader.pos));
      continue;
    }
    const value = reader.bytes();
    const changed = change(value);
    if (changed === value) {
      parts.push(message.subarray(start, reader.pos));
      continue;
    }
    isChanged = true;
    parts.push(protobuf.Writer.create().uint32(tag).uint32(changed.length).finish(), changed);
  }
  return isChanged ? Buffer.concat(parts) : message;
}

/** The type of a field of bytes, strings and messages in the wire format. */
const LENGTH_DELIMITED = 2;
