import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { type DType, Model, type SignatureInfo, Tensor } from "../../../runtime/index.js";
import { chooseMetaGraph, readMetaGraphs } from "../../../runtime/saved-model/files/saved-model-file.js";
import { encode } from "../../../runtime/saved-model/proto/decode.js";
import { dtypeInfo, dtypeName } from "../../../runtime/tensor/dtype.js";
import { modelFolder } from "../temp.js";
import {
  Counters,
  killHttp,
  listenGrpc,
  listenHttp,
  rawSignatures,
  type ServerFaults,
  StatusError,
  type TestServer,
  toJson,
  unary,
  withCounters,
} from "./test-server.js";

// A server of TensorFlow Serving's protocol for tests: the wire formats in front of a model that TensorFlow runs in this
// process. Like TensorFlow Serving, it answers with lists of elements, where Python's stubs answer with bytes.

const source = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../runtime/${path}`, import.meta.url)), "utf8");
const root = protobuf.parse(source("saved-model/proto/saved_model.proto"), { keepCase: true }).root;
protobuf.parse(source("engines/serving/prediction.proto"), root, { keepCase: true });

interface TensorProto {
  readonly dtype: number;
  readonly tensor_shape?: { readonly dim?: readonly { readonly size: number }[] };
  readonly tensor_content?: Uint8Array;
  readonly string_val?: readonly Uint8Array[];
}

interface ModelSpec {
  readonly name: string;
  readonly version?: { readonly value: number };
  readonly version_label?: string;
  readonly signature_name: string;
}

interface PredictRequest {
  readonly model_spec: ModelSpec;
  readonly inputs: readonly { readonly key: string; readonly value: TensorProto }[];
  readonly output_filter: readonly string[];
}

function fromProto({ dtype, tensor_shape, tensor_content, string_val = [] }: TensorProto): Tensor {
  const name = dtypeName(dtype) as DType;
  const shape = (tensor_shape?.dim ?? []).map(({ size = 0 }) => size);
  if (name === "string") return Tensor.from("string", string_val as never, shape);
  const zeros = Tensor.allocate(name, shape) as Tensor;
  const { buffer, byteOffset, byteLength } = zeros.data as Float32Array;
  new Uint8Array(buffer, byteOffset, byteLength).set(tensor_content ?? []);
  return zeros;
}

const FIELDS: Readonly<Partial<Record<DType, string>>> = {
  float32: "float_val",
  float64: "double_val",
  complex64: "scomplex_val",
  complex128: "dcomplex_val",
  float16: "half_val",
  bfloat16: "half_val",
  int64: "int64_val",
  uint64: "uint64_val",
  uint32: "uint32_val",
  bool: "bool_val",
  string: "string_val",
};

function toProto(tensor: Tensor): object {
  const items: unknown[] =
    tensor.dtype === "string" ? [...(tensor as Tensor<"string">).bytes] : Array.from(tensor.data as Float32Array);
  // Equal elements at the end are listed once.
  const step = dtypeInfo(tensor.dtype).kind === "complex" ? 2 : 1;
  while (items.length > step && items.slice(-step).every((item, at) => Object.is(item, items.at(at - 2 * step)))) {
    items.splice(-step);
  }
  const list = items.map((item) => (typeof item === "bigint" ? longOf(item) : item));
  return {
    dtype: dtypeInfo(tensor.dtype).code,
    tensor_shape: { dim: tensor.shape.map((size) => ({ size })) },
    [FIELDS[tensor.dtype] ?? "int_val"]: list,
  };
}

function longOf(value: bigint): object {
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned: false };
}

/** A model of the server, which has the versions 1 and 7; 7 is the newest, and `stable` is 1. */
class Served {
  readonly model: Model;
  readonly signatures: readonly SignatureInfo[];
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    this.model = Model.load(modelFolder(name));
    this.signatures = rawSignatures(name);
  }

  version({ name, version, version_label: label }: ModelSpec): number {
    if (name !== this.#name) throw new StatusError(grpc.status.NOT_FOUND, 404, `Servable not found: ${name}`);
    const chosen = version?.value ?? (label ? 1 : 7);
    if (![1, 7].includes(chosen) || (label && label !== "stable")) {
      const what = `Servable not found for request: Specific(${name}, ${label || chosen})`;
      throw new StatusError(grpc.status.NOT_FOUND, 404, what);
    }
    return chosen;
  }

  async run(signature: string, inputs: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>> {
    if (this.signatures.every(({ key }) => key !== signature)) {
      const what = `Serving signature name: "${signature}" not found in signature def`;
      throw new StatusError(grpc.status.FAILED_PRECONDITION, 400, what);
    }
    return (await this.model.runAsync(signature, inputs)) as Readonly<Record<string, Tensor>>;
  }
}

/** Starts the protocol over gRPC. */
export async function startServingGrpc(model: string, faults: ServerFaults = {}): Promise<TestServer> {
  const served = new Served(model);
  const counters = new Counters();
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const method = (name: string, service = "PredictionService"): grpc.MethodDefinition<object, object> => {
    const [request, response] = [root.lookupType(`${name}Request`), root.lookupType(`${name}Response`)];
    return {
      path: `/tensorflow.serving.${service}/${name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: () => Buffer.alloc(0),
      requestDeserialize: (bytes) => request.toObject(request.decode(bytes), { longs: Number, arrays: true }),
      responseSerialize: (value) => {
        const bytes = response.encode(value).finish();
        return Buffer.from(name === "Predict" ? (faults.mangle?.(bytes) ?? bytes) : bytes);
      },
      responseDeserialize: () => ({}),
    };
  };
  const folder = modelFolder(model);
  const { signatureDef } = chooseMetaGraph(folder, readMetaGraphs(folder));
  const entries = signatureDef.map((entry) => encode("SignatureEntry", entry as never));
  server.addService(
    { Predict: method("Predict"), GetModelMetadata: method("GetModelMetadata") },
    {
      Predict: unary(async ({ model_spec, inputs, output_filter }: PredictRequest, call) => {
        counters.calls++;
        counters.headers = call.metadata.getMap();
        call.on("cancelled", () => counters.canceled++);
        await faults.before?.(counters.calls);
        const version = served.version(model_spec);
        const fed = Object.fromEntries(inputs.map(({ key, value }) => [key, fromProto(value)]));
        const results = await served.run(model_spec.signature_name, fed);
        const outputs = output_filter.map((key) => ({ key, value: toProto(results[key] as Tensor) }));
        return { outputs: outputs.reverse(), model_spec: { name: model_spec.name, version: { value: version } } };
      }),
      GetModelMetadata: unary(async ({ model_spec }: { readonly model_spec: ModelSpec }, call) => {
        counters.headers = call.metadata.getMap();
        const version = served.version(model_spec);
        const writer = protobuf.Writer.create();
        for (const entry of entries) writer.uint32(10).bytes(entry);
        const value = { type_url: "type.googleapis.com/tensorflow.serving.SignatureDefMap", value: writer.finish() };
        const name = model_spec.name;
        return { model_spec: { name, version: { value: version } }, metadata: [{ key: "signature_def", value }] };
      }),
    },
  );
  const port = await listenGrpc(server, faults);
  const kill = async (): Promise<void> => {
    server.forceShutdown();
    served.model.dispose();
  };
  const url = `${faults.credentials === undefined ? "grpc" : "grpcs"}://127.0.0.1:${port}`;
  return withCounters({ url, port, kill }, counters);
}

