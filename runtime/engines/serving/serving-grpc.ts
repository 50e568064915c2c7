import { itemAt } from "../../base/item-at.js";
import type { DenseValue } from "../../engine.js";
import {
  type Codec,
  codecOf,
  decode,
  type FieldsOf,
  fromBigInt,
  type Message,
  toBigInt,
} from "../../saved-model/proto/decode.js";
import { schema } from "../../saved-model/proto/schema.js";
import { readShape } from "../../saved-model/shape-proto.js";
import { dtypeName } from "../../tensor/dtype.js";
import type { ServedSignature, ServedTensor } from "../remote/compare-served.js";
import { GrpcServer, loadGrpc } from "../remote/grpc-server.js";
import type { Protocol, WireCall } from "../remote/remote-engine.js";
import type { RemoteSettings } from "../remote/remote-options.js";
import type { SendOptions } from "../remote/requests.js";
import { fromTensorProto, toTensorProto } from "../remote/tensor-proto.js";
import type { ModelChoice } from "./model-choice.js";
import { predictionSchema } from "./prediction-schema.js";

const messages = { ...schema, ...predictionSchema } as const;
type Messages = typeof messages;

const codec: Codec<Messages> = codecOf(messages);

const PREDICTION = "/tensorflow.serving.PredictionService";
const PREDICT = `${PREDICTION}/Predict`;
const STATUS = "/tensorflow.serving.ModelService/GetModelStatus";

/**
 * Makes the protocol over gRPC.
 *
 * @param call for messages: `CustomModel.connect()`
 * @throws SavedModelError `UNSUPPORTED_BY_ENGINE` when gRPC is not installed
 */
export async function servingGrpc(
  call: string,
  settings: RemoteSettings,
  choice: ModelChoice,
): Promise<Protocol<GrpcServer>> {
  const grpc = await loadGrpc(call);
  const modelSpec = modelSpecOf(settings.model, choice);
  const status = codec.encode("GetModelStatusRequest", { modelSpec });
  const check = async (server: GrpcServer, signal: AbortSignal): Promise<void> => {
    await server.request({ path: STATUS, message: status, signal });
  };
  return {
    name: "serving",
    isExact: true,
    servers: settings.urls.map((url) => new GrpcServer(grpc, url, settings, check)),
    lacks: () => undefined,
    async describe(server, keys, options): Promise<ReadonlyMap<string, ServedSignature>> {
      const signatures = await readMetadata(server, modelSpec, options);
      return new Map(signatures.filter(({ key }) => keys?.includes(key) !== false).map(servedSignature));
    },
    encode: (call) => {
      const message = encodeCall(call, modelSpec);
      return {
        async send(server, { headers, signal, deadline }) {
          const answer = await server.request({ path: PREDICT, message, headers, signal, deadline });
          const response = codec.decode("PredictResponse", answer);
          const version = response.modelSpec?.version;
          return {
            values: readOutputs(call, response.outputs, settings.maxMessageBytes),
            version: version ? String(toBigInt(version.value)) : undefined,
          };
        },
      };
    },
  };
}

function modelSpecOf(name: string, { version, label }: ModelChoice): FieldsOf<Messages, "ModelSpec"> {
  return {
    name,
    ...(version === undefined ? {} : { version: { value: fromBigInt(BigInt(version)) } }),
    ...(label === undefined ? {} : { versionLabel: label }),
  };
}

type SignatureEntry = Message<"SignatureEntry">;

async function readMetadata(
  server: GrpcServer,
  modelSpec: FieldsOf<Messages, "ModelSpec">,
  options: SendOptions,
): Promise<readonly SignatureEntry[]> {
  const message = codec.encode("GetModelMetadataRequest", { modelSpec, metadataField: ["signature_def"] });
  const answer = await server.request({ ...options, path: `${PREDICTION}/GetModelMetadata`, message });
  const { metadata } = codec.decode("GetModelMetadataResponse", answer);
  const found = metadata.find(({ key }) => key === "signature_def")?.value;
  if (!found) throw new RangeError("it has no signature_def");
  return codec.decode("SignatureDefMap", found.value).signatureDef;
}

function servedSignature({ key, value }: SignatureEntry): readonly [string, ServedSignature] {
  const defaults = new Set(value?.defaults.map((entry) => entry.key));
  const inputs = value?.inputs.map((entry) => ({
    ...servedTensor(entry),
    ...(defaults.has(entry.key) ? { optional: true as const } : {}),
  }));
  return [key, { inputs, outputs: value?.outputs.map(servedTensor) }];
}

function servedTensor({ key, value }: Message<"TensorInfoEntry">): ServedTensor {
  const shape = value?.tensorShape ? readShape(value.tensorShape) : null;
  const dtype = dtypeName(value?.dtype ?? 0);
  // Servers have a form for dense tensors only.
  if (value?.compositeTensor) return { key, dtype: "composite", shape };
  return { key, dtype: value?.cooSparse ? `sparse ${dtype}` : dtype, shape };
}

function encodeCall({ key, inputs, outputs }: WireCall, modelSpec: FieldsOf<Messages, "ModelSpec">): Uint8Array {
  return codec.encode("PredictRequest", {
    modelSpec: { ...modelSpec, signatureName: key },
    inputs: inputs.map((input) => ({ key: input.key, value: toTensorProto(input.dtype, input.value) })),
    outputFilter: outputs.map((output) => output.key),
  });
}

function readOutputs(
  { outputs }: WireCall,
  received: readonly { readonly key: string; readonly value: Uint8Array | Message<"TensorProto"> | null }[],
  maxBytes: number,
): readonly DenseValue[] {
  return outputs.map(({ key, dtype }) => {
    const index = received.findIndex((output) => output.key === key);
    const value = index < 0 ? null : itemAt(received, index).value;
    if (value === null) throw new RangeError(`it has no output ${JSON.stringify(key)}`);
    const proto = value instanceof Uint8Array ? decode("TensorProto", value) : value;
    return fromTensorProto(proto, dtype, maxBytes);
  });
}
