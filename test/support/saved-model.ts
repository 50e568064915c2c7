import { mkdirSync, writeFileSync } from "node:fs";
import protobuf from "protobufjs/light.js";
import { schema } from "../../runtime/saved-model/proto/schema.js";

/** An input or output of a model to be written. */
export interface TensorFields {
  readonly key: string;
  /** The value of TensorFlow's `DataType` enum. */
  readonly dtype: number;
  /** Null is an unknown rank, undefined no shape at all; a negative size is an unknown one. */
  readonly shape: readonly number[] | null | undefined;
  /** The tensor's name; an empty one means no tensor. */
  readonly tensor: string;
  readonly encoding?: "sparse" | "composite";
  /** The TensorProto that the signature holds as the default of this input, if it does. */
  readonly byDefault?: object;
}

export interface SignatureFields {
  readonly key: string;
  readonly methodName: string;
  readonly inputs: readonly TensorFields[];
  readonly outputs: readonly TensorFields[];
}

export interface ModelFields {
  readonly tags: readonly string[];
  readonly tensorflowVersion: string;
  readonly signatures: readonly SignatureFields[];
}

const types: protobuf.Root = protobuf.Root.fromJSON({ nested: schema });

/** A message of the runtime's schema. */
export function encodeMessage(name: keyof typeof schema, fields: object): Uint8Array {
  return types.lookupType(name).encode(fields).finish();
}

/** A graph in which each tensor is that of a placeholder, of which nothing is said. */
function graphOf(tensors: readonly string[]): Uint8Array {
  const names = new Set(["x", ...tensors.map((tensor) => tensor.replace(/:\d+$/, ""))]);
  return encodeMessage("GraphDef", {
    node: [...names].map((name) => encodeMessage("NodeDef", { name, op: "Placeholder" })),
  });
}

/** Writes a SavedModel of one meta graph with a placeholder for each tensor. */
export function writeModel(folder: string, model: ModelFields): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/saved_model.pb`, encodeModel(model));
}

export function encodeModel({ tags, tensorflowVersion, signatures }: ModelFields): Uint8Array {
  return encodeMessage("SavedModel", {
    savedModelSchemaVersion: 1,
    metaGraphs: [
      {
        metaInfoDef: { tags, tensorflowVersion },
        graphDef: graphOf(
          signatures.flatMap(({ inputs, outputs }) => [...inputs, ...outputs].map(({ tensor }) => tensor)),
        ),
        signatureDef: signatures.map(({ key, methodName, inputs, outputs }) => ({
          key,
          value: {
            inputs: inputs.map(tensorEntry),
            outputs: outputs.map(tensorEntry),
            methodName,
            defaults: inputs.flatMap(({ key, byDefault }) =>
              byDefault === undefined ? [] : [{ key, value: encodeMessage("TensorProto", byDefault) }],
            ),
          },
        })),
      },
    ],
  });
}

function tensorEntry({ key, dtype, shape, tensor, encoding }: TensorFields): object {
  const dim = shape?.map((size) => ({ size }));
  return {
    key,
    value: {
      dtype,
      ...(tensor === "" ? {} : { name: tensor }),
      ...(shape === undefined ? {} : { tensorShape: shape === null ? { unknownRank: true } : { dim } }),
      ...(encoding === "sparse" ? { cooSparse: {} } : {}),
      ...(encoding === "composite" ? { compositeTensor: {} } : {}),
    },
  };
}
