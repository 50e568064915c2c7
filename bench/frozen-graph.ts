import { randomFillSync } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { delimited } from "../test/support/wire.js";
import { message, scalar, string } from "./protobuf.js";

const MEGABYTE = 1024 * 1024;
const FLOAT = 1;

/**
 * Writes a frozen model as TensorFlow 1 had them: its weights are constants of the graph. Each is a megabyte of float32, and the
 * only signature, `serving_default`, adds all of them to its input.
 */
export function writeFrozenGraph(directory: string, megabytes: number): void {
  const count = MEGABYTE / Float32Array.BYTES_PER_ELEMENT;
  const shape = delimited(2, scalar(1, count));
  const weights = randomFillSync(Buffer.alloc(MEGABYTE));
  // Random bytes could be NaN; as exponents these give numbers from 1 to 4.
  for (let at = 3; at < weights.length; at += 4) weights[at] = 0x3f;
  const tensor = message(scalar(1, FLOAT), delimited(2, shape), delimited(4, weights));
  const indices = Array.from({ length: megabytes }, (_, index) => index);
  const nodes = [
    node("x", "Placeholder", [], { dtype: scalar(6, FLOAT), shape: delimited(7, shape) }),
    ...indices.flatMap((index) => [
      node(`w_${index}`, "Const", [], { dtype: scalar(6, FLOAT), value: delimited(8, tensor) }),
      node(`y_${index}`, "AddV2", [index === 0 ? "x" : `y_${index - 1}`, `w_${index}`], { T: scalar(6, FLOAT) }),
    ]),
  ];
  const info = (name: string): Uint8Array => message(string(1, name), scalar(2, FLOAT), delimited(3, shape));
  const signature = message(
    delimited(1, entry("x", info("x:0"))),
    delimited(2, entry("y", info(`y_${megabytes - 1}:0`))),
  );
  const graph = message(...nodes, delimited(4, scalar(1, 1000)));
  const metaGraph = message(
    delimited(1, message(string(4, "serve"), string(5, "1.15.0"))),
    delimited(2, graph),
    delimited(5, entry("serving_default", signature)),
  );
  mkdirSync(directory, { recursive: true });
  const file = openSync(join(directory, "saved_model.pb"), "w");
  writeSync(file, message(scalar(1, 1), delimited(2, metaGraph)));
  closeSync(file);
}

function node(
  name: string,
  type: string,
  inputs: readonly string[],
  attributes: Readonly<Record<string, Uint8Array>>,
): Uint8Array {
  return delimited(
    1,
    message(
      string(1, name),
      string(2, type),
      ...inputs.map((input) => string(3, input)),
      ...Object.entries(attributes).map(([key, value]) => delimited(5, entry(key, value))),
    ),
  );
}

/** Encodes an entry of a map whose values are messages. */
function entry(key: string, value: Uint8Array): Uint8Array {
  return message(string(1, key), delimited(2, value));
}