const JSON_NAMES: Readonly<Record<string, string>> = { float32: "DT_FLOAT", float64: "DT_DOUBLE", float16: "DT_HALF" };

/** Starts the protocol over HTTP. */
export async function startServingRest(model: string, faults: ServerFaults = {}): Promise<TestServer> {
  const served = new Served(model);
  const counters = new Counters();
  const { port, server } = await listenHttp(faults.port ?? 0, async (request, response) => {
    const [, name = "", version, label, action] =
      /^\/v1\/models\/([^/:]+)(?:\/versions\/(\d+)|\/labels\/([^/:]+))?(\/metadata|:predict)?$/.exec(
        request.url ?? "",
      ) ?? [];
    const spec = { name, signature_name: "", ...(version ? { version: { value: Number(version) } } : {}) };
    served.version({ ...spec, ...(label ? { version_label: label } : {}) });
    if (action === undefined) response.end(JSON.stringify({ model_version_status: [] }));
    else if (action === "/metadata") response.end(JSON.stringify(metadataOf(served.signatures)));
    else {
      counters.calls++;
      counters.headers = request.headers;
      response.on("close", () => {
        if (!response.writableFinished) counters.canceled++;
      });
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      await faults.before?.(counters.calls);
      const bytes = Buffer.from(toJson(await predictJson(served, JSON.parse(Buffer.concat(parts).toString()))));
      response.end(faults.mangle?.(bytes) ?? bytes);
    }
  });
  const kill = async (): Promise<void> => {
    await killHttp(server);
    served.model.dispose();
  };
  return withCounters({ url: `http://127.0.0.1:${port}`, port, kill }, counters);
}

