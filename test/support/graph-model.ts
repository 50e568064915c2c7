import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeMessage } from "./saved-model.js";
import { tempFolder } from "./temp.js";

/** TensorFlow's numbers of dtypes. */
export const FLOAT = 1;
export const STRING = 7;
export const BOOL = 10;

/** A node: its operation, its inputs, and its attributes as fields or bytes of `AttrValue`. */
export type NodeSpec = readonly [op: string, inputs: readonly string[], attributes?: Readonly<Record<string, object>>];

/** A tensor of a signature: its name, its dtype, and its shape, in which -1 is unknown; null is an unknown rank. */
type EndSpec = readonly [tensor: string, dtype: number, shape: readonly number[] | null];

export interface GraphSignature {
  readonly inputs: Readonly<Record<string, EndSpec>>;
  readonly outputs: Readonly<Record<string, EndSpec>>;
  /** Defaults of inputs that may be omitted, as fields of `TensorProto`. */
  readonly defaults?: Readonly<Record<string, object>>;
}

/** An attribute that is a dtype. */
export function type(dtype: number): object {
  return { type: dtype };
}

/** An attribute that is a shape; null is an unknown rank. */
export function shape(sizes: readonly number[] | null): object {
  return { shape: shapeProto(sizes) };
}

function shapeProto(sizes: readonly number[] | null): object {
  return sizes === null ? { unknownRank: true } : { dim: sizes.map((size) => ({ size })) };
}

/** An attribute that is a small number, a field that the schema of the runtime lacks. */
export function integer(value: number): Uint8Array {
  return Uint8Array.of(3 << 3, value);
}

/** Writes a SavedModel with this graph to a new folder, and returns the folder. */
export function writeGraphModel(
  nodes: Readonly<Record<string, NodeSpec>>,
  signatures: Readonly<Record<string, GraphSignature>>,
): string {
  const node = Object.entries(nodes).map(([name, [op, input, attributes = {}]]) =>
    encodeMessage("NodeDef", {
      name,
      op,
      input,
      attr: Object.entries(attributes).map(([key, value]) => ({
        key,
        value: value instanceof Uint8Array ? value : encodeMessage("AttrValue", value),
      })),
    }),
  );
  const ends = (specs: Readonly<Record<string, EndSpec>>): object[] =>
    Object.entries(specs).map(([key, [name, dtype, sizes]]) => ({
      key,
      value: { name, dtype, tensorShape: shapeProto(sizes) },
    }));
  const signatureDef = Object.entries(signatures).map(([key, { inputs, outputs, defaults = {} }]) => ({
    key,
    value: {
      inputs: ends(inputs),
      outputs: ends(outputs),
      methodName: "tensorflow/serving/predict",
      defaults: Object.entries(defaults).map(([name, value]) => ({ key: name, value })),
    },
  }));
  const metaGraph = {
    metaInfoDef: { tags: ["serve"] },
    graphDef: encodeMessage("GraphDef", { node }),
    signatureDef,
  };
  const folder = tempFolder();
  const model = { savedModelSchemaVersion: 1, metaGraphs: [metaGraph] };
  writeFileSync(join(folder, "saved_model.pb"), encodeMessage("SavedModel", model));
  return folder;
}
