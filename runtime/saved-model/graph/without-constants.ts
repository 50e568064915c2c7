import { decode, encode } from "../proto/decode.js";
import { WireWriter } from "../proto/wire-writer.js";

/** Constants up to this size stay as they are. */
const SMALL_BYTES = 1024;

/** Numbers of the fields of GraphDef. */
const NODE = 1;
const LIBRARY = 2;

/**
 * Copies a serialized GraphDef without the values of its large constants, which are nearly all of a frozen graph. Their
 * names, types and inputs stay.
 */
export function withoutConstants(graphDef: Uint8Array): Uint8Array {
  const { node, library } = decode("GraphDef", graphDef);
  const writer = new WireWriter(SMALL_BYTES);
  for (const bytes of node) {
    const isLarge = bytes.length > SMALL_BYTES && decode("NodeHead", bytes).op === "Const";
    writer.bytes(NODE, isLarge ? encodeEdges(bytes) : bytes);
  }
  if (library !== null) {
    const functions = writer.begin(LIBRARY);
    for (const body of library.function) writer.bytes(1, body);
    writer.end(functions);
  }
  return writer.finish();
}

function encodeEdges(node: Uint8Array): Uint8Array {
  const { name } = decode("NodeHead", node);
  const { op, input } = decode("NodeEdges", node);
  return encode("NodeDef", { name, op, input });
}