function metadataOf(signatures: readonly SignatureInfo[]): object {
  const info = ({ dtype, shape }: SignatureInfo["inputs"][number]): object => ({
    dtype: JSON_NAMES[dtype] ?? `DT_${dtype.toUpperCase()}`,
    tensor_shape: {
      dim: (shape ?? []).map((size) => ({ size: String(size ?? -1), name: "" })),
      unknown_rank: shape === null,
    },
    name: "any:0",
  });
  const map = (tensors: SignatureInfo["inputs"]): object =>
    Object.fromEntries(tensors.map((tensor) => [tensor.key, info(tensor)]));
  const defs = signatures.map(({ key, inputs, outputs, methodName }) => [
    key,
    { inputs: map(inputs), outputs: map(outputs), method_name: methodName },
  ]);
  return { model_spec: {}, metadata: { signature_def: { signature_def: Object.fromEntries(defs) } } };
}

interface JsonRequest {
  readonly signature_name: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly instances?: readonly Readonly<Record<string, unknown>>[];
}

async function predictJson(served: Served, { signature_name, inputs, instances }: JsonRequest): Promise<object> {
  const signature = served.signatures.find(({ key }) => key === signature_name);
  const columns =
    inputs ??
    Object.fromEntries(Object.keys(instances?.[0] ?? {}).map((key) => [key, instances?.map((row) => row[key])]));
  const fed = Object.entries(columns).map(([key, data]) => {
    const input = signature?.inputs.find((each) => each.key === key);
    return [key, Tensor.from((input?.dtype ?? "float32") as DType, plain(data, input?.dtype) as never)];
  });
  const results = await served.run(signature_name, Object.fromEntries(fed));
  const values = Object.entries(results).map(([key, tensor]) => [key, jsonOf(tensor)] as const);
  const [[, only] = []] = values;
  if (inputs !== undefined) return { outputs: values.length === 1 ? only : Object.fromEntries(values) };
  const rows = instances?.map((_, row) =>
    values.length === 1
      ? (only as unknown[])[row]
      : Object.fromEntries(values.map(([key, value]) => [key, (value as unknown[])[row]])),
  );
  return { predictions: rows };
}

/** Decodes `{ b64 }`, and makes 64-bit integers of numbers. */
function plain(data: unknown, dtype: string | undefined): unknown {
  if (Array.isArray(data)) return data.map((item: unknown) => plain(item, dtype));
  if (typeof data === "object" && data !== null) {
    return Uint8Array.from(Buffer.from(String(Reflect.get(data, "b64")), "base64"));
  }
  return dtype?.endsWith("int64") && typeof data === "number" ? BigInt(data) : data;
}

function jsonOf(tensor: Tensor): unknown {
  if (tensor.dtype !== "string") return tensor.toArray();
  const strings = (tensor as Tensor<"string">).bytes.map((bytes) => ({ b64: Buffer.from(bytes).toString("base64") }));
  let next = 0;
  const build = (axis: number): unknown => {
    const size = tensor.shape[axis];
    return size === undefined ? strings[next++] : Array.from({ length: size }, () => build(axis + 1));
  };
  return build(0);
}
