import { itemAt } from "../../base/item-at.js";
import type { DenseValue } from "../../engine.js";
import { type Codec, codecOf, type MessageOf, toBigInt, toNumber } from "../../saved-model/proto/decode.js";
import { allocate, type DTypeInfo, type NumericDType } from "../../tensor/dtype.js";
import { elementCount } from "../../tensor/shape.js";
import type { ServedTensor } from "../remote/compare-served.js";
import { GrpcServer, loadGrpc } from "../remote/grpc-server.js";
import type { Protocol, WireCall } from "../remote/remote-engine.js";
import type { RemoteSettings } from "../remote/remote-options.js";
import { ServerError } from "../remote/server-error.js";
import { dtypeOf, lacks } from "./datatypes.js";
import { inferenceSchema } from "./inference-schema.js";
import { findOutput, fromRaw, rawBytes, sentTensors } from "./kserve-values.js";
import { describeModels, type ModelNaming } from "./model-naming.js";

type Contents = MessageOf<typeof inferenceSchema, "InferTensorContents">;

const SERVICE = "/inference.GRPCInferenceService";
const INFER = `${SERVICE}/ModelInfer`;

const codec: Codec<typeof inferenceSchema> = codecOf(inferenceSchema);

/**
 * Makes the protocol over gRPC, with elements in their raw form.
 *
 * @param call for messages: `CustomModel.connect()`
 * @throws SavedModelError `UNSUPPORTED_BY_ENGINE` when gRPC is not installed
 */
export async function kserveGrpc(
  call: string,
  settings: RemoteSettings,
  naming: ModelNaming,
): Promise<Protocol<GrpcServer>> {
  const grpc = await loadGrpc(call);
  return {
    name: "kserve",
    isExact: false,
    servers: settings.urls.map((url) => new GrpcServer(grpc, url, settings, checkReady)),
    lacks,
    describe: (server, keys, options) =>
      describeModels(keys, naming, async (name) => {
        const message = codec.encode("ModelMetadataRequest", { name, version: naming.version });
        const answer = await server.request({ ...options, path: `${SERVICE}/ModelMetadata`, message });
        const { inputs, outputs } = codec.decode("ModelMetadataResponse", answer);
        return { inputs: servedTensors(inputs), outputs: servedTensors(outputs) };
      }),
    encode: (call) => {
      const message = encodeCall(call, naming);
      return {
        async send(server, { headers, signal, deadline }) {
          const answer = await server.request({ path: INFER, message, headers, signal, deadline });
          const response = codec.decode("ModelInferResponse", answer);
          return { values: readOutputs(call, response), version: response.modelVersion || undefined };
        },
      };
    },
  };
}

async function checkReady(server: GrpcServer, signal: AbortSignal): Promise<void> {
  const answer = await server.request({ path: `${SERVICE}/ServerReady`, message: new Uint8Array(), signal });
  if (codec.decode("ServerReadyResponse", answer).ready) return;
  throw new ServerError("UNAVAILABLE", server.address, "the server is not ready");
}

/** A server that says nothing of a model's tensors has empty lists. */
function servedTensors(
  tensors: readonly MessageOf<typeof inferenceSchema, "TensorMetadata">[],
): readonly ServedTensor[] | undefined {
  if (tensors.length === 0) return undefined;
  return tensors.map(({ name, datatype, shape }) => ({
    key: name,
    dtype: dtypeOf(datatype),
    shape: shape.map(toNumber).map((size) => (size < 0 ? null : size)),
  }));
}

function encodeCall(call: WireCall, { modelOf, version }: ModelNaming): Uint8Array {
  return codec.encode("ModelInferRequest", {
    modelName: modelOf(call.key),
    modelVersion: version,
    inputs: sentTensors(call),
    outputs: call.outputs.map(({ key }) => ({ name: key })),
    rawInputContents: call.inputs.map(rawBytes),
  });
}

function readOutputs(
  { outputs }: WireCall,
  response: MessageOf<typeof inferenceSchema, "ModelInferResponse">,
): readonly DenseValue[] {
  const { rawOutputContents } = response;
  const received = response.outputs.map(({ name, datatype, shape, contents }) => {
    return { name, datatype, shape: shape.map(toNumber), contents };
  });
  if (rawOutputContents.length > 0 && rawOutputContents.length !== received.length) {
    throw new RangeError(`it has ${received.length} outputs, and the contents of ${rawOutputContents.length}`);
  }
  return outputs.map((output) =>
    findOutput(output, received, ({ shape, contents }, index, dtype) =>
      rawOutputContents.length > 0
        ? fromRaw(dtype, shape, itemAt(rawOutputContents, index))
        : fromContents(dtype, shape, contents),
    ),
  );
}

/** Reads elements in the typed form, which servers may answer with. */
function fromContents(dtype: DTypeInfo, shape: readonly number[], contents: Contents | null): DenseValue {
  const items = contents === null ? [] : itemsOf(dtype, contents);
  const count = elementCount(shape);
  if (items.length !== count) throw new RangeError(`expected ${count} elements, got ${items.length}`);
  if (dtype.kind === "string")
    return { shape, elements: (items as readonly Uint8Array[]).map((bytes) => new Uint8Array(bytes)) };
  const elements = allocate(dtype.name as NumericDType, count);
  for (let index = 0; index < count; index++) {
    // One dtype has one kind of array and one kind of items; the compiler sees a union of all.
    (elements as { [index: number]: unknown })[index] = items[index];
  }
  return { shape, elements };
}

function itemsOf({ name }: DTypeInfo, contents: Contents): readonly unknown[] {
  switch (name) {
    case "bool":
      return contents.boolContents.map(Number);
    case "uint8":
    case "uint16":
    case "uint32":
      return contents.uintContents;
    case "uint64":
      return contents.uint64Contents.map(toBigInt);
    case "int64":
      return contents.int64Contents.map(toBigInt);
    case "float32":
      return contents.fp32Contents;
    case "float64":
      return contents.fp64Contents;
    case "string":
      return contents.bytesContents;
    case "int8":
    case "int16":
    case "int32":
      return contents.intContents;
    default:
      throw new RangeError(`${name} has raw contents only`);
  }
}
